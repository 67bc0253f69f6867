// Maps whose keys came before in the same order are read in another way. What is read is the same.

import { decode, encode } from "@msgpack/msgpack";
import { BadDataError } from "@peng3dnet/protocol";
import fc from "fast-check";
import { BodyCheck } from "../../../src/codec/reading/body-check.js";
import { type KeyStep, keySteps } from "../../../src/codec/reading/key-steps.js";
import { ValueReader } from "../../../src/codec/reading/value-reader.js";
import { bytes, concat } from "../../support/bytes.js";

const DEPTH = 8;
const ELEMENTS = 1000;

/** After so many times, each key has long had a store of its own. */
const OFTEN = 10_000;

const reader = new ValueReader();
const read = (body: Uint8Array): unknown => reader.read(body, 0, body.length, false, DEPTH, ELEMENTS);

/** What was learnt stays, so that one read more does. */
const learnt = new Set<string>();

function learn(...values: readonly unknown[]): void {
  for (const value of values) {
    const body = encode(value);
    const times = learnt.has(JSON.stringify(value)) ? 1 : OFTEN;
    for (let count = 0; count < times; count++) read(body);
    learnt.add(JSON.stringify(value));
  }
}

/** The steps that are remembered of maps with these keys. */
function stepsOf(keys: readonly string[]): readonly KeyStep[] {
  const steps: KeyStep[] = [];
  let step: KeyStep | undefined = keySteps.first(keys.length);
  for (const key of keys) {
    step = step.to(key);
    if (step === undefined) break;
    steps.push(step);
  }
  return steps;
}

const mapOf = (keys: readonly string[]) => Object.fromEntries(keys.map((key, index) => [key, index]));

test.each([1, 63, 64, 65, 1000])(
  "the map that comes as the %ith one of its kind is as the first one",
  (count) => {
    const key = `key${count}`;
    for (let index = 0; index < count; index++) {
      const value = { [key]: index, text: `${index}`, list: [index, { x: index, y: 0.5 }] };
      expect(read(encode(value))).toEqual(value);
    }
  },
);

test("keys have the order in which they came", () => {
  learn({ first: 1, second: 2 }, { second: 2, first: 1 });
  expect(Object.keys(read(encode({ first: 1, second: 2 })) as object)).toEqual(["first", "second"]);
  expect(Object.keys(read(encode({ second: 1, first: 2 })) as object)).toEqual(["second", "first"]);
});

test.each<[string, Uint8Array, Record<string, number>[]]>([
  [
    "an array",
    new Uint8Array(64),
    [
      { one: 1, two: 2 },
      { six: 6, ten: 10 },
    ],
  ],
  [
    "a buffer of Node's",
    Buffer.alloc(64),
    [
      { red: 1, tan: 2, sky: 3 },
      { ash: 1, jet: 2, dun: 3 },
    ],
  ],
])("keys are remembered where nothing changes them: %s is used anew", (_name, chunk, values) => {
  for (const value of values) {
    const body = encode(value);
    chunk.set(body);
    for (let count = 0; count < 100; count++) {
      expect(reader.read(chunk, 0, body.length, false, DEPTH, ELEMENTS)).toEqual(value);
    }
    chunk.fill(0);
  }
  for (const value of values) expect(read(encode(value))).toEqual(value);
});

test("maps that begin alike and go on in another way are told apart", () => {
  const kinds = [
    { kind: "move", dx: 1, dy: 2 },
    { kind: "shot", by: 7, at: null },
    { kind: "chat", by: "a", text: "b" },
    { kind: "dx", d: 1, dy: 2 },
  ];
  learn(...kinds);
  for (let round = 0; round < 3; round++)
    for (const value of kinds) expect(read(encode(value))).toEqual(value);
});

test("more keys may follow than are remembered", () => {
  const kinds = Array.from({ length: 30 }, (_, index) => ({ same: index, [`other${index}`]: index }));
  for (let round = 0; round < 200; round++)
    for (const value of kinds) expect(read(encode(value))).toEqual(value);
});

