// Keys that make a `Map` of a map: which ones there are, and what they may cost.

import { ValueCodec } from "@peng3dnet/protocol";
import { BodyCheck } from "../../../src/codec/reading/body-check.js";
import {
  beginsLikeBinary,
  beginsLikeKey,
  KeyCost,
  MixedMap,
  stepsAllowed,
  weightOf,
} from "../../../src/codec/reading/map-keys.js";
import { ValueReader } from "../../../src/codec/reading/value-reader.js";

const range = (count: number, first = 0): number[] => Array.from({ length: count }, (_, at) => first + at);

test("integers and binary values may be keys, and nothing else that is no text", () => {
  const integers = [...range(0x80), ...range(8, 0xcc), ...range(0x20, 0xe0)];
  const binaries = range(3, 0xc4);
  expect(range(256).filter(beginsLikeBinary)).toEqual(binaries);
  expect(range(256).filter(beginsLikeKey)).toEqual([...integers, ...binaries].sort((a, b) => a - b));
});

test("integers that a number cannot represent weigh twice", () => {
  expect(weightOf(2 ** 53 - 1)).toBe(1);
  expect(weightOf(-(2 ** 53) + 1)).toBe(1);
  expect(weightOf(2 ** 53)).toBe(2);
  expect(weightOf(2 ** 63)).toBe(2);
});

test("128 steps are allowed for each element", () => {
  expect(stepsAllowed(10)).toBe(1280);
});

/** What each key raises the cost by, and what it comes to. */
function costs(...keys: readonly (readonly [key: number, weight?: number])[]): number[] {
  const cost = new KeyCost();
  const raised = keys.map(([key, weight]) => cost.add(key, weight));
  return [...raised, cost.steps];
}

test("far integers may have to be compared each with each", () => {
  expect(costs([0], [1000], [2000], [-3000])).toEqual([1, 3, 5, 7, 16]);
  expect(costs([-3000], [2000], [1000], [0])).toEqual([1, 3, 5, 7, 16]);
});

test("near ones only as often as four times their range", () => {
  expect(costs([5], [6], [7], [5], [6])).toEqual([1, 3, 5, 3, 0, 12]);
  expect(costs([7], [6], [5], [5], [6])).toEqual([1, 3, 5, 3, 0, 12]);
});

test("one that comes again and again is compared once each time", () => {
  expect(costs([5], [5], [5], [5], [5], [5])).toEqual([1, 3, 0, 0, 1, 1, 6]);
});

test("the heaviest of all counts for the range, and each its own weight for their number", () => {
  expect(costs([5, 2], [5, 2], [5, 2], [5])).toEqual([4, 12, 0, 0, 16]);
  expect(costs([5], [5], [5, 2], [5], [5])).toEqual([1, 3, 12, 0, 0, 16]);
});

describe("a map of several kinds of keys", () => {
  test("begins with what was read before, and the last of several values counts", () => {
    const { map } = new MixedMap({ a: 1, b: 2 });
    expect([...map]).toEqual([
      ["a", 1],
      ["b", 2],
    ]);
    const mixed = new MixedMap(undefined);
    expect(mixed.map.size).toBe(0);
    for (const value of [1, 2]) for (const key of ["a", 5, 2n ** 60n]) mixed.set(key, value);
    expect([...mixed.map]).toEqual([
      ["a", 2],
      [5, 2],
      [2n ** 60n, 2],
    ]);
  });

  test("counts its integers, long ones twice, and nothing for others", () => {
    const mixed = new MixedMap(undefined);
    expect(["a", Uint8Array.of(1), 1_000_000, "b", 3].map((key) => mixed.cost(key))).toEqual([0, 0, 1, 0, 3]);
    // Both count for one cost, the bigint with a weight of two.
    expect(mixed.cost(2n ** 62n)).toBe(12);
    expect(new MixedMap(undefined).cost(2n ** 62n)).toBe(4);
    expect(new MixedMap(undefined).cost(7n)).toBe(1);
  });

  test.each([1, 2, 3, 4, 20])("holds %i binary keys once each, by their bytes", (count) => {
    const mixed = new MixedMap(undefined);
    const keys = range(count).map((index) => Uint8Array.of(index, 9));
    for (const [index, key] of keys.entries()) mixed.set(key, index);
    for (const [index, key] of keys.entries()) mixed.set(key.slice(), index + 100);
    expect([...mixed.map.keys()].map((key, index) => key === keys[index])).toEqual(keys.map(() => true));
    expect([...mixed.map.values()]).toEqual(range(count, 100));
  });
});

test("maps of one integer key count, too, wherever a body is checked", () => {
  const elements = 1002;
  const far = new Map(range(358).map((at) => [1000 * at, 0]));
  const left = stepsAllowed(elements) - far.size ** 2;
  const read = (ones: number): unknown => {
    const body = new ValueCodec().encode([far, ...range(ones).map(() => new Map([[0, 0]]))]).slice();
    new BodyCheck(8, elements).check(body, 0, body.length);
    return new ValueReader().read(body, 0, body.length, false, 8, elements);
  };
  expect(read(left)).toHaveLength(1 + left);
  expect(() => read(left + 1)).toThrow("keys");
  const body = new ValueCodec().encode([far, ...range(left + 1).map(() => new Map([[0, 0]]))]).slice();
  expect(() => new ValueReader().read(body, 0, body.length, false, 8, elements)).toThrow("keys");
});
