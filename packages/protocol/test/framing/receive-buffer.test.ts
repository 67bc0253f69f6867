import { ReceiveBuffer } from "../../src/framing/receive-buffer.js";

const filled = (length: number, from: number): Uint8Array =>
  Uint8Array.from({ length }, (_, index) => from + index);

/** A buffer of bytes that lies at `at` of a larger one, as those do that come from a slab. */
function withSlab(length: number, at: number): { slab: Uint8Array; buffer: ReceiveBuffer } {
  const slab = new Uint8Array(length);
  return { slab, buffer: new ReceiveBuffer((room) => slab.subarray(at, at + room)) };
}

const gathered = ({ bytes, length }: ReceiveBuffer): number[] => [...bytes.subarray(0, length)];

test("what was read to where it belongs stays there", () => {
  const { slab, buffer } = withSlab(100, 20);
  buffer.append(filled(4, 1), 0, 4, 30);
  slab.set(filled(3, 5), 24);
  buffer.append(slab.subarray(24, 27), 0, 3, 30);
  buffer.append(slab.subarray(20, 40), 7, 7, 30);
  expect(gathered(buffer)).toEqual([1, 2, 3, 4, 5, 6, 7]);
});

test.each([
  ["before it", 0, 3, 0],
  ["behind it", 60, 3, 0],
  ["where it would belong if one began at the other end of the chunk", 27, 7, 3],
])("what lies in the same memory, but elsewhere, is copied: %s", (_where, at, length, start) => {
  const { slab, buffer } = withSlab(100, 20);
  buffer.append(filled(4, 1), 0, 4, 30);
  const chunk = slab.subarray(at, at + length);
  chunk.set(filled(length, 50));
  buffer.append(chunk, start, length, 30);
  expect(gathered(buffer)).toEqual([1, 2, 3, 4, ...filled(length - start, 50 + start)]);
});

test("what came first moves along when more comes than there is room for", () => {
  const buffer = new ReceiveBuffer((length) => new Uint8Array(length).fill(0xee));
  buffer.append(filled(4, 1), 0, 4, 4);
  buffer.append(filled(10, 3), 2, 10, 2000);
  expect(gathered(buffer)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  const rest = new Uint8Array(1500).fill(7);
  buffer.append(rest, 0, rest.length, 2000);
  expect(gathered(buffer)).toEqual([...filled(12, 1), ...rest]);
});
