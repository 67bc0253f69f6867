// What is kept of a stream, against the stream itself.

import fc from "fast-check";
import { KeptBytes } from "../../src/resume/kept-bytes.js";

/** Packets of these lengths, prefix included, one behind the other. */
function stream(lengths: readonly number[]): { readonly bytes: Uint8Array; readonly starts: number[] } {
  const bytes = new Uint8Array(lengths.reduce((sum, length) => sum + length, 0));
  const starts: number[] = [];
  let at = 0;
  for (const [index, length] of lengths.entries()) {
    starts.push(at);
    bytes.fill(index % 251, at, at + length);
    new DataView(bytes.buffer).setUint32(at, length - 4);
    at += length;
  }
  return { bytes, starts };
}

/** All that is kept from an offset on, however it lies. */
function readFrom(kept: KeptBytes, offset: number): Uint8Array {
  const pieces: Uint8Array[] = [];
  for (let at = offset; at < kept.end; ) {
    const piece = kept.view(at);
    if (piece.length === 0) throw new Error(`nothing is kept at ${at}`);
    pieces.push(piece);
    at += piece.length;
  }
  return Buffer.concat(pieces);
}

/** As `toEqual`, which takes very long for so many bytes. */
function same(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0;
}

/** How many packets have bytes behind an offset. */
function packetsBehind(starts: readonly number[], offset: number, end: number): number {
  return starts.filter((start, i) => start < end && Math.min(end, starts[i + 1] ?? end) > offset).length;
}

const OFFSET = 12_345;

test.each([1, 3, 10, 100, 1000, 1023, 1024, 1025, 5000])(
  "a stream in pieces of %d bytes is given back from every offset",
  (piece) => {
    const { bytes, starts } = stream(Array.from({ length: 60 }, (_, i) => 10 + ((i * 37) % 150)));
    const kept = new KeptBytes(OFFSET);
    for (let at = 0; at < bytes.length; at += piece)
      kept.append(bytes.subarray(at, at + piece), starts.includes(at));
    expect([kept.start, kept.end, kept.length]).toEqual([OFFSET, OFFSET + bytes.length, bytes.length]);
    for (let offset = 0; offset < bytes.length; offset++)
      if (!same(readFrom(kept, OFFSET + offset), bytes.subarray(offset))) throw new Error(`at ${offset}`);
    expect(kept.view(kept.end)).toHaveLength(0);
  },
);

test("packets are counted exactly, whatever was appended at once and acknowledged before", () => {
  const length = fc.oneof(
    { weight: 4, arbitrary: fc.integer({ min: 10, max: 40 }) },
    fc.integer({ min: 10, max: 900 }),
    fc.integer({ min: 1000, max: 70_000 }),
  );
  const batches = fc.array(fc.array(length, { minLength: 1, maxLength: 60 }), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(
      batches,
      fc.array(fc.nat(1000), { maxLength: 6 }),
      fc.integer({ min: 1, max: 5 }),
      (sizes, places, slices) => {
        const { bytes, starts } = stream(sizes.flat());
        const kept = new KeptBytes(OFFSET);
        let at = 0;
        for (const batch of sizes) {
          const end = at + batch.reduce((sum, one) => sum + one, 0);
          // As a long piece of output is handed over: in slices, of which the first one alone is known to begin a packet.
          const slice = Math.ceil((end - at) / slices);
          for (let from = at; from < end; from += slice)
            kept.append(bytes.subarray(from, Math.min(end, from + slice)), from === at);
          at = end;
        }
        let released = 0;
        for (const place of places) {
          const offset = Math.floor((bytes.length * place) / 1000);
          if (offset < released) continue;
          released = offset;
          kept.release(OFFSET + offset);
          expect(kept.packetsFrom(OFFSET + offset)).toBe(packetsBehind(starts, offset, bytes.length));
          expect(same(readFrom(kept, OFFSET + offset), bytes.subarray(offset))).toBe(true);
        }
      },
    ),
    { seed: 5, numRuns: 300 },
  );
});

test("output that fills its buffer is kept as it is, and not given back for another use", () => {
  const kept = new KeptBytes(0);
  const { bytes } = stream([2000, 2000]);
  expect(kept.append(bytes, true)).toBe(false);
  expect(kept.view(10).buffer).toBe(bytes.buffer);
  expect(kept.held).toBe(4000);
  // A part of a buffer is copied, as somebody else may have the rest, and so is what is short.
  const part = stream([2000, 2000]).bytes.subarray(0, 2000);
  expect(kept.append(part, true)).toBe(true);
  const short = Uint8Array.from([0, 0, 0, 6, 1, 2, 3, 4, 5, 6]);
  expect(kept.append(short, true)).toBe(true);
  part.fill(0xff);
  short.fill(0xff);
  expect(kept.view(4000)[3]).toBe(1996 & 0xff);
  expect(kept.packetsFrom(0)).toBe(4);
});

test("what is appended at once lies together if it is short, and little memory is left unused for that", () => {
  const kept = new KeptBytes(0);
  const lengths = Array.from({ length: 3000 }, (_, i) => 200 + ((i * 37) % 800));
  const { bytes, starts } = stream(lengths);
  for (const [i, at] of starts.entries()) kept.append(bytes.subarray(at, at + (lengths[i] as number)), true);
  // The first blocks are short.
  for (const [i, at] of starts.entries())
    if (at > 16_384) expect(kept.view(at).length).toBeGreaterThanOrEqual(lengths[i] as number);
  expect(kept.held).toBeLessThan(1.02 * bytes.length + 64 * 1024);
  const long = new KeptBytes(0);
  const part = stream([40_000, 10]).bytes.subarray(0, 40_000);
  for (let i = 0; i < 20; i++) long.append(part, true);
  expect(long.held).toBeLessThan(long.length + 64 * 1024);
});

