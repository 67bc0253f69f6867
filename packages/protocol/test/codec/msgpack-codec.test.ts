// Where MsgpackCodec does more than the library that it works with, and where it leaves that to our own codec.

import { type Codec, EncodeError, type ExtensionCodec, MsgpackCodec, ValueCodec } from "@peng3dnet/protocol";
import { hex } from "../support/bytes.js";

const codec = new MsgpackCodec();
const own = new ValueCodec();
const errorOf = (value: unknown): EncodeError => {
  try {
    codec.encode(value);
  } catch (error) {
    return error as EncodeError;
  }
  throw new Error("it was sent");
};

/** The first and the last code point of each length in UTF-8. */
const POINTS = [0, 0x7f, 0x80, 0x7ff, 0x800, 0xfff, 0x1000, 0xd7ff, 0xe000, 0xffff, 0x10000, 0x10ffff];

test("texts are decoded exactly, whatever they are made of", () => {
  for (const point of POINTS) {
    const text = `\ufeff${String.fromCodePoint(point)}a`;
    const body = new Uint8Array(
      Buffer.concat([Uint8Array.of(0xd9, Buffer.byteLength(text)), Buffer.from(text)]),
    );
    expect(codec.decode(body, true)).toBe(text);
  }
});

test.each([-32, -33, -1, 0, 127, 128, 255, 256, 65_535, 65_536, 0xffffffff, 2 ** 32])(
  "%d beside what has to be decoded exactly, and an empty list",
  (number) => {
    const value = [number, [], {}, 2n ** 63n, number];
    expect(codec.decode(own.encode(value).slice(), true)).toEqual(value);
  },
);

describe("lone surrogates are made U+FFFD", () => {
  test.each([0, 1, 44, 45, 46, 47, 48, 49, 100])("behind %d letters", (length) => {
    for (const half of ["\ud800", "\udbff", "\udc00", "\udfff"]) {
      const text = `${"x".repeat(length)}${half}`;
      for (const value of [text, [text, 1], { [text]: 1 }, { a: { b: [1, text] } }])
        expect(hex(codec.encode(value))).toBe(hex(own.encode(value)));
    }
  });

  test.each([0, 1, 15, 16, 17, 18, 40])("behind %d letters that look like them at first", (count) => {
    for (const last of ["", "\udc00", "\ud800"]) {
      const text = "\ud55c".repeat(count) + last;
      for (const value of [text, ["", text], { k: text }, { [text]: "" }])
        expect(hex(codec.encode(value))).toBe(hex(own.encode(value)));
    }
  });

  test("but not what only looks like them in bytes or numbers", () => {
    for (const value of [
      Uint8Array.of(0xed, 0xa0, 0x80),
      [Uint8Array.of(0xed, 0xbf, 0xbf), "text", null, undefined, { a: true }],
      { "a\u{10ffff}": ["\ud7ff", "\ue000"], n: Uint8Array.of(0xed, 0xa0, 0x80, 0) },
    ]) {
      const kept = codec.encode(value).slice();
      expect(hex(kept)).toBe(hex(own.encode(value)));
      expect(codec.decode(kept, false)).toEqual(own.decode(kept));
    }
  });

  test("where the value is what a getter gives, which may be another text each time", () => {
    let calls = 0;
    const value = {
      get text(): string {
        calls++;
        return "\ud800";
      },
    };
    expect(hex(codec.encode(value))).toBe(hex(own.encode({ text: "\ufffd" })));
    expect(calls).toBeGreaterThan(1);
  });
});

test("integers beside a bigint are as short as they can be", () => {
  for (const number of [
    0xffffffff,
    0x100000000,
    -0x80000000,
    -0x80000001,
    2 ** 53 - 1,
    -(2 ** 53) + 1,
    1.5,
  ]) {
    const value = [2n ** 63n, number, 5n, BigInt(Math.trunc(number))];
    expect(hex(codec.encode(value))).toBe(hex(own.encode(value)));
  }
});

test("a key whose value is undefined is not sent, beside a bigint either", () => {
  for (const value of [
    { a: undefined, b: 1 },
    [2n ** 63n, { a: undefined, b: [undefined] }],
    ["\ud800", { a: undefined }],
  ])
    expect(hex(codec.encode(value))).toBe(hex(own.encode(value)));
});

