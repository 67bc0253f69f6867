// What an error says of a value that cannot be sent: what it is, why, and where. Classes are made anew in each test, since the
// library remembers what it found out about one.

import { runInNewContext } from "node:vm";
import { EncodeError, type ExtensionCodec, MsgpackCodec, ValueCodec } from "@peng3dnet/protocol";
import { hex } from "../../support/bytes.js";

const ADVICE =
  'turn it into a number, string, array, plain object, Map, Date or Uint8Array, or hand in an ExtensionCodec as the option "extensions"';

function refusal(value: unknown, codec: ValueCodec | MsgpackCodec = new ValueCodec()): EncodeError {
  try {
    codec.encode(value);
  } catch (error) {
    if (error instanceof EncodeError) return error;
    throw error;
  }
  throw new Error("it was sent");
}

/** Where in a value the first thing is that cannot be sent, for a codec with these limits. */
function placeIn(value: unknown, depth = 512, elements = 1000): string | undefined {
  return refusal(value, new ValueCodec(depth, elements)).path;
}

/** A class of objects with one field, whose prototype has something more. */
function classWith(key: PropertyKey, value: unknown): new () => { field: number } {
  class Some {
    field = 1;
  }
  Object.defineProperty(Some.prototype, key, { value });
  return Some;
}

describe("what it is, and why it is refused", () => {
  test.each<[string, () => unknown, string]>([
    ["a class of the engine", () => new (class Bag extends Set<number> {})(), "a Set cannot be sent"],
    [
      "a promise of one's own",
      () => new (classWith("then", () => {}))(),
      "a thenable cannot be sent: wait for what it promises",
    ],
    [
      "a class without fields",
      () => new (class Secret {})(),
      "a Secret cannot be sent: it has no fields of its own",
    ],
    [
      "a class without fields and name",
      () => new (class {})(),
      "a object of this kind cannot be sent: it has no fields of its own",
    ],
    [
      "an object without fields made of a plain one",
      () => Object.create({ inherited: 1 }),
      "a object of this kind cannot be sent: it has no fields of its own",
    ],
    [
      "an object whose class is no function",
      () => Object.create(Object.assign(Object.create(null), { constructor: { name: "Odd" } })),
      "a object of this kind cannot be sent: it has no fields of its own",
    ],
    [
      "an object that inherits twice from no class",
      () => Object.create(Object.create(Object.create(null))),
      "a object of this kind cannot be sent: it has no fields of its own",
    ],
    [
      "a class of a platform that is not the engine's code",
      () => new (classWith(Symbol.toStringTag, "Headers"))(),
      "a Headers cannot be sent",
    ],
    [
      "a class that extends such a one",
      () => new (class List extends classWith(Symbol.toStringTag, "List Iterator") {})(),
      "a List Iterator cannot be sent",
    ],
  ])("%s", (_what, make, problem) => {
    for (const codec of [new ValueCodec(), new MsgpackCodec()])
      expect(refusal([make()], codec).problem).toBe(`${problem}; ${ADVICE}`);
  });

  test.each<[string, PropertyKey, unknown]>([
    ["a tag of one's own", Symbol.toStringTag, "Place"],
    ["then, which is no function", "then", 1],
  ])("what has %s is sent", (_what, key, value) => {
    expect(hex(new ValueCodec().encode(new (classWith(key, value))()))).toBe("81a56669656c6401");
  });

  test("an empty object whose prototype is bare is an empty map, as is one of another realm", () => {
    for (const value of [Object.create(Object.create(null)), runInNewContext("({})")])
      expect(hex(new ValueCodec().encode(value))).toBe("80");
  });

  test("an error of the library has no cause, unless something was thrown", () => {
    expect(Object.hasOwn(refusal(new Set()), "cause")).toBe(false);
    const made = refusal([Object.create(Map.prototype)]);
    expect(made.problem).toBe("a Map cannot be sent that was not made by its constructor");
    expect([made.path, made.cause]).toEqual(["[0]", expect.any(TypeError)]);
  });

  test.each<[unknown, string]>([
    [null, "null"],
    [{}, "that is an object"],
    [0.5, "0.5"],
    [2n ** 64n, "18446744073709551616"],
    [-(2n ** 63n) - 1n, "-9223372036854775809"],
    [true, "of type boolean"],
    [undefined, "of type undefined"],
  ])("a Map with the key %p", (key, shown) => {
    expect(refusal(new Map([[key, 1]])).problem).toBe(
      `a Map with a key ${shown} cannot be sent: keys have to be strings, integers of 64 bits or Uint8Arrays`,
    );
  });

  test("the key __proto__, of a Map and of an object", () => {
    for (const value of [new Map([["__proto__", 1]]), JSON.parse('{"__proto__":1}')])
      expect(refusal(value).problem).toBe(
        'a map with the key "__proto__" cannot be sent: the peer would refuse it',
      );
  });

  test("a Map may have the largest and the smallest integer as key", () => {
    const codec = new ValueCodec();
    const map = new Map([
      [2n ** 64n - 1n, 1],
      [-(2n ** 63n), 2],
    ]);
    expect(codec.decode(codec.encode(map))).toEqual(map);
  });
});

