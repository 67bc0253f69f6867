import { isDeepStrictEqual } from "node:util";
import { BadDataError, EncodeError, MsgpackCodec, ValueCodec } from "@peng3dnet/protocol";
import fc from "fast-check";
import { BODY_NEEDS_EXACTNESS, BodyCheck } from "../../src/codec/reading/body-check.js";
import { delivered, sendable, withPositiveZeros } from "../support/arbitraries.js";
import { bytes, hex } from "../support/bytes.js";

const check = new BodyCheck();

/** Length of the head of a text. */
function headSize(text: string): number {
  const { length } = new TextEncoder().encode(text);
  return length < 32 ? 1 : length < 256 ? 2 : length < 65536 ? 3 : 5;
}

const nested = (depth: number, innermost: unknown): unknown => {
  let value = innermost;
  for (let level = 0; level < depth; level++) value = level % 2 === 0 ? [value] : { k: value };
  return value;
};

describe.each([
  ["ValueCodec", ValueCodec, true],
  ["MsgpackCodec", MsgpackCodec, false],
] as const)("%s", (_name, Kind, minusZero) => {
  const codec = new Kind();
  const encoded = (value: unknown): Uint8Array => codec.encode(value).slice();
  const decoded = (body: Uint8Array): unknown =>
    codec.decode(body, (check.check(body, 0, body.length) & BODY_NEEDS_EXACTNESS) !== 0);
  const arrives = (value: unknown): unknown =>
    minusZero ? delivered(value) : withPositiveZeros(delivered(value));

  describe("values", () => {
    test("any value that can be sent comes back as delivered, and passes the check", () => {
      fc.assert(
        fc.property(sendable, (value) => {
          expect(decoded(encoded(value))).toEqual(arrives(value));
        }),
        { numRuns: 1000 },
      );
    });

    test("a value is encoded the same whether or not the slow way is taken", () => {
      fc.assert(
        fc.property(sendable, (value) => {
          // A Hangul syllable has the byte that makes the codec look closer.
          const [alone, beside] = [encoded([value, "ab"]), encoded([value, "한"])];
          expect(hex(beside.subarray(0, -4))).toBe(hex(alone.subarray(0, -3)));
        }),
      );
    });

    test("encoding what was decoded gives the same bytes", () => {
      fc.assert(
        fc.property(sendable, (value) => {
          const once = encoded(value);
          expect(hex(encoded(decoded(once)))).toBe(hex(once));
        }),
      );
    });

    test.each([
      [2n ** 64n - 1n, "cfffffffffffffffff"],
      [2n ** 53n, "cf0020000000000000"],
      [2n ** 53n - 1n, "cf001fffffffffffff"],
      [2n ** 32n, "cf0000000100000000"],
      [2n ** 32n - 1n, "ceffffffff"],
      [300n, "cd012c"],
      [7n, "07"],
      [-1n, "ff"],
      [-(2n ** 31n), "d280000000"],
      [-(2n ** 31n) - 1n, "d3ffffffff7fffffff"],
      [-(2n ** 63n), "d38000000000000000"],
    ])("the bigint %p takes the shortest form", (value, form) => {
      expect(hex(codec.encode(value))).toBe(form);
    });

    test.each([2n ** 64n, -(2n ** 63n) - 1n, [10n ** 30n], { deep: [2n ** 64n] }])(
      "an integer beyond 64 bits is refused: %p",
      (value) => {
        expect(() => codec.encode(value)).toThrow(EncodeError);
        expect(() => codec.encode(value)).toThrow(/does not fit 64 bits; send it as a string/);
      },
    );

    test("numbers beside bigints keep their kind and width", () => {
      const value = [2n ** 63n, 2 ** 40, -(2 ** 40), 1.5, 2 ** 60, 70000];
      expect(hex(codec.encode(value))).toBe(
        `96cf8000000000000000cf0000010000000000d3ffffff0000000000cb3ff8000000000000${"cb43b0000000000000"}ce00011170`,
      );
      expect(decoded(encoded(value))).toEqual(value);
    });

    test("floats: whole numbers beyond 2**53 stay floats, others leave as integers", () => {
      expect(decoded(bytes("cb4340000000000000"))).toBe(2 ** 53);
      expect(hex(codec.encode(2 ** 53))).toBe("cb4340000000000000");
      expect(hex(codec.encode(3.0))).toBe("03");
      expect(hex(codec.encode(-0))).toBe(minusZero ? "cb8000000000000000" : "00");
      expect(decoded(bytes("cb8000000000000000"))).toBe(-0);
    });

    test.each(["x", "é", "한", "😀", "\ud800", "xxxxxxxxx한"])("texts of any length: of %j", (unit) => {
      for (const size of [
        40, 41, 85, 86, 127, 128, 255, 256, 1000, 21845, 21846, 32767, 32768, 65535, 65536,
      ]) {
        const text = unit.repeat(Math.ceil(size / unit.length));
        const values = [text, text, { [text]: 1 }];
        expect(isDeepStrictEqual(decoded(encoded(values)), arrives(values))).toBe(true);
        expect(new TextEncoder().encode(text).length + headSize(text)).toBe(encoded(text).length);
      }
    });

    test("lone surrogates become U+FFFD, in keys too, and pairs stay", () => {
      for (const padding of ["", "x".repeat(100)]) {
        expect(decoded(encoded(`\ud800${padding}`))).toBe(`\ufffd${padding}`);
        expect(decoded(encoded({ [`\udfff${padding}`]: "\ud83d\ude00" }))).toEqual({
          [`\ufffd${padding}`]: "😀",
        });
        expect(decoded(encoded(`\ud83d\ude00${padding}\ude00\ud83d`))).toBe(`😀${padding}\ufffd\ufffd`);
      }
    });

    test("bytes that only look like surrogates are no reason to touch a value", () => {
      const lookAlikes = ["eda080", "edbfbf", "ed".repeat(40), "ed", "eda0", "ed9fbf"].map(bytes);
      const korean = "\ud7ff".repeat(20);
      for (const bin of lookAlikes) {
        const value = { bin, list: [1.5, korean, null, { deep: true }] };
        expect(decoded(encoded(value))).toEqual(value);
        expect(decoded(encoded({ ...value, "key\ud800": "x" }))).toEqual({ ...value, "key\ufffd": "x" });
        expect(decoded(encoded([bin, [{ deep: "\udc00" }]]))).toEqual([bin, [{ deep: "\ufffd" }]]);
      }
    });

    test.each([1, 197, 198, 199, 255, 256, 65535, 65536])(
      "a byte order mark before %d characters is kept, as value and as key, beside all kinds of values",
      (length) => {
        const text = `\ufeff${"x".repeat(length)}\ufeff`;
        const value = {
          [text]: text,
          list: [
            text,
            1,
            -1,
            200,
            -100,
            300,
            -300,
            70000,
            -70000,
            1.5,
            null,
            true,
            false,
            "",
            2 ** 40,
            -(2 ** 40),
          ],
          bin: [new Uint8Array(3), new Uint8Array(300), new Uint8Array(66000)],
          many: Array.from({ length: 20 }, (_, index) => index),
          more: Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`k${index}`, [index]])),
          short: "\ufeff",
          big: 2n ** 63n,
        };
        const { big: _, ...withoutBig } = value;
        expect(isDeepStrictEqual(decoded(encoded(value)), value)).toBe(true);
        expect(isDeepStrictEqual(decoded(encoded(withoutBig)), withoutBig)).toBe(true);
      },
    );

    test.each([
      ["str", (n: number) => "x".repeat(n)],
      ["bin", (n: number) => new Uint8Array(n).fill(7)],
      ["array", (n: number) => Array.from({ length: n }, (_, index) => index % 100)],
      [
        "map",
        (n: number) => Object.fromEntries(Array.from({ length: n }, (_, index) => [`k${index}`, true])),
      ],
    ])("%s with headers of each size, also beside a bigint", (_kind, make) => {
      for (const size of [0, 1, 15, 16, 31, 32, 255, 256, 65535, 65536]) {
        const value = make(size);
        const pair = [value, 2n ** 63n];
        expect(isDeepStrictEqual(decoded(encoded(value)), value)).toBe(true);
        expect(isDeepStrictEqual(decoded(encoded(pair)), pair)).toBe(true);
      }
    });

    test.each([
      ["Buffer", Buffer.from("abc"), "c403616263"],
      ["Uint16Array", new Uint16Array([1, 2]), "c40401000200"],
      ["DataView of a part", new DataView(new Uint8Array([9, 8, 7]).buffer, 1, 1), "c40108"],
    ])("%s is sent as binary", (_name, value, form) => {
      expect(hex(codec.encode(value))).toBe(form);
      expect(hex(codec.encode([value, 2n ** 63n]).slice(1, -9))).toBe(form);
    });

    test("undefined is nil, in arrays too, and no key of a map at all; instances of classes are sent as maps", () => {
      class Point {
        constructor(
          readonly x: number,
          readonly y: number,
        ) {}
        get length(): number {
          return Math.hypot(this.x, this.y);
        }
      }
      expect(decoded(encoded(undefined))).toBeNull();
      expect(decoded(encoded({ a: undefined, b: [undefined] }))).toStrictEqual({ b: [null] });
      // Sixteen keys take a longer head than fifteen do.
      const keys = Array.from({ length: 16 }, (_, index) => [`k${index}`, index === 3 ? undefined : index]);
      expect(encoded(Object.fromEntries(keys))[0]).toBe(0x8f);
      expect(decoded(encoded({ p: new Point(3, 4) }))).toEqual({ p: { x: 3, y: 4 } });
      expect(decoded(encoded(Object.assign(Object.create(null), { a: 1 })))).toEqual({ a: 1 });
    });

    test.each([null, "text", 1, {}])('a map whose "constructor" is %p is one as any other', (value) => {
      const bare = Object.assign(Object.create(null), { constructor: value });
      for (const map of [{ constructor: value }, bare]) {
        expect(decoded(encoded(map))).toEqual({ constructor: value });
        expect(Object.keys(decoded(encoded(map)) as object)).toEqual(["constructor"]);
      }
    });
  });

  describe("what cannot be encoded", () => {
    test.each([
      ["WeakMap", new WeakMap()],
      ["Set", new Set([1])],
      ["Set", new (class Sub extends Set<number> {})()],
      ["RegExp", /x/],
      ["Promise", Promise.resolve()],
      ["ArrayBuffer", new ArrayBuffer(2)],
      ["Error", new Error("x")],
    ])(
      "%s: refused by name, at any depth and beside bigints, rather than sent as an empty map",
      (kind, value) => {
        for (const whole of [value, [value], { a: { b: value } }, [2n ** 63n, value]]) {
          expect(() => codec.encode(whole)).toThrow(EncodeError);
          expect(() => codec.encode(whole)).toThrow(`a ${kind} cannot be sent`);
        }
      },
    );

    test.each([
      ["function", () => 1],
      ["symbol", Symbol("s")],
    ])("%s", (_name, value) => {
      for (const whole of [value, [value], [2n ** 63n, value]]) {
        expect(() => codec.encode(whole)).toThrow(EncodeError);
        expect(() => codec.encode(whole)).toThrow(/cannot be encoded/);
      }
    });

    test("what a getter throws is the cause", () => {
      const cause = new Error("mine");
      const value = {
        get broken(): unknown {
          throw cause;
        },
      };
      expect(() => codec.encode(value)).toThrow(expect.objectContaining({ code: "P3D_ERR_ENCODE", cause }));
      expect(() =>
        codec.encode({
          get broken(): unknown {
            throw "text";
          },
        }),
      ).toThrow(/text/);
    });

    test("cycles, however they branch, at once", () => {
      const cycle: unknown[] = [];
      cycle.push(cycle, cycle);
      expect(() => codec.encode(cycle)).toThrow(EncodeError);
      const big: unknown[] = [2n ** 63n];
      big.push(big, big);
      expect(() => codec.encode(big)).toThrow(/nested too deep, or contains itself; net\.limits\.depth /);
    });

    test.each([
      ["a small number", 1],
      ["a bigint", 2n ** 63n],
      ["a text to look at closely", "한"],
      ["an empty array", []],
      ["an empty map", {}],
    ])("nesting around %s: 511 and 512 pass, 513 is refused", (_name, innermost) => {
      for (const depth of [511, 512]) {
        const value = nested(depth, innermost);
        expect(decoded(encoded(value))).toEqual(value);
        expect(decoded(encoded([nested(depth - 1, innermost), 2n ** 63n]))).toBeDefined();
      }
      expect(() => codec.encode(nested(513, innermost))).toThrow(EncodeError);
      expect(() => codec.encode([nested(512, innermost), 2n ** 63n])).toThrow(EncodeError);
    });

    test("a depth of one's own", () => {
      const shallow = new Kind(2);
      expect(hex(shallow.encode([[1]]))).toBe("919101");
      expect(() => shallow.encode([[[1]]])).toThrow(EncodeError);
      expect(hex(shallow.encode([[2n ** 63n]]))).toBe("9191cf8000000000000000");
      expect(() => shallow.encode([[[2n ** 63n]]])).toThrow(EncodeError);
    });

    test("the codec works as before after it refused something", () => {
      expect(() => codec.encode([1, 2, () => 0])).toThrow(EncodeError);
      expect(hex(codec.encode([1, "a"]))).toBe("9201a161");
    });

    test("encoding within encoding", () => {
      const value = {
        get inner(): string {
          return hex(codec.encode(["within"]));
        },
      };
      expect(decoded(encoded(value))).toEqual({ inner: "91a677697468696e" });
    });
  });
});

