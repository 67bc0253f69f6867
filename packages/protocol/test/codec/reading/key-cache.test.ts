// Keys that are remembered from one map to the next: the right text for the bytes, and no more than stated.

import { KeyCache } from "../../../src/codec/reading/key-cache.js";

const utf8 = new TextEncoder();
const decoder = new TextDecoder();
const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

/** Text among other bytes, and where it begins. */
function within(bytes: Uint8Array, start: number): Uint8Array {
  const all = new Uint8Array(start + bytes.length + 3).fill(0xaa);
  all.set(bytes, start);
  return all;
}

function add(cache: KeyCache, key: string | Uint8Array, start = 5): void {
  const bytes = typeof key === "string" ? utf8.encode(key) : key;
  cache.add(within(bytes, start), start, bytes.length, decoder.decode(bytes));
}

function find(cache: KeyCache, key: string | Uint8Array, start = 40): string | undefined {
  const bytes = typeof key === "string" ? utf8.encode(key) : key;
  return cache.find(within(bytes, start), start, bytes.length);
}

test.each(["", "x", "xy", "name", "a key with some words", "k".repeat(32)])(
  "'%s' is found wherever it comes again",
  (key) => {
    const cache = new KeyCache();
    expect(find(cache, key)).toBeUndefined();
    add(cache, key);
    expect(find(cache, key)).toBe(key);
    expect(find(cache, key, 0)).toBe(key);
  },
);

test("a key that differs in any byte, or in its length, is another one", () => {
  const cache = new KeyCache();
  const bytes = range(9).map((at) => 0x61 + at);
  add(cache, Uint8Array.from(bytes));
  for (const at of range(9)) {
    const other = Uint8Array.from(bytes);
    other[at] = 0x20;
    expect(find(cache, other)).toBeUndefined();
  }
  expect(find(cache, Uint8Array.from(bytes.slice(0, 8)))).toBeUndefined();
  expect(find(cache, Uint8Array.of(...bytes, 0))).toBeUndefined();
});

test("of keys that share their place, whichever there are, each is itself", () => {
  const cache = new KeyCache();
  // Alike in what places are chosen by: the first, the middle and the last byte, and the length.
  add(cache, "abcdefg");
  add(cache, "axcdefg");
  expect(find(cache, "abcdefg")).toBeUndefined();
  expect(find(cache, "axcdefg")).toBe("axcdefg");
  expect(find(cache, "abcdeyg")).toBeUndefined();
});

test("the beginning of a key is another one, also where both want the same place", () => {
  const cache = new KeyCache();
  // Of the 32 places at first: R comes 17 letters after A, which makes up for the length.
  add(cache, "aAR");
  expect(find(cache, "aA")).toBeUndefined();
  add(cache, "aA");
  expect(find(cache, "aA")).toBe("aA");
});

test("there are twice as many places once two keys want the same, and not before", () => {
  const cache = new KeyCache();
  // These two would have places of their own among 128.
  const [one, other] = [Uint8Array.of(50, 50, 50), Uint8Array.of(68, 48, 50)];
  add(cache, Uint8Array.of(51, 50, 50));
  add(cache, one);
  add(cache, other);
  expect(find(cache, one)).toBeUndefined();
  add(cache, one);
  expect(find(cache, other)).toBe(decoder.decode(other));
  expect(find(cache, one)).toBe(decoder.decode(one));
});

test.each<[string, (index: number) => string]>([
  ["their first letter", (index) => `${String.fromCharCode(65 + index)}key`],
  ["the one in their middle", (index) => `ke${String.fromCharCode(65 + index)}ys`],
  ["their last one", (index) => `key${String.fromCharCode(65 + index)}`],
  ["their length", (index) => "k".repeat(index)],
])("keys that differ in %s are remembered all", (_name, keyOf) => {
  const cache = new KeyCache();
  const keys = range(32).map(keyOf);
  for (const key of keys) add(cache, key);
  for (const key of keys) expect(find(cache, key)).toBe(key);
});

test("the places have an end: of two keys that share one then, the last one stays", () => {
  const cache = new KeyCache();
  const [one, other] = [Uint8Array.of(50, 50, 50), Uint8Array.of(55, 49, 54)];
  // These would have two places of 1,024, and have one of 512. Each time that two want one, there are twice as many.
  for (let round = 0; round < 8; round++) for (const key of [one, other]) add(cache, key);
  expect(find(cache, one)).toBeUndefined();
  expect(find(cache, other)).toBe(decoder.decode(other));
  // And these one of 256, and two of 512.
  const [third, fourth] = [Uint8Array.of(60, 60, 60), Uint8Array.of(47, 63, 62)];
  add(cache, third);
  add(cache, fourth);
  expect(find(cache, third)).toBe(decoder.decode(third));
  expect(find(cache, fourth)).toBe(decoder.decode(fourth));
});

test("64 keys of a body are remembered, and again as many of the next one", () => {
  const cache = new KeyCache();
  const keys = range(66).map((index) => `${String.fromCharCode(33 + index)}`);
  for (const key of keys) add(cache, key);
  expect(keys.filter((key) => find(cache, key) === undefined)).toEqual(keys.slice(64));
  cache.begin();
  for (const key of keys.slice(64)) add(cache, key);
  expect(find(cache, keys[65] as string)).toBe(keys[65]);
});

test("keys of more than 32 bytes are not remembered, and take no place of others", () => {
  const cache = new KeyCache();
  for (const index of range(70)) add(cache, `${index}`.padStart(33, "k"));
  expect(find(cache, "69".padStart(33, "k"))).toBeUndefined();
  add(cache, "short");
  expect(find(cache, "short")).toBe("short");
});
