// Timestamps, maps with other keys than strings, and extension types: what Python peers send beyond plain data.

import { runInNewContext } from "node:vm";
import { decode, encode, ExtensionCodec as LibraryCodec } from "@msgpack/msgpack";
import {
  BadDataError,
  EncodeError,
  type ExtensionCodec,
  MsgpackCodec,
  ValueCodec,
} from "@peng3dnet/protocol";
import fc from "fast-check";
import { BodyCheck } from "../../src/codec/reading/body-check.js";
import { BodyDecoder } from "../../src/codec/reading/body-decoder.js";
import { ValueReader } from "../../src/codec/reading/value-reader.js";
import { integer } from "../support/arbitraries.js";
import { bytes, concat, hex } from "../support/bytes.js";

const codecs = [
  ["ValueCodec", (extensions?: ExtensionCodec) => new ValueCodec(512, undefined, extensions)],
  ["MsgpackCodec", (extensions?: ExtensionCodec) => new MsgpackCodec(512, extensions)],
] as const;

/** What an application may have. */
class Place {
  constructor(
    readonly x: number,
    readonly y: number,
  ) {}
}

const places: ExtensionCodec = {
  encode: (value) =>
    value instanceof Place ? { type: 7, data: Uint8Array.of(value.x, value.y) } : undefined,
  decode(type, [x = 0, y = 0]) {
    if (type !== 7) throw new RangeError(`no type ${type}`);
    return new Place(x, y);
  },
};

/** Decodes a body as a connection with this codec does: checked first, if the codec is another one. */
function decoder(name: string, extensions?: ExtensionCodec, elements = 65_536, depth = 512) {
  const codec = name === "MsgpackCodec" ? new MsgpackCodec(512, extensions) : undefined;
  const bodies = new BodyDecoder(new ValueReader(), depth, elements, { codec, extensions });
  return (body: string | Uint8Array): unknown => {
    const all = typeof body === "string" ? bytes(body) : body;
    return bodies.decode(all, 0, all.length, 0, false, 2 ** 22);
  };
}

const errorOf = (call: () => unknown): unknown => {
  try {
    return call();
  } catch (error) {
    return error;
  }
};