test("MsgpackCodec, decoding exactly: a float32, which no encoder here writes", () => {
  expect(new MsgpackCodec().decode(bytes("92ca3fc00000a4efbbbf61"), true)).toEqual([1.5, "\ufeffa"]);
});

describe("MsgpackCodec, decoding without a check before", () => {
  test.each([
    ["no bytes", ""],
    ["cut short", "92c0"],
    ["bytes behind", "c0c0"],
    ["the byte c1", "c1"],
    ["an extension", "d40100"],
    ["__proto__", "81a95f5f70726f746f5f5f00"],
    ["a text beyond the end", "a5616263"],
  ])("%s: BadDataError", (_name, body) => {
    expect(() => new MsgpackCodec().decode(bytes(body), false)).toThrow(BadDataError);
  });

  test("the cause is kept, and what is no Error is described", () => {
    const thrown = (): unknown => new MsgpackCodec().decode(bytes("92c0"), false);
    expect(thrown).toThrow(expect.objectContaining({ cause: expect.any(RangeError) }));
    expect(thrown).toThrow(/is not a msgpack value: ./);
  });
});

describe("both codecs", () => {
  const [ours, library] = [new ValueCodec(), new MsgpackCodec()];

  test("encode alike", () => {
    fc.assert(
      fc.property(sendable, (value) => {
        const plain = withPositiveZeros(value);
        expect(hex(ours.encode(plain))).toBe(hex(library.encode(plain)));
      }),
      { numRuns: 1000 },
    );
  });
});