test("sixteen new keys of a body are remembered, and as many of the next one", () => {
  read(encode({ "7": "a key like an index keeps none behind it from that" }));
  const counts = [29, 30, 31].map((length) => {
    const keys = Array.from({ length }, (_, index) => (index === 5 ? "k" : `n${length}of${index}`));
    read(encode(mapOf(keys)));
    const steps = stepsOf(keys);
    for (const { key, encoded } of steps) expect(encoded).toEqual(encode(key));
    return steps.length;
  });
  expect(Math.max(...counts)).toBe(16);
  // Once, it may have been time to forget what came rarely.
  expect(counts.filter((count) => count === 16).length).toBeGreaterThanOrEqual(2);
});

test("keys that begin alike and come in turn are remembered once each", () => {
  const begin = Array.from({ length: 12 }, (_, index) => `same${index}`);
  for (let round = 0; round < 20; round++)
    for (const last of ["alike1", "alike2"]) read(encode(mapOf([...begin, last])));
  const following = stepsOf([...begin, "alike1"])[11]?.following;
  expect(following?.map(({ key }) => key).sort()).toEqual(["alike1", "alike2"]);
});

test("the value before a key is no part of it", () => {
  learn({ x: 1, y: 2 });
  expect(read(encode({ x: "y".charCodeAt(0), z: 2 }))).toEqual({ x: 121, z: 2 });
});

test.each<[string, string, unknown]>([
  ["a key in a longer form", "82d90178 01 a179 02", { x: 1, y: 2 }],
  ["the second key in a longer form", "82a178 01 d90179 02", { x: 1, y: 2 }],
  ["a key that comes twice", "82a178 01 a178 02", { x: 2 }],
  ["a key that is an index", "82a178 01 a130 02", { x: 1, "0": 2 }],
  ["a key that is an index at first", "82a130 01 a179 02", { "0": 1, y: 2 }],
  [
    "a key that is a number",
    "82a178 01 05 02",
    new Map<unknown, unknown>([
      ["x", 1],
      [5, 2],
    ]),
  ],
  [
    "a first key that is a number",
    "8205 01 a179 02",
    new Map<unknown, unknown>([
      [5, 1],
      ["y", 2],
    ]),
  ],
  ["an empty key", "82a178 01 a0 02", { x: 1, "": 2 }],
  ["an empty key at first", "82a0 01 a179 02", { "": 1, y: 2 }],
  ["a key that begins with a known one", "82a27878 01 a179 02", { xx: 1, y: 2 }],
  ["a key with letters beyond ASCII", "82a178 01 a2c3bc 02", { x: 1, ü: 2 }],
])("%s is read where another one is expected", (_name, body, value) => {
  learn({ x: 1, y: 2 }, { x: 1, ü: 2 });
  const spaceless = bytes(body.replaceAll(" ", ""));
  for (let count = 0; count < 200; count++) expect(read(spaceless)).toEqual(value);
  expect(read(encode({ x: 3, y: 4 }))).toEqual({ x: 3, y: 4 });
});

test.each(Array.from({ length: 14 }, (_, index) => index + 1))(
  "of keys of %i letters, one that differs in any letter is told apart, as is one that is longer or shorter by one",
  (length) => {
    const known = "abcdefghijklmn".slice(0, length);
    learn({ [known]: 1, second: 2 }, { first: 1, [known]: 2 });
    const others = [`${known}x`, known.slice(1), known.slice(0, -1)];
    for (let at = 0; at < length; at++) others.push(`${known.slice(0, at)}X${known.slice(at + 1)}`);
    for (const other of others) {
      // What was read last is expected next.
      expect(read(encode({ [known]: 1, second: 2 }))).toEqual({ [known]: 1, second: 2 });
      expect(Object.entries(read(encode({ [other]: 3, second: 4 })) as object)).toEqual([
        [other, 3],
        ["second", 4],
      ]);
      expect(read(encode({ first: 1, [known]: 2 }))).toEqual({ first: 1, [known]: 2 });
      expect(Object.entries(read(encode({ first: 5, [other]: 6 })) as object)).toEqual([
        ["first", 5],
        [other, 6],
      ]);
    }
  },
);

