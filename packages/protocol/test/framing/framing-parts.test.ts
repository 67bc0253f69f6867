// What connections share, by itself.

import { ObjectPool } from "../../src/framing/object-pool.js";
import { SharedOutput } from "../../src/framing/shared-output.js";

test.each([0, 1, 2])("of free objects, a pool keeps %d at most, and each is given away once", (kept) => {
  let made = 0;
  const pool = new ObjectPool(kept, () => ({ number: ++made }));
  const used = [pool.acquire(), pool.acquire(), pool.acquire()];
  expect(used.map(({ number }) => number)).toEqual([1, 2, 3]);
  for (const spare of used) pool.release(spare);
  const again = [pool.acquire(), pool.acquire(), pool.acquire()];
  expect(made).toBe(6 - kept);
  expect(again.filter((spare) => used.includes(spare))).toHaveLength(kept);
  expect(new Set(again).size).toBe(3);
});

test("what one connection alone has is not joined again for it, but joined for others", () => {
  const sharedOutput = new SharedOutput();
  const [one, two, three] = [1, 2, 3].map((byte) => new Uint8Array([byte])) as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ];
  const both = sharedOutput.join(one, two);
  expect(both).toEqual(new Uint8Array([1, 2]));
  // Nobody else has this: it would be copied for each packet more.
  expect(sharedOutput.join(both as Uint8Array, three)).toBeUndefined();
  const other = sharedOutput.join(one, three);
  expect(other).toEqual(new Uint8Array([1, 3]));
  expect(sharedOutput.join(one, three)).toBe(other);
  expect(sharedOutput.join(other as Uint8Array, two)).toEqual(new Uint8Array([1, 3, 2]));
});