describe.each(codecs)("%s", (name, make) => {
  const codec = make();
  const received = decoder(name);
  const encoded = (value: unknown): string => hex(codec.encode(value));

  describe("timestamps", () => {
    test.each([
      [0, "d6ff00000000"],
      [1000 * (2 ** 32 - 1), "d6ffffffffff"],
      [1, "d7ff003d090000000000"],
      [1000 * 2 ** 32, "d7ff0000000100000000"],
      [1000 * 2 ** 34 - 1, "d7ffee2e1f03ffffffff"],
      [1000 * 2 ** 34, "c70cff000000000000000400000000"],
      [-1, "c70cff3b8b87c0ffffffffffffffff"],
      [-1000, "c70cff00000000ffffffffffffffff"],
      [8.64e15, "c70cff00000000000007dba8218000"],
      [-8.64e15, "c70cff00000000fffff82457de8000"],
    ])("%d milliseconds", (time, body) => {
      expect(encoded(new Date(time))).toBe(body);
      expect(encoded([2n ** 60n, new Date(time)])).toBe(`92cf1000000000000000${body}`);
      expect(received(body)).toEqual(new Date(time));
      expect(received(`92cf1000000000000000${body}`)).toEqual([2n ** 60n, new Date(time)]);
      expect(received(body)).toBeInstanceOf(Date);
    });

    test.each([
      ["d7ffee6b27fc00000000", 999],
      ["c70cff3b9ac9ffffffffffffffffff", -1],
      ["c70cff00000001ffffffffffffffff", -1000],
      ["c704ff00000001", 1000],
      ["c8000cff000000000000000000000001", 1000],
      ["c900000008ff0000000000000001", 1000],
    ])("%s is rounded down, whatever its header", (body, time) => {
      expect(received(body)).toEqual(new Date(time));
    });

    test.each([
      ["c700ff", "has 0 bytes"],
      ["d4ff00", "has 1 bytes"],
      ["d5ff0000", "has 2 bytes"],
      ["d8ff00000000000000000000000000000000", "has 16 bytes"],
      ["d7ffee6b280000000000", "has 1000000000 nanoseconds"],
      ["c70cff3b9aca000000000000000000", "has 1000000000 nanoseconds"],
      ["c70cff000f4240000007dba8218000", "range of a Date"],
      ["c70cff3b9ac9fffffff82457de7fff", "range of a Date"],
      ["c70cff000000007fffffffffffffff", "range of a Date"],
      ["c70cff000000008000000000000000", "range of a Date"],
    ])("%s is refused", (body, why) => {
      expect(() => received(body)).toThrow(BadDataError);
      expect(() => received(body)).toThrow(why);
      expect(() => received(`9201${body}`)).toThrow(why);
    });

    test("a Date of a class of its own or of another realm, whatever its methods say", () => {
      class Stamp extends Date {
        label = "start";
        override getTime(): number {
          return 5;
        }
      }
      for (const date of [
        new Stamp(1000),
        runInNewContext("new Date(1000)"),
        Object.freeze(new Date(1000)),
      ]) {
        expect(encoded({ a: date })).toBe("81a161d6ff00000001");
      }
    });
  });

  describe("maps", () => {
    test("of text alone arrive as objects, from an object or a Map", () => {
      expect(
        encoded(
          new Map<string, unknown>([
            ["a", 1],
            ["b", new Map()],
          ]),
        ),
      ).toBe("82a16101a16280");
      expect(received("82a16101a16280")).toStrictEqual({ a: 1, b: {} });
    });

    test("keep order and kinds of keys", () => {
      const map = new Map<unknown, unknown>([
        ["a", 1],
        [3, "c"],
        [Uint8Array.of(1, 2), null],
        [2n ** 63n, new Map([[-1, {}]])],
        ["1", 0],
      ]);
      const back = received(codec.encode(map).slice());
      expect(back).toStrictEqual(map);
      expect([...(back as typeof map)]).toStrictEqual([...map]);
      expect(received(codec.encode([2n ** 60n, map, "\ud800"]).slice())).toStrictEqual([
        2n ** 60n,
        map,
        "\ufffd",
      ]);
    });

    test.each([0, 1, 15, 16, 65_535, 65_536])("of %d integer keys", (size) => {
      const map = new Map(Array.from({ length: size }, (_, key) => [key, null]));
      const body = codec.encode(map).slice();
      const start =
        size < 16 ? [0x80 | size] : size < 65_536 ? [0xde, size >> 8, size & 255] : [0xdf, 0, 1, 0, 0];
      expect([...body.subarray(0, start.length)]).toEqual(start);
      const back = decoder(name, undefined, 2 ** 20)(body);
      expect(back).toStrictEqual(size === 0 ? {} : map);
    });

    test("of another realm, or of a class of its own, whatever its methods say", () => {
      class Scores extends Map<number, number> {
        label = "scores";
        override get size(): number {
          return 9;
        }
        override *entries(): MapIterator<[number, number]> {}
        override [Symbol.iterator](): MapIterator<[number, number]> {
          return this.entries();
        }
      }
      const own = new Scores();
      own.set(1, 2);
      for (const map of [own, runInNewContext("new Map([[1, 2]])")]) expect(encoded([map])).toBe("91810102");
    });

    test("a key that comes twice has its last value, binary keys included", () => {
      expect(received("8301a1610203 01a162".replace(" ", ""))).toStrictEqual(
        new Map<number, unknown>([
          [1, "b"],
          [2, 3],
        ]),
      );
      const back = received("84c4016101c40162 02c4016103c40003".replace(" ", "")) as Map<unknown, unknown>;
      expect([...back]).toStrictEqual([
        [Uint8Array.of(0x61), 3],
        [Uint8Array.of(0x62), 2],
        [new Uint8Array(0), 3],
      ]);
      const long = `c60000ffff${"c8".repeat(0xffff)}`;
      expect(received(bytes(`82${long}01${long}02`))).toStrictEqual(
        new Map([[new Uint8Array(0xffff).fill(0xc8), 2]]),
      );
    });

    test("a binary key has memory of its own", () => {
      const body = bytes(`82c4026162c0a178${"d9c8"}${"78".repeat(200)}`);
      const [key] = (received(body) as Map<Uint8Array, unknown>).keys();
      body.fill(0);
      expect(key).toEqual(Uint8Array.of(0x61, 0x62));
      expect(key?.buffer.byteLength).toBe(2);
    });

    test.each(["c0", "c3", "ca3f800000", "cb3ff0000000000000", "90", "80", "d6ff00000000"])(
      "%s is no key, before or behind another one",
      (key) => {
        for (const body of [`81${key}c0`, `8201c0${key}c0`, `82a161c0${key}c0`]) {
          expect(() => received(body)).toThrow("a key that is neither a string, an integer nor binary");
        }
      },
    );

    test("the key __proto__ is refused before and behind another one", () => {
      const proto = "a95f5f70726f746f5f5f";
      expect(() => received(`82${proto}c001c0`)).toThrow(BadDataError);
      expect(() => received(`8201c0${proto}c0`)).toThrow("__proto__");
    });

    test("bodies that end within a key or behind it", () => {
      for (const body of ["8101", "81c4", "8201c0", "8201c0a161", "81c40261", "81cd01"]) {
        expect(() => received(body)).toThrow(BadDataError);
      }
    });

    test("keys like indices cost nothing in a Map, and in an object what they cost there", () => {
      const one = "82a431303233c001c0";
      const behind = "8201c0a431303233c0";
      expect(() => received(bytes(`dc0100${behind.repeat(256)}`))).not.toThrow();
      expect(() => received(bytes(`dc0100${one.repeat(256)}`))).toThrow("places of lists");
    });

    test.each<[string, bigint, number]>([
      ["a key that a number cannot represent counts as one more", 2n ** 53n, 3],
      ["so does a negative one", -(2n ** 63n), 3],
      ["a short one does not, be it a bigint where it was sent", 2n ** 53n - 1n, 2],
    ])("%s", (_name, key, elements) => {
      const map = new Map([[key, null]]);
      const body = codec.encode(map).slice();
      expect(() => decoder(name, undefined, elements)(body)).not.toThrow();
      expect(() => decoder(name, undefined, elements - 1)(body)).toThrow(
        `more than the ${elements - 1} elements`,
      );
      expect(() => new ValueCodec(512, elements).encode(map)).not.toThrow();
      expect(() => new ValueCodec(512, elements - 1).encode(map)).toThrow(`${elements - 1} elements`);
    });

    test("of many binary keys of all lengths, those of the same bytes are one, with the last value", () => {
      const keys = Array.from({ length: 400 }, (_, index) =>
        Uint8Array.from({ length: index % 11 }, (_, at) => (at === 0 ? index >> 4 : at * 37)),
      );
      const twice = [...keys, ...keys.map((key) => key.slice())];
      const map = received(codec.encode(new Map(twice.map((key, index) => [key, index]))).slice());
      const expected = new Map(twice.map((key, index) => [Buffer.from(key).toString("hex"), index]));
      const found = [...(map as Map<Uint8Array, number>)].map(
        ([key, index]) => [Buffer.from(key).toString("hex"), index] as const,
      );
      expect(found.length).toBeGreaterThan(200);
      expect(found).toEqual([...expected]);
    });

    test("elements and depth are counted as in objects", () => {
      const map = new Map<unknown, unknown>([
        [1, new Date(0)],
        [Uint8Array.of(1), 2],
      ]);
      // Two pairs, one more for the Date, and three more for the binary key.
      const body = codec.encode(map).slice();
      expect(() => decoder(name, undefined, 8)(body)).not.toThrow();
      expect(() => decoder(name, undefined, 7)(body)).toThrow("7 elements");
      expect(() => new ValueCodec(512, 8).encode(map)).not.toThrow();
      expect(() => new ValueCodec(512, 7).encode(map)).toThrow("7 elements");
      expect(() => decoder(name, undefined, 9, 2)("810181 0180".replace(" ", ""))).not.toThrow();
      expect(() => decoder(name, undefined, 9, 2)("8101810181 01c0".replace(" ", ""))).toThrow(
        "more than 2 deep",
      );
      let deep: unknown = 1;
      for (let level = 0; level < 513; level++) deep = new Map([[1, deep]]);
      expect(() => codec.encode(deep)).toThrow("nested too deep");
      const round = new Map<number, unknown>();
      round.set(1, round);
      expect(() => codec.encode(round)).toThrow("nested too deep, or contains itself");
    });
  });

  describe("integer keys", () => {
    const keys = (list: readonly (number | bigint)[]): Uint8Array =>
      codec.encode(new Map(list.map((key) => [key, null]))).slice();

    test("in a row, or few of them, may be any; many far apart are refused before they cost much", () => {
      const row = Array.from({ length: 32_000 }, (_, index) => 1_000_000 + 3 * index);
      const apart = (count: number): number[] => Array.from({ length: count }, (_, index) => 65_537 * index);
      expect((received(keys(row)) as Map<unknown, unknown>).size).toBe(32_000);
      expect((received(keys(apart(2896))) as Map<unknown, unknown>).size).toBe(2896);
      expect(() => received(keys(apart(2897)))).toThrow(BadDataError);
      expect(() => received(keys(apart(2897)))).toThrow(
        "8388608 steps; use text as keys, or raise net.limits.elements",
      );
      // It is the option that the message names.
      expect(() => decoder(name, undefined, 2 ** 17)(keys(apart(2897)))).not.toThrow();
      // A bigint takes longer to compare.
      const long = (count: number): bigint[] =>
        apart(count).map((key) => 2n ** 60n + 2n ** 20n * BigInt(key));
      expect(() => received(keys(long(1448)))).not.toThrow();
      expect(() => received(keys(long(1449)))).toThrow("steps");
      const negative = (count: number): bigint[] => long(count).map((key) => -key);
      expect(() => received(keys(negative(1448)))).not.toThrow();
      expect(() => received(keys(negative(1449)))).toThrow("steps");
      const near = (gap: bigint): bigint[] =>
        Array.from({ length: 2000 }, (_, index) => 2n ** 60n + gap * BigInt(index));
      expect(() => received(keys(near(256n)))).not.toThrow();
      expect(() => received(keys(near(1024n)))).toThrow("steps");
    });

    test("of all maps of a body count together, and one key again and again counts once", () => {
      const one = keys(Array.from({ length: 1000 }, (_, index) => -65_537 * index));
      const list = (count: number): Uint8Array =>
        concat(Uint8Array.of(0x90 | count), ...new Array(count).fill(one));
      expect(() => received(list(8))).not.toThrow();
      expect(() => received(list(9))).toThrow("steps");
      const again = concat(bytes("dd00000001de7fff"), bytes("01c0".repeat(0x7fff)));
      expect(received(again)).toStrictEqual([new Map([[1, null]])]);
    });
  });

  describe("extension types", () => {
    const extended = make(places);
    const decodeExtended = decoder(name, places);

    test("through an ExtensionCodec, with headers of all lengths", () => {
      expect(hex(extended.encode({ at: new Place(1, 2) }))).toBe("81a26174d5070102");
      expect(decodeExtended("81a26174d5070102")).toEqual({ at: new Place(1, 2) });
      const raw: ExtensionCodec = {
        encode: (value) =>
          value instanceof Blob ? { type: 0, data: new Uint8Array(value.size) } : undefined,
        decode: (type, data) => [type, data.length],
      };
      for (const [length, head] of [
        [0, "c70000"],
        [1, "d400"],
        [3, "c70300"],
        [16, "d800"],
        [17, "c71100"],
        [255, "c7ff00"],
        [256, "c8010000"],
        [65_535, "c8ffff00"],
        [65_536, "c90001000000"],
      ] as const) {
        const body = make(raw)
          .encode(new Blob([new Uint8Array(length)]))
          .slice();
        expect(hex(body.subarray(0, head.length / 2))).toBe(head);
        expect(body).toHaveLength(head.length / 2 + length);
        expect(decoder(name, raw)(body)).toEqual([0, length]);
      }
      expect(decoder(name, raw)("d47f00")).toEqual([127, 1]);
    });

    test("without one, both ways name the option", () => {
      expect(() => received("d5070102")).toThrow(BadDataError);
      expect(() => received("92c0d5070102")).toThrow(
        'extension type 7; hand in an ExtensionCodec as the option "extensions"',
      );
      expect(() => codec.encode({ a: new URL("http://localhost") })).toThrow(EncodeError);
      expect(() => codec.encode({ a: new URL("http://localhost") })).toThrow(
        'an ExtensionCodec as the option "extensions" (a)',
      );
    });

    test("types below 0 are msgpack's own, whoever asks", () => {
      expect(() => decodeExtended("d4fe00")).toThrow("extension type -2, which msgpack reserves");
      expect(() => decodeExtended("d48000")).toThrow(BadDataError);
      expect(decodeExtended("d6ff00000001")).toEqual(new Date(1000));
    });

    test("data are a copy of their own", () => {
      const seen: Uint8Array[] = [];
      const keep: ExtensionCodec = { encode: () => undefined, decode: (_, data) => seen.push(data) };
      const body = bytes("92d5010203d9c8".concat("78".repeat(200)));
      decoder(name, keep)(body);
      make(keep).decode(Buffer.from(body), false);
      body.fill(0);
      for (const data of seen) {
        expect(data).toStrictEqual(Uint8Array.of(2, 3));
        expect(data.buffer.byteLength).toBe(2);
      }
      expect(seen).toHaveLength(2);
    });

    test("what decode throws is the cause, and the next body is read as ever", () => {
      for (const body of ["d40101", "9281a16101d40101", "8201c002d40101"]) {
        const error = errorOf(() => decodeExtended(body)) as BadDataError;
        expect(error).toBeInstanceOf(BadDataError);
        expect(error.message).toBe("the ExtensionCodec could not decode extension type 1: no type 1");
        expect(error.cause).toBeInstanceOf(RangeError);
        expect(decodeExtended("d5070304")).toEqual(new Place(3, 4));
      }
    });

    test("an asynchronous decode is refused, and its rejection ends nothing", async () => {
      for (const decodeLate of [async () => 1, async () => Promise.reject(new Error("late"))]) {
        const late: ExtensionCodec = { encode: () => undefined, decode: decodeLate };
        expect(() => decoder(name, late)("d40101")).toThrow("has to answer at once");
      }
      await new Promise(setImmediate);
    });

    test("what encode throws or returns amiss is an EncodeError with its path", () => {
      const cause = new Error("mine");
      const broken = make({
        encode(value) {
          if (value instanceof Place) throw cause;
          return undefined;
        },
        decode: () => null,
      });
      const error = errorOf(() =>
        broken.encode({ list: [1, new Map([[5, new Place(1, 2)]])] }),
      ) as EncodeError;
      expect(error).toBeInstanceOf(EncodeError);
      expect(error).toMatchObject({ path: "list[1].get(5)", cause });
      expect(error.message).toBe("the ExtensionCodec could not encode it: mine (list[1].get(5))");
      for (const made of [
        { type: -1, data: new Uint8Array(4) },
        { type: 128, data: new Uint8Array(4) },
        { type: 0.5, data: new Uint8Array(4) },
        { type: 1, data: [1] },
        { type: 1 },
        "text",
        Promise.reject(new Error("late")),
      ]) {
        const wrong = make({ encode: () => made as never, decode: () => null });
        expect(errorOf(() => wrong.encode([new Place(1, 2)]))).toMatchObject({
          code: "P3D_ERR_ENCODE",
          path: "[0]",
          message: expect.stringContaining("a type from 0 to 127 and a Uint8Array as data"),
        });
      }
    });

    test("it is asked for objects of classes, and first; for nothing else", () => {
      const asked: unknown[] = [];
      const all = make({
        encode(value) {
          asked.push(value);
          return value instanceof Date ? { type: 3, data: Uint8Array.of(9) } : undefined;
        },
        decode: () => null,
      });
      const [date, place, map] = [new Date(0), new Place(1, 2), new Map([[1, 2]])] as const;
      expect(hex(all.encode([date, place]))).toBe("92d4030982a17801a17902");
      expect(new Set(asked)).toEqual(new Set([date, place]));
      asked.length = 0;
      all.encode([{ a: 1 }, [1], Uint8Array.of(1), "x", null, Object.create(null), runInNewContext("({})")]);
      expect(asked).toEqual([]);
      all.encode(map);
      expect(asked).toContain(map);
    });

    test("an error beside what it encodes has the right path; it may refer to itself", () => {
      class Round {
        readonly self = this;
        readonly text = "\ud800";
      }
      const codecOfRound = make({
        encode: (value) =>
          value instanceof Round ? { type: 1, data: Uint8Array.of(0xed, 0xa0, 0x80) } : undefined,
        decode: () => null,
      });
      expect(hex(codecOfRound.encode([new Round(), "\ud800"]))).toBe("92c70301eda080a3efbfbd");
      expect(
        errorOf(() => codecOfRound.encode({ a: new Round(), b: new Date(0), c: [() => 1] })),
      ).toMatchObject({ path: "c[0]" });
      expect(
        errorOf(() => codecOfRound.encode({ a: new Date(0), b: new Map([["k", Symbol("s")]]) })),
      ).toMatchObject({
        path: 'b.get("k")',
      });
      expect(errorOf(() => codecOfRound.encode([new Map([[1, 2]]), Symbol("s")]))).toMatchObject({
        path: "[1]",
      });
      const keys = new Map<unknown, unknown>([
        [2n ** 60n, 1],
        [Uint8Array.of(1), Symbol("s")],
      ]);
      expect(errorOf(() => codecOfRound.encode(keys))).toMatchObject({ path: "get(Uint8Array)" });
      expect(errorOf(() => codecOfRound.encode([new Map([[2n ** 60n, Symbol("s")]])]))).toMatchObject({
        path: "[0].get(1152921504606846976n)",
      });
    });

    test("it may use the same codec for what is within", () => {
      class Box {
        constructor(readonly value: unknown) {}
      }
      const boxes: ExtensionCodec = {
        encode: (value) =>
          value instanceof Box ? { type: 1, data: both.encode(value.value).slice() } : undefined,
        decode: (_, data) => new Box(both.decode(data, true)),
      };
      const both = make(boxes);
      const value = { a: [new Box({ b: new Box([1, "x"]) }), "y"], z: new Box(null) };
      const body = both.encode(value).slice();
      expect(both.decode(body, false)).toEqual(value);
    });
  });

  test("what it encodes and @msgpack/msgpack decodes, and the reverse", () => {
    const time = fc.oneof(
      fc.integer({ min: 0, max: 2 ** 34 }).map((seconds) => 1000 * seconds),
      fc.integer({ min: -8.64e15, max: 8.64e15 }),
      fc.integer({ min: -5000, max: 5000 }),
    );
    const value = fc.oneof(
      time.map((at) => new Date(at)),
      fc.array(
        time.map((at) => new Date(at)),
        { maxLength: 20 },
      ),
      fc.dictionary(
        fc.constantFrom("a", "b", "cd"),
        time.map((at) => new Date(at)),
      ),
    );
    const library = new LibraryCodec();
    fc.assert(
      fc.property(value, (one) => {
        const body = codec.encode(one).slice();
        expect(hex(body)).toBe(hex(encode(one, { extensionCodec: library })));
        expect(received(body)).toEqual(one);
        expect(decode(body)).toEqual(one);
      }),
      { numRuns: 500 },
    );
  });

  test("Maps of all kinds of keys survive, and are read the same in both ways", () => {
    const key = fc.oneof(
      integer,
      fc.string().filter((one) => one !== "__proto__"),
      fc.uint8Array({ maxLength: 40 }),
    );
    // Of other kinds: two keys that are the same on the way become one.
    const simple = (one: unknown): unknown =>
      typeof one === "bigint" && Number.isSafeInteger(Number(one)) ? Number(one) : one;
    const entries = fc.uniqueArray(fc.tuple(key.map(simple), fc.oneof(integer.map(simple), fc.string())), {
      selector: ([one]) => (one instanceof Uint8Array ? `b${hex(one)}` : `${typeof one}${String(one)}`),
    });
    fc.assert(
      fc.property(entries, (pairs) => {
        const text = pairs.every(([one]) => typeof one === "string");
        const back = received(codec.encode({ map: new Map(pairs) }).slice());
        expect(back).toEqual({ map: text ? Object.fromEntries(pairs) : new Map(pairs) });
      }),
      { numRuns: 500 },
    );
  });
});

