import { Allocator } from "../../src/runtime/allocate.js";

const KIB = 1024;

test("makes buffers of their own", () => {
  const { allocate } = new Allocator();
  const buffers = [0, 1, 100, 300_000].map(allocate);
  expect(buffers.map(({ length }) => length)).toEqual([0, 1, 100, 300_000]);
  expect(new Set(buffers.map(({ buffer }) => buffer)).size).toBe(4);
  for (const bytes of buffers) {
    expect(Object.getPrototypeOf(bytes)).toBe(Uint8Array.prototype);
    expect(bytes.buffer.byteLength).toBe(bytes.length);
  }
});

test.each([
  ["below 64 KiB", 64 * KIB - 1, false],
  ["at 64 KiB", 64 * KIB, true],
  ["above 64 KiB", 64 * KIB + 1, true],
  ["below 2 MiB", 2048 * KIB - 1, true],
  ["at 2 MiB", 2048 * KIB, true],
  ["above 2 MiB", 2048 * KIB + 1, false],
])("holds on to the long one made last: %s", (_where, length, holds) => {
  const allocator = new Allocator();
  const first = allocator.allocate(100 * KIB);
  expect(allocator.held).toBe(first);
  const last = allocator.allocate(length);
  expect(allocator.held).toBe(holds ? last : first);
});
