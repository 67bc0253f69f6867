// Binary keys of one map, which are told apart by their bytes. What looks for one must not compare it with many others.

import { BinaryKeys, sameBytes } from "../../../src/codec/reading/binary-keys.js";

const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

test.each([0, 1, 3, 4, 5, 8, 9, 31])("keys of %i bytes are told apart by each of their bytes", (length) => {
  const keys = new BinaryKeys();
  const first = Uint8Array.from(range(length), (at) => 0x80 | at);
  expect(keys.add(first)).toBe(first);
  for (const at of range(length)) {
    const other = first.slice();
    other[at] = 7;
    expect(keys.add(other)).toBe(other);
    expect(keys.add(other.slice())).toBe(other);
  }
  const longer = Uint8Array.of(...first, 0);
  expect(keys.add(longer)).toBe(longer);
  expect(keys.add(first.slice())).toBe(first);
});

test("many keys are all found again, the first with the same bytes of each", () => {
  const keys = new BinaryKeys();
  const all = range(3000).map((index) => Uint8Array.of(index, index >> 8));
  for (const [index, key] of all.entries()) {
    expect(keys.add(key)).toBe(key);
    // Those before it are found while the table grows, too.
    const before = all[index >> 1] as Uint8Array;
    expect(keys.add(before.slice())).toBe(before);
  }
  for (const key of all) expect(keys.add(key.slice())).toBe(key);
});

/** A binary value that counts how often a byte of it is read. */
function counted(bytes: Uint8Array, reads: { count: number }): Uint8Array {
  return new Proxy(bytes, {
    get(target, name) {
      if (typeof name === "string" && /^\d/.test(name)) reads.count++;
      return Reflect.get(target, name, target);
    },
  });
}

test.each(range(11))(
  "keys that differ in the bytes at %i and behind it alone are hardly ever compared",
  (at) => {
    const keys = new BinaryKeys();
    const reads = { count: 0 };
    for (const index of range(2000)) {
      const bytes = new Uint8Array(12);
      bytes[at] = index;
      bytes[at + 1] = index >> 8;
      keys.add(counted(bytes, reads));
    }
    // Each is read once. Two of a few thousand may have the same hash, which is never foreseen.
    expect(reads.count).toBeGreaterThanOrEqual(2000 * 12);
    expect(reads.count).toBeLessThan(2000 * 12 + 200);
  },
);

test("keys of zeros are told apart by their length, and hardly ever compared", () => {
  const keys = new BinaryKeys();
  const reads = { count: 0 };
  for (const length of range(300)) keys.add(counted(new Uint8Array(length), reads));
  expect(reads.count).toBe((299 * 300) / 2);
});

test("a value is the same as itself, without a look at its bytes", () => {
  const reads = { count: 0 };
  const value = counted(Uint8Array.of(1, 2, 3), reads);
  expect(sameBytes(value, value)).toBe(true);
  expect(reads.count).toBe(0);
  expect(sameBytes(value, Uint8Array.of(1, 2, 3))).toBe(true);
  expect(sameBytes(value, Uint8Array.of(1, 2, 4))).toBe(false);
  expect(sameBytes(value, Uint8Array.of(1, 2))).toBe(false);
  expect(sameBytes(value, Uint8Array.of(1, 2, 3, 4))).toBe(false);
});