test.each(Array.from({ length: 14 }, (_, index) => index + 1))(
  "a map of %i keys is read whichever of its keys is another one",
  (length) => {
    const keys = Array.from({ length }, (_, index) => `at${index}`);
    learn(mapOf(keys));
    for (let at = 0; at < length; at++) {
      for (const other of ["another", "7"]) {
        const changed = keys.map((key, index) => (index === at ? other : key));
        expect(read(encode(mapOf(keys)))).toEqual(mapOf(keys));
        expect(Object.entries(read(encode(mapOf(changed))) as object)).toEqual(
          Object.entries(mapOf(changed)),
        );
      }
    }
  },
);

test("of an empty key nothing is remembered, whatever its values are", () => {
  const pairs = 27;
  const keys = ["", ...Array.from({ length: pairs - 1 }, (_, index) => `k${index}`)];
  for (let value = 0; value < 20; value++) {
    const map = Object.fromEntries(keys.map((key) => [key, value]));
    expect(read(encode(map))).toEqual(map);
  }
  expect(keySteps.first(pairs).following.map(({ key }) => key)).not.toContain("");
});

test("a key behind known ones is refused if it is none that is accepted", () => {
  learn({ x: 1, y: 2 });
  const refused = concat(bytes("82a17801a9"), new TextEncoder().encode("__proto__"), bytes("80"));
  for (let count = 0; count < 100; count++) expect(() => read(refused)).toThrow(BadDataError);
  expect(() => read(bytes("82a17801c002"))).toThrow(BadDataError);
});

test("text that looks like known keys, but lies behind the body, is none of it", () => {
  const value = { alpha: 1, beta: [{ gamma: "text", delta: 2.5 }], x: null };
  learn(value);
  const whole = encode(value);
  const check = new BodyCheck(DEPTH, ELEMENTS);
  const said = (by: () => unknown): unknown => {
    try {
      return by();
    } catch (error) {
      return error;
    }
  };
  for (let end = 0; end < whole.length; end++) {
    const error = said(() => reader.read(whole, 0, end, false, DEPTH, ELEMENTS));
    expect(error).toBeInstanceOf(BadDataError);
    expect(error).toEqual(said(() => check.check(whole, 0, end)));
  }
  expect(read(whole)).toEqual(value);
});

test("a known map may be no deeper, and have no more elements, than others", () => {
  const nested = { a: { a: { a: { a: { a: { a: { a: { a: 1 } } } } } } } };
  learn(nested);
  expect(() => read(encode({ a: nested }))).toThrow("deep");
  const known = encode({ a: 1, b: 2, c: 3 });
  for (let count = 0; count < 100; count++) reader.read(known, 0, known.length, false, DEPTH, 6);
  expect(() => reader.read(known, 0, known.length, false, DEPTH, 5)).toThrow("elements");
});

test("maps of keys that were met in any order are what another decoder says", () => {
  const key = fc.constantFrom(
    "a",
    "b",
    "id",
    "name",
    "pos",
    "x",
    "0",
    "12",
    "",
    "k".repeat(33),
    "größe",
    "constructor",
  );
  const leaf = fc.oneof(
    fc.integer(),
    fc.double({ noNaN: true }),
    fc.string(),
    fc.boolean(),
    fc.constant(null),
  );
  const { value } = fc.letrec((tie) => ({
    map: fc.dictionary(key, tie("value"), { maxKeys: 6, noNullPrototype: true }),
    value: fc.oneof({ maxDepth: 3 }, leaf, fc.array(tie("value"), { maxLength: 4 }), tie("map")),
  }));
  fc.assert(
    fc.property(fc.dictionary(key, value, { noNullPrototype: true }), (map) => {
      const body = encode(map);
      expect(read(body)).toEqual(decode(body));
    }),
    { numRuns: 3000 },
  );
});
