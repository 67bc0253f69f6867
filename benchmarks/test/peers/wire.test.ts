import type { WireTuning } from "../../src/peers/wire/format.js";
import { FrameReader } from "../../src/peers/wire/frame-reader.js";
import { FrameWriter } from "../../src/peers/wire/frame-writer.js";

const TUNINGS: WireTuning[] = [
  { flushBytes: 64, flushPackets: 4, encode: "copy", decode: "single" },
  { flushBytes: 8192, flushPackets: 16, encode: "copy", decode: "batch" },
  { flushBytes: 8192, flushPackets: Number.POSITIVE_INFINITY, encode: "inPlace", decode: "inPlace" },
];
const MESSAGES = [
  { i: 0, s: "hello" },
  { i: 1, data: new Uint8Array(300).fill(7) },
  { i: 2, list: [1.5, null, true, "é".repeat(200)] },
  { i: 3, data: new Uint8Array(100_000).fill(9) },
  { i: 4, s: "last" },
];

function write(tuning: WireTuning): Buffer {
  const written: Buffer[] = [];
  const writer = new FrameWriter(
    {
      writableLength: 0,
      write(data) {
        written.push(Buffer.from(data));
        return true;
      },
    },
    tuning,
  );
  MESSAGES.forEach((message, index) => {
    writer.send(1000 + index, message);
  });
  writer.finish();
  return Buffer.concat(written);
}

describe.each(TUNINGS)("%j", (tuning) => {
  test.each([1, 3, 10, 17, 1000, 65_536, 1_000_000])("packets come through in reads of %i bytes", (size) => {
    const bytes = write(tuning);
    const received: [number, unknown][] = [];
    const reader = new FrameReader((id, value) => received.push([id, structuredClone(value)]), tuning, false);
    for (let pos = 0; pos < bytes.length; pos += size) {
      reader.read(Buffer.from(bytes.subarray(pos, pos + size)));
    }
    expect(received.map(([id]) => id)).toEqual(MESSAGES.map((_, index) => 1000 + index));
    expect(JSON.stringify(received.map(([, value]) => value))).toBe(JSON.stringify(MESSAGES));
  });
});

test("a length that cannot be is refused", () => {
  const reader = new FrameReader(() => undefined, TUNINGS[1] as WireTuning, false);
  expect(() => reader.read(Buffer.from([0, 0, 0, 5]))).toThrow("a packet of 5 bytes");
  expect(() => reader.read(Buffer.from([255, 0, 0, 0]))).toThrow("a packet of");
});