describe("ValueCodec", () => {
  test("encodes to one buffer, which grows, and decodes long binary values to views of what it is given", () => {
    const codec = new ValueCodec();
    const bufferOf = (value: unknown): unknown => codec.encode(value).buffer;
    const long = "x".repeat(10_000);
    expect(bufferOf(1)).toBe(bufferOf(2));
    const grown = bufferOf(long);
    expect([bufferOf(1), bufferOf(long)]).toEqual([grown, grown]);
    expect(bufferOf(1)).toBe(grown);
    const body = codec.encode(new Uint8Array(100)).slice();
    const decodedBytes = codec.decode(body) as Uint8Array;
    expect(decodedBytes.buffer).toBe(body.buffer);
    const list = codec.encode([new Uint8Array(10), "x".repeat(100)]).slice();
    expect((codec.decode(list) as [Uint8Array])[0].buffer).not.toBe(list.buffer);
  });

  test("refuses the key __proto__, which every peer would refuse", () => {
    for (const value of [JSON.parse('{"__proto__":1}'), [{ a: JSON.parse('{"__proto__":1}') }]]) {
      expect(() => new ValueCodec().encode(value)).toThrow(EncodeError);
      expect(() => new ValueCodec().encode(value)).toThrow(/__proto__/);
    }
  });

  test.each([
    ["an array", (count: number): unknown => Array.from({ length: count }, () => 1)],
    ["several arrays", (count: number): unknown => [[1], Array.from({ length: count - 3 }, () => 1)]],
    ["a map, each pair two", (count: number): unknown => ({ a: Array.from({ length: count - 2 }, () => 1) })],
  ])("counts elements: below the limit and at it %s passes, past it is refused", (_name, make) => {
    const sparing = new ValueCodec(512, 10);
    for (const count of [9, 10]) expect(sparing.decode(sparing.encode(make(count)))).toEqual(make(count));
    expect(() => sparing.encode(make(11))).toThrow(EncodeError);
    expect(() => sparing.encode(make(11))).toThrow("more than the 10 elements of net.limits.elements");
  });

  test.each([
    [15, "8f"],
    [16, "de0010"],
    [65_535, "deffff"],
    [65_536, "df00010000"],
  ])("a map of %i keys has the head %s, alone, nested, and where the buffer has to grow", (length, head) => {
    const map = Object.fromEntries(Array.from({ length }, (_, number) => [`k${number}`, number]));
    const codec = new ValueCodec();
    expect(hex(codec.encode(map)).slice(0, head.length)).toBe(head);
    for (const value of [map, [map, map], { a: { b: map, c: map }, d: map }]) {
      expect(hex(codec.encode(value))).toBe(hex(new MsgpackCodec().encode(value)));
    }
  });

  test("a map whose longer head is what does not fit the buffer any more", () => {
    // Floats take all of the room that is made for them.
    const map = Object.fromEntries(Array.from({ length: 16 }, (_, number) => [`k${number}`, 1.5]));
    for (let size = 500; size < 1024; size++) {
      const value = ["x".repeat(size), map];
      expect(hex(new ValueCodec().encode(value))).toBe(hex(new MsgpackCodec().encode(value)));
    }
  });

  test("sends what a map has of its own, and nothing that it inherits", () => {
    class Old {
      own = 1;
    }
    Object.assign(Old.prototype, { inherited: 2 });
    const bare = Object.assign(Object.create(null), { own: 1 });
    const hidden = Object.defineProperty({ own: 1 }, "hidden", { value: 2 });
    Reflect.set(Object.prototype, "polluted", 3);
    try {
      for (const map of [new Old(), bare, hidden, { own: 1 }, { own: 1, [Symbol("s")]: 2 }]) {
        expect(hex(new ValueCodec().encode(map))).toBe("81a36f776e01");
      }
    } finally {
      Reflect.deleteProperty(Object.prototype, "polluted");
    }
  });

  test("a getter that adds or removes keys leaves a map with the keys that were sent", () => {
    const shrinking: Record<string, unknown> = {
      get a(): number {
        delete shrinking.b;
        return 1;
      },
      b: 2,
      c: 3,
    };
    const growing: Record<string, unknown> = {
      get a(): number {
        for (let number = 0; number < 20; number++) growing[`new${number}`] = number;
        return 1;
      },
      c: 3,
    };
    const codec = new ValueCodec();
    expect(codec.decode(codec.encode([shrinking, "behind"]))).toEqual([{ a: 1, c: 3 }, "behind"]);
    expect(codec.decode(codec.encode([growing, "behind"]))).toEqual([
      expect.objectContaining({ a: 1, c: 3 }),
      "behind",
    ]);
  });

  test("short texts of every length", () => {
    const codec = new ValueCodec();
    for (let length = 0; length <= 20; length++) {
      const text = "abcdefghijklmnopqrstuvwxyz".slice(0, length);
      expect(codec.decode(codec.encode([text, { [text]: text }]))).toEqual([text, { [text]: text }]);
    }
  });

  test("keys and short binary values of a buffer of Node's stay as they were when it is used anew", () => {
    const codec = new ValueCodec();
    const buffer = Buffer.alloc(64);
    const read = (body: Uint8Array): unknown => {
      buffer.set(body);
      return codec.decode(buffer.subarray(0, body.length));
    };
    const first = { here: 1, data: Uint8Array.of(1, 2) };
    const second = { gone: 2, what: Uint8Array.of(3, 4) };
    const read1 = read(codec.encode(first));
    expect(read(codec.encode(second))).toEqual(second);
    expect(read1).toEqual(first);
    // What one reader remembers of keys, all others use.
    expect(new ValueCodec().decode(codec.encode(second).slice())).toEqual(second);
    expect(new ValueCodec().decode(codec.encode(first).slice())).toEqual(first);
  });

  test("remembers keys, and tells those apart that share a place or a beginning", () => {
    const codec = new ValueCodec();
    for (let round = 0; round < 3; round++) {
      for (let number = 0; number < 3000; number++) {
        const value = {
          [`key${number}`]: number,
          [`k${number % 7}y`]: 1,
          ["x".repeat(number % 40)]: 2,
          "": 3,
        };
        expect(codec.decode(codec.encode(value))).toEqual(value);
      }
    }
  });

  test.each([
    ["cut within a key", "81a3616"],
    ["key without its text", "81a5616263"],
    ["key of 32 bits beyond the end", "81dbffffffff"],
    ["key that is not UTF-8", "81a1ff00"],
    ["text that is not UTF-8", "a2c328"],
    ["long text that is not UTF-8", `d940${"61".repeat(63)}ff`],
    ["key missing", "81"],
  ])("%s: BadDataError", (_name, body) => {
    const codec = new ValueCodec();
    expect(() => codec.decode(bytes(body.length % 2 === 0 ? body : `${body}0`))).toThrow(BadDataError);
  });
});