test("a body within a body has no more levels and elements than are left", () => {
  const recursive: ExtensionCodec = { encode: () => undefined, decode: (_, data) => codec.decode(data) };
  const codec = new ValueCodec(4, 20, recursive);
  const within = (inner: Uint8Array): Uint8Array => concat(Uint8Array.of(0xc7, inner.length, 1), inner);
  expect(codec.decode(concat(bytes("9191"), within(bytes("90"))))).toEqual([[[]]]);
  expect(codec.decode(concat(bytes("9191"), within(bytes("91c0"))))).toEqual([[[null]]]);
  expect(() => codec.decode(concat(bytes("9191"), within(bytes("9191c0"))))).toThrow("more than 1 deep");
  expect(() =>
    codec.decode(concat(bytes("92"), within(bytes("99010203040506070809")), bytes("99010203040506070809"))),
  ).toThrow("20 elements");
  // And what comes next is as before.
  expect(codec.decode(bytes("9401020304"))).toEqual([1, 2, 3, 4]);
  let deep: Uint8Array = Uint8Array.of(0xc0);
  for (let level = 0; level < 30; level++) deep = within(deep);
  expect(() => codec.decode(deep)).toThrow(BadDataError);
});

test("the check takes and refuses what the reader does, with a flag for what many decoders get wrong", () => {
  const check = new BodyCheck(512, 65_536, places);
  const flags = (body: string): number => check.check(bytes(body), 0, body.length / 2);
  expect(flags("8101c0")).toBe(2);
  expect(flags("81c40161c0")).toBe(3);
  expect(flags("81a161c0")).toBe(0);
  expect(flags("d6ff00000000")).toBe(0);
  expect(flags("d5070102")).toBe(1);
});
