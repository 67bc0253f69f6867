// A value is the same on the wire wherever the buffers end that it is written into.

import { BufferPool, FrameEncoder, ValueCodec, ValueWriter } from "@peng3dnet/protocol";
import { concat, hex } from "../../support/bytes.js";

const map = (length: number): object =>
  Object.fromEntries(Array.from({ length }, (_, index) => [`k${index}`, 1.5]));

/** Values whose parts take all the room that they ask for, so that a buffer may be full to the last byte. */
const values: readonly (readonly [string, unknown])[] = [
  ["a map behind a float", [1.5, {}]],
  ["maps within maps", { a: 1.5, b: { a: 1.5, b: { a: 1.5 } } }],
  ["a map whose head grows", map(16)],
  ["one behind a float", [1.5, map(17)]],
  ["one in another one", { ...map(15), last: { ...map(15), last: 1.5 } }],
  ["an array behind a float", [1.5, [], Array(20).fill(1.5)]],
  ["all that takes a byte", [1.5, true, 1.5, null, 1.5, undefined, 1.5, -1]],
  [
    "integers of all lengths",
    [1.5, 200, 1.5, 60_000, 1.5, 70_000, 1.5, 2 ** 40, 1.5, -200, -70_000, -(2 ** 40)],
  ],
  ["integers of 64 bits", [1.5, 2n ** 63n, -(2n ** 63n)]],
  ["binary values", [1.5, new Uint8Array(3), 1.5, new Uint8Array(300), 1.5, new Uint8Array(70_000)]],
  ["texts", [1.5, "", 1.5, "a", "é".repeat(20), "é".repeat(50), "한".repeat(200), "a".repeat(70_000)]],
];

function written(value: unknown, room: number): string {
  const writer = new ValueWriter();
  const bytes = new Uint8Array(room).fill(0xc1);
  writer.write(value, bytes, 0, 0);
  return hex(writer.bytes.subarray(writer.start, writer.end));
}

test.each(values)("%s: a buffer of any length to begin with", (_name, value) => {
  const expected = hex(new ValueCodec().encode(value));
  const most = expected.length / 2 + 12;
  // A long value has no more places where something is full, but in its first and last bytes.
  for (let room = 0; room <= most; room = room === 700 && most > 1500 ? Math.ceil(most - 700) : room + 1) {
    if (written(value, room) !== expected) throw new Error(`it is another one in a buffer of ${room} bytes`);
  }
});

const filler = (length: number): Uint8Array => new Uint8Array(length).fill(0x61);

// The lengths of the buffers that output is written into.
test.each([2048, 32 * 1024])("%d bytes: packets that end, or have a map, where a buffer ends", (length) => {
  const codec = new ValueCodec();
  for (const rest of [[1.5, {}], [1.5, map(16)], map(16)]) {
    for (let n = length - 600; n <= length; n++) {
      const encoder = new FrameEncoder({
        writer: new ValueWriter(),
        pool: new BufferPool(),
        limit: 2 ** 20,
        inflatedLimit: 2 ** 20,
        compression: undefined,
        threshold: 2 ** 20,
      });
      // In pieces, since a long one would get a buffer made to measure.
      const before = Array.from({ length: Math.ceil(n / 1000) }, (_, index) =>
        filler(Math.min(1000, n - 1000 * index)),
      );
      const value = Array.isArray(rest) ? [...before, ...rest] : { ...before, ...rest };
      encoder.encode(64, value);
      const parts: Uint8Array[] = [];
      while (encoder.length > 0) {
        parts.push(encoder.view().slice());
        encoder.taken(true);
      }
      const body = concat(...parts).subarray(10);
      if (Buffer.compare(body, codec.encode(value)) !== 0)
        throw new Error(`it is another one with ${n} bytes before`);
    }
  }
});
