import { BufferPool } from "@peng3dnet/protocol";
import { POOLED_LENGTH, SHORT_LENGTH } from "../../src/framing/buffer-pool.js";

const MIB = 1024 * 1024;

test.each([POOLED_LENGTH, POOLED_LENGTH - 1, 1])(
  "a buffer of the usual length serves for %d bytes",
  (size) => {
    const pool = new BufferPool();
    const buffer = pool.acquire(size);
    expect(buffer).toHaveLength(POOLED_LENGTH);
    pool.release(buffer);
    expect(pool.acquire(size)).toBe(buffer);
    expect(pool.acquire(size)).not.toBe(buffer);
  },
);

test("short buffers are kept, 64 for each of the usual length", () => {
  const pool = new BufferPool(2);
  const buffers = Array.from({ length: 129 }, () => pool.acquireShort());
  for (const buffer of buffers) {
    expect(buffer).toHaveLength(SHORT_LENGTH);
    pool.release(buffer);
  }
  const again = buffers.map(() => pool.acquireShort()).filter((buffer) => buffers.includes(buffer));
  expect(again).toHaveLength(128);
});

test.each([
  [400_000, true],
  [100_000, true],
  [99_999, false],
  [400_001, false],
])("a long buffer of 400000 bytes that is free serves for %d: %s", (size, serves) => {
  const pool = new BufferPool();
  const buffer = pool.acquire(400_000);
  pool.release(buffer);
  const next = pool.acquire(size);
  expect(next === buffer).toBe(serves);
  expect(next.length).toBeGreaterThanOrEqual(size);
});

test("a long buffer is kept however often it is lent", () => {
  const pool = new BufferPool(1);
  const buffer = pool.acquire(MIB);
  for (let round = 0; round < 5; round++) {
    pool.release(buffer);
    expect(pool.acquire(MIB)).toBe(buffer);
  }
});

test("long buffers of 2 MiB together are kept, those that came last", () => {
  const pool = new BufferPool(1);
  const buffers = [1, 2, 3].map(() => pool.acquire(MIB));
  for (const buffer of buffers) pool.release(buffer);
  expect([pool.acquire(MIB), pool.acquire(MIB)]).toEqual([buffers[2], buffers[1]]);
  expect(pool.acquire(MIB)).not.toBe(buffers[0]);
});

test("those that are shorter than usual are not kept in their place", () => {
  const pool = new BufferPool(1);
  const buffer = pool.acquire(MIB);
  pool.release(buffer);
  for (let count = 0; count < 100; count++) pool.release(new Uint8Array(30_000));
  expect(pool.acquire(MIB)).toBe(buffer);
});

test("longer ones are not kept", () => {
  const pool = new BufferPool();
  const longest = pool.acquire(2 * MIB);
  pool.release(longest);
  expect(pool.acquire(2 * MIB)).toBe(longest);
  const buffer = pool.acquire(2 * MIB + 1);
  pool.release(buffer);
  expect(pool.acquire(2 * MIB + 1)).not.toBe(buffer);
});
