// What a connection keeps of frames that are not there to their end.

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { type FrameHandler, FrameReader } from "../../src/transport/frame-reader.js";
import { frame } from "../support/http.js";

setFlagsFromString("--expose-gc");
const gc = runInNewContext("gc") as () => void;

const deaf: FrameHandler = {
  piece() {},
  empty() {},
  pinged() {},
  ponged() {},
  closeFrame() {},
  violated() {},
};
const time = { spent: false, after() {} };

/** Bytes of all buffers that something still holds. Other threads free them: it looks again until they are at most `most`. */
async function used(most: number, rounds: number): Promise<number> {
  let bytes = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds && bytes > most; round++) {
    gc();
    await new Promise(setImmediate);
    bytes = process.memoryUsage().arrayBuffers;
  }
  return bytes;
}

test("of the beginning of a frame that beginning is kept, not all that was read with it", async () => {
  const pongs = Buffer.concat([...Array.from({ length: 10_000 }, () => frame(0x8a)), Uint8Array.of(0x82)]);
  const before = await used(0, 5);
  const readers = Array.from({ length: 200 }, () => {
    const reader = new FrameReader(deaf, time, 1000, true);
    // As a socket hands it over: in memory of its own.
    const chunk = Buffer.allocUnsafeSlow(pongs.length);
    pongs.copy(chunk);
    expect(reader.read(chunk)).toBe(pongs.length);
    return reader;
  });
  const most = readers.length * 4096;
  expect((await used(before + most, 50)) - before).toBeLessThan(most);
});
