import { Allocator } from "../src/allocate.js";

const MIB = 1024 * 1024;

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
  ["below", -1, true],
  ["at", 0, true],
  ["above", 1, false],
])("holds on to the one made last, %s 2 MiB", (_where, more, holds) => {
  const allocator = new Allocator();
  const first = allocator.allocate(1000);
  expect(allocator.held).toBe(first);
  const last = allocator.allocate(2 * MIB + more);
  expect(allocator.held).toBe(holds ? last : first);
});