test("-0 travels as the integer 0, also in an object of a class; Maps are left to our own codec", () => {
  class Point {
    constructor(readonly x: number) {}
  }
  expect(hex(codec.encode({ p: new Point(-0) }))).toBe("81a17081a17800");
  for (const value of [new Map([[1, -0]]), [2n ** 63n, new Map([[1, 2]])], ["\ud800", new Map([[1, 2]])]])
    expect(hex(codec.encode(value))).toBe(hex(own.encode(value)));
});

test("what an ExtensionCodec gives is copied at once, since it may use its buffer again", () => {
  class Item {
    constructor(readonly id: number) {}
  }
  const buffer = new Uint8Array(1);
  const extensions: ExtensionCodec = {
    encode(value) {
      buffer[0] = (value as Item).id;
      return { type: 127, data: buffer };
    },
    decode: (_type, [id]) => new Item(id as number),
  };
  const items = [new Item(1), new Item(2), { third: new Item(3) }];
  const both = new MsgpackCodec(512, extensions);
  expect(both.decode(both.encode(items), false)).toEqual(items);
  // Also where all is looked at twice.
  expect(both.decode(both.encode([2n ** 63n, ...items]), true)).toEqual([2n ** 63n, ...items]);
});

test.each([
  [128, new Uint8Array(1)],
  [-1, new Uint8Array(1)],
  [1.5, new Uint8Array(1)],
  [1, [1]],
])("an ExtensionCodec that encodes as type %p with %p is at fault", (type, data) => {
  const extensions = { encode: () => ({ type, data }), decode: () => undefined } as unknown as ExtensionCodec;
  const message =
    "encode of the ExtensionCodec has to return undefined, or a type from 0 to 127 and a Uint8Array as data";
  class Item {}
  for (const one of [new MsgpackCodec(512, extensions), new ValueCodec(512, 100, extensions)])
    expect(() => one.encode([new Item()])).toThrow(message);
});

test("an ExtensionCodec that answers with null leaves the object to the library", () => {
  const extensions = { encode: () => null, decode: () => undefined } as unknown as ExtensionCodec;
  class Item {
    a = 1;
  }
  for (const one of [new MsgpackCodec(512, extensions), new ValueCodec(512, 100, extensions)])
    expect(hex(one.encode(new Item()))).toBe("81a16101");
});

describe("an error has as its cause what was thrown", () => {
  test("by the library, and nothing where the error is ours", () => {
    const byLibrary = errorOf([1, () => 1]);
    expect([byLibrary.path, byLibrary.cause]).toEqual(["[1]", expect.any(Error)]);
    // Not what the library says of the integer first, which is sent otherwise.
    expect(errorOf([2n ** 63n, () => 1]).cause).toMatchObject({
      message: "Unrecognized object: [object Function]",
    });
    for (const value of [[new Set()], [2n ** 63n, new Set()], ["\ud800", new Set()]]) {
      const error = errorOf(value);
      expect(error).toBeInstanceOf(EncodeError);
      expect([error.problem.startsWith("a Set cannot be sent"), error.path]).toEqual([
        true,
        `[${value.length - 1}]`,
      ]);
      expect(Object.hasOwn(error, "cause")).toBe(false);
    }
  });

  test("by a Date that was not made by its constructor, which has no time", () => {
    for (const one of [codec, own]) {
      const made = (): unknown => one.encode([Object.create(Date.prototype)]);
      expect(made).toThrow("a Date cannot be sent that was not made by its constructor");
      expect(made).toThrow(expect.objectContaining({ cause: expect.any(TypeError) }));
      expect(() => one.encode([new Date(Number.NaN)])).toThrow("an invalid Date cannot be sent");
    }
  });
});

test("a codec goes on where a getter calls it again, and so does what it returned before", () => {
  const codecs: Codec[] = [new ValueCodec(), new MsgpackCodec()];
  for (const one of codecs) {
    const value = {
      first: "x".repeat(100),
      get inner(): string {
        return hex(one.encode("y".repeat(200)));
      },
      last: 2,
    };
    const expected = { first: value.first, inner: hex(own.encode("y".repeat(200))), last: 2 };
    for (let round = 0; round < 3; round++) expect(one.decode(one.encode(value), false)).toEqual(expected);
  }
});
