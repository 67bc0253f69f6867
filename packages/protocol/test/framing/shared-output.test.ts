import { POOLED_LENGTH } from "../../src/framing/buffer-pool.js";
import { SharedOutput } from "../../src/framing/shared-output.js";

const filled = (length: number, value: number): Uint8Array => new Uint8Array(length).fill(value);

/** Joins for two connections. */
function joined(shared: SharedOutput, waiting: Uint8Array, packet: Uint8Array): Uint8Array {
  const both = shared.join(waiting, packet);
  expect(shared.join(waiting, packet)).toBe(both);
  return both as Uint8Array;
}

test.each([
  [20, 40],
  [POOLED_LENGTH / 2, POOLED_LENGTH],
  [POOLED_LENGTH / 2 + 2, POOLED_LENGTH],
  [POOLED_LENGTH + 2, POOLED_LENGTH + 2],
])("%d bytes have room for as much again, up to a buffer of the usual length: %d", (length, room) => {
  const both = joined(new SharedOutput(), filled(length / 2, 1), filled(length / 2, 2));
  expect(both).toEqual(Uint8Array.from([...filled(length / 2, 1), ...filled(length / 2, 2)]));
  expect(both.buffer.byteLength).toBe(room);
});

test("packets are added where there is room, up to the last byte of it, and elsewhere from then on", () => {
  const shared = new SharedOutput();
  const first = joined(shared, filled(10, 1), filled(10, 2));
  const second = joined(shared, first, filled(20, 3));
  expect(second).toEqual(Uint8Array.from([...filled(10, 1), ...filled(10, 2), ...filled(20, 3)]));
  expect(second.buffer).toBe(first.buffer);
  const third = joined(shared, second, filled(1, 4));
  expect(third).toEqual(Uint8Array.from([...second, 4]));
  expect(third.buffer).not.toBe(first.buffer);
});

test("what others have waiting stays as it is", () => {
  const shared = new SharedOutput();
  const first = joined(shared, filled(10, 1), filled(10, 2));
  const other = filled(20, 9);
  const second = joined(shared, other, filled(5, 3));
  expect(second.buffer).not.toBe(first.buffer);
  expect(first).toEqual(Uint8Array.from([...filled(10, 1), ...filled(10, 2)]));
  expect(second).toEqual(Uint8Array.from([...other, ...filled(5, 3)]));
});

test("what was once sent to several, and then to one alone, is copied for that one no more", () => {
  const shared = new SharedOutput();
  const start = filled(10, 1);
  const packet = filled(10, 2);
  const first = joined(shared, start, packet);
  expect(shared.join(start, packet)).toBe(first);
  const second = shared.join(first, filled(10, 3)) as Uint8Array;
  expect(second).toHaveLength(30);
  expect(shared.join(second, filled(10, 4))).toBeUndefined();
});