describe("where it is", () => {
  class Point {
    constructor(readonly x: unknown) {}
  }

  test.each<[string, unknown, string]>([
    ["null", [null, new Set()], "[1]"],
    ["integers that fit", [2n ** 64n - 1n, -(2n ** 63n), 5n, 2n ** 64n], "[3]"],
    ["integers that fit, before one that is too small", [5n, -(2n ** 63n) - 1n, new Set()], "[1]"],
    ["objects of classes, and empty ones", [new Point(1), {}, [], new Set()], "[3]"],
    ["bytes, dates and maps", [Uint8Array.of(1), new Date(0), new Map([[1, 2]]), new Set()], "[3]"],
    ["fields", { a: 1, b: { c: 2, d: new Set() } }, "b.d"],
    [
      "keys of a Map, of each kind",
      new Map<unknown, unknown>([
        ["a b", 1],
        [1, new Map([[5n, new Map([[Uint8Array.of(1), new Map([["c d", [new Set()]]])]])]])],
      ]),
      'get(1).get(5n).get(Uint8Array).get("c d")[0]',
    ],
  ])("behind %s", (_what, value, path) => {
    expect(placeIn(value)).toBe(path);
  });

  test.each<[string, unknown, string]>([
    ["arrays", [[], [[1]]], "[1][0]"],
    ["arrays, behind an empty one at the last level", [[[]], [[1]]], "[1][0]"],
    ["objects", { a: {}, b: { c: { d: 1 } } }, "b.c"],
    ["Maps", new Map([[1, new Map([[2, new Map([[3, 4]])]])]]), "get(1).get(2)"],
  ])("%s that are nested too deep", (_what, value, path) => {
    expect(placeIn(value, 2)).toBe(path);
    expect(refusal(value, new ValueCodec(2)).problem).toContain("net.limits.depth");
  });

  test.each<[string, unknown, number, string]>([
    ["an element that cannot be sent is the last one that there is room for", [1, 2, 3, new Set()], 4, "[3]"],
    ["an array has more", [[1], [1, 2, 3]], 5, "[1]"],
    ["a binary value counts as one more", [1, Uint8Array.of(1)], 2, "[1]"],
    ["a Date counts as one more", [1, new Date(0)], 2, "[1]"],
    ["a pair of a Map counts as two", [new Map([["a", 1]]), new Map([["a", 1]])], 5, "[1]"],
    ["a pair with a binary key counts as four", [new Map([[Uint8Array.of(1), 1]]), 1], 5, "[0]"],
    ["a pair with text as key does not", [new Map([["a", 1]]), new Set()], 4, "[1]"],
  ])("what is too much, where %s", (_what, value, elements, path) => {
    expect(placeIn(value, 512, elements)).toBe(path);
  });

  test("an ExtensionCodec is not asked about plain objects, and what it encodes is not looked into", () => {
    const asked: unknown[] = [];
    const extensions: ExtensionCodec = {
      encode(value) {
        asked.push(value);
        return value instanceof Point ? { type: 1, data: Uint8Array.of(1) } : undefined;
      },
      decode: () => undefined,
    };
    const set = new Set();
    const point = new Point(() => {});
    expect(refusal([{}, { a: 1 }, point, set], new ValueCodec(512, 1000, extensions)).path).toBe("[3]");
    expect(new Set(asked)).toEqual(new Set([point, set]));
    // It counts as one more.
    expect(refusal([point, 1], new ValueCodec(512, 2, extensions)).path).toBe("[0]");
  });

  test("the first getter, where nothing else is wrong", () => {
    const value = {
      a: {
        get first(): number {
          return 1;
        },
      },
      get second(): number {
        throw new RangeError("not now");
      },
    };
    expect(placeIn(value)).toBe("a.first");
    expect(refusal(value).problem).toMatch(/^the value cannot be encoded: .*not now/);
    expect(
      placeIn({
        ...{
          get b(): number {
            return 1;
          },
        },
        c: new Set(),
      }),
    ).toBe("c");
  });

  test.each([
    [60, "k".repeat(60)],
    [61, `${"k".repeat(60)}…`],
  ])("a key of %d letters, as far as it is shown", (length, shown) => {
    const key = "k".repeat(length);
    expect(placeIn({ [key]: new Set() })).toBe(shown);
    expect(placeIn({ a: { [key]: new Set() } })).toBe(`a.${shown}`);
    expect(placeIn(new Map([[key, new Set()]]))).toMatch(length === 60 ? /k"\)$/ : /…"\)$/);
  });

  test("a path of 200 letters is shown whole, and a longer one without its middle", () => {
    const keys = [...Array.from({ length: 19 }, () => "abcdefghi"), "abcdefghij"];
    let value: unknown = new Set();
    for (const key of keys.toReversed()) value = { [key]: value };
    const path = keys.join(".");
    expect([path.length, placeIn(value)]).toEqual([200, path]);
    expect(placeIn([value])).toBe(`[0].${path.slice(0, 96)} … ${path.slice(-100)}`);
  });
});