test("what is acknowledged is freed, in blocks", () => {
  const kept = new KeptBytes(0);
  const { bytes } = stream(Array.from({ length: 20_000 }, () => 20));
  for (let at = 0; at < bytes.length; at += 20) kept.append(bytes.subarray(at, at + 20), true);
  expect(kept.held).toBeGreaterThanOrEqual(400_000);
  expect(kept.held).toBeLessThan(400_000 + 64 * 1024);
  kept.release(200_010);
  expect(kept.length).toBe(199_990);
  expect(kept.held).toBeLessThan(200_000 + 2 * 64 * 1024);
  kept.clear();
  expect([kept.length, kept.held]).toEqual([0, 0]);
});

test("after all was forgotten, what is short is kept as ever", () => {
  const kept = new KeptBytes(0);
  const { bytes, starts } = stream([50, 60, 70]);
  kept.append(bytes.subarray(0, 50), true);
  kept.clear();
  kept.append(bytes.subarray(50), true);
  expect(same(readFrom(kept, 50), bytes.subarray(50))).toBe(true);
  expect([kept.packetsFrom(50), kept.packetsFrom(starts[2] as number)]).toEqual([2, 1]);
});

test("after all was forgotten, within a packet, the rest is kept and freed as ever", () => {
  const kept = new KeptBytes(0);
  const { bytes } = stream([200_000, 50, 60]);
  kept.append(bytes.subarray(0, 100_000), true);
  kept.clear();
  expect([kept.start, kept.end, kept.held]).toEqual([100_000, 100_000, 0]);
  kept.append(bytes.subarray(100_000, 200_000), false);
  kept.append(bytes.subarray(200_000), true);
  expect(kept.packetsFrom(199_999)).toBe(3);
  kept.release(199_999);
  expect(kept.held).toBeLessThanOrEqual(2 * 64 * 1024);
  expect(kept.packetsFrom(200_000)).toBe(2);
});

test("blocks that are freed are given back to the pool, but for those that were sent again", () => {
  const lent: Uint8Array[] = [];
  const back: Uint8Array[] = [];
  const pool = {
    acquire: (size: number): Uint8Array => {
      lent.push(new Uint8Array(size));
      return lent.at(-1) as Uint8Array;
    },
    release: (bytes: Uint8Array): void => void back.push(bytes),
  };
  const kept = new KeptBytes(0, pool);
  const { bytes } = stream(Array.from({ length: 25_000 }, () => 20));
  for (let at = 0; at < bytes.length; at += 20) kept.append(bytes.subarray(at, at + 20), true);
  expect(lent.length).toBeGreaterThan(5);
  // Somebody still has the block that this is a view of, e.g. a socket that is about to send it.
  const sent = kept.view(200_000).buffer;
  expect(lent.map(({ buffer }) => buffer)).toContain(sent);
  kept.release(300_000);
  expect(back.length).toBeGreaterThan(0);
  expect(back.map(({ buffer }) => buffer)).not.toContain(sent);
  kept.clear();
  expect(new Set(back).size).toBe(back.length);
  expect(back).toHaveLength(lent.length - 1);
});

test("little that is sent between long packets, again and again, holds little memory", () => {
  // What the pool has left may be longer than what is asked for.
  const pool = { acquire: (size: number) => new Uint8Array(4 * size), release: (): void => {} };
  const kept = new KeptBytes(0, pool);
  const little = stream([20]).bytes;
  for (let i = 0; i < 30; i++) {
    kept.append(little, true);
    kept.append(stream([33 * 1024]).bytes, true);
  }
  expect(kept.held).toBeLessThan(1.1 * kept.length);
});

describe("once little is left of a long block", () => {
  const { bytes, starts } = stream([5000, 300, 100, 50, 200, 70, 400, 3000, 30]);
  const SENT = 5650;

  test.each([1, 7, 1000])(
    "it is given back from every offset, with what follows, in pieces of %d",
    (piece) => {
      for (let released = 4900; released <= SENT; released++) {
        const kept = new KeptBytes(0);
        for (let at = 0; at < SENT; at += piece)
          kept.append(bytes.subarray(at, Math.min(SENT, at + piece)), starts.includes(at));
        kept.release(released);
        kept.append(bytes.subarray(SENT), true);
        for (let offset = released; offset < bytes.length; offset += 13) {
          if (!same(readFrom(kept, offset), bytes.subarray(offset)))
            throw new Error(`at ${offset} of ${released}`);
          const packets = kept.packetsFrom(offset);
          if (packets !== packetsBehind(starts, offset, bytes.length))
            throw new Error(`${packets} packets at ${offset} of ${released}`);
        }
      }
    },
  );

  test("it does not hold that block, which goes to the pool", () => {
    const back: Uint8Array[] = [];
    const pool = {
      acquire: (size: number) => new Uint8Array(size),
      release: (one: Uint8Array) => void back.push(one),
    };
    const kept = new KeptBytes(0, pool);
    for (let at = 0; at < 400_000; at += 20) kept.append(stream([20]).bytes, true);
    kept.append(stream([11]).bytes, true);
    kept.release(400_000);
    expect([kept.length, kept.held]).toEqual([11, 1024]);
    expect(back.length).toBeGreaterThan(5);
    expect(new Set(back).size).toBe(back.length);
  });
});
