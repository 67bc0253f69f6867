// What counts as a new key: exactly those that were not at their place, each with its weight.

import { NewKeys } from "../../../src/codec/reading/new-keys.js";

/** A body may have as many elements as give 9,216 keys, of which 8,192 are not looked at: 1,024 are left. */
const ELEMENTS = 36_864;
const LEFT = 1024;

const utf8 = new TextEncoder();
const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

/** How often keys of one body count, in turn, each with the weight 1. */
function counted(texts: readonly string[]): number {
  const body = utf8.encode(texts.join(""));
  const keys = new NewKeys(ELEMENTS);
  let start = 0;
  for (const text of texts) {
    const { length } = utf8.encode(text);
    keys.add(body, start, length, 1);
    start += length;
  }
  return LEFT - left(keys);
}

/** How much may still be added. */
function left(keys: NewKeys): number {
  const long = new Uint8Array(33);
  for (let more = 0; ; more++) {
    try {
      keys.add(long, 0, 33, 1);
    } catch {
      return more;
    }
  }
}

test("a quarter of the elements may be new keys, and 9,216 in any case", () => {
  expect(left(new NewKeys(0))).toBe(LEFT);
  expect(left(new NewKeys(ELEMENTS))).toBe(LEFT);
  expect(left(new NewKeys(ELEMENTS + 3))).toBe(LEFT);
  expect(left(new NewKeys(ELEMENTS + 4))).toBe(LEFT + 1);
  const keys = new NewKeys(ELEMENTS);
  keys.add(new Uint8Array(33), 0, 33, LEFT - 2);
  expect(left(keys)).toBe(2);
  expect(() => keys.add(new Uint8Array(33), 0, 33, 1)).toThrow("more than 9216 keys");
});

test.each<[string, readonly string[], number]>([
  ["one key", ["name"], 1],
  ["a key again", ["name", "name", "name"], 1],
  ["the empty key", ["", ""], 1],
  ["one of one byte at the beginning of the body", ["a", "a"], 1],
  ["a key again after others", ["name", "x", "y", "name", "x"], 3],
  ["keys that are alike but in their first byte", ["name", "game", "name", "game"], 2],
  ["in their last byte", ["name", "nams", "name", "nams"], 2],
  ["in their length", ["name", "nam", "names"], 3],
  ["a part of the one before it", ["nn", "n", "nn", "n"], 2],
  ["a key of 32 bytes again", ["k".repeat(32), "k".repeat(32)], 1],
  ["one of 33 bytes", ["k".repeat(33), "k".repeat(33)], 2],
])("%s", (_name, texts, count) => {
  expect(counted(texts)).toBe(count);
});

test("keys of one place count each time that they follow each other", () => {
  // 31 times a byte less, and 31 more of the next one.
  expect(counted(["ab", "bC", "ab", "bC"])).toBe(4);
  expect(counted(["ab", "bC", "bC", "bC"])).toBe(2);
});

test("a few hundred keys of any form have places of their own, nearly all", () => {
  for (const keyOf of [
    (index: number) => `field ${index}`,
    (index: number) => `${index}`.padStart(30, "-"),
    (index: number) => `${index}${"-".repeat(20)}`,
  ]) {
    const texts = range(200).map(keyOf);
    expect(counted([...texts, ...texts])).toBeLessThan(200 + 40);
  }
});
