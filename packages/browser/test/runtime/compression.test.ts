// Compression refuses what Node's zlib refuses, and makes nothing beyond its limit.

import { constants, deflateRawSync, deflateSync, inflateSync } from "node:zlib";
import { BadDataError, browserPlatform, type Compression, DecompressLimitError } from "@peng3dnet/browser";
import { nodePlatform } from "@peng3dnet/core";
import fc from "fast-check";

const LIMIT = 1 << 20;
const RUNS = { numRuns: 1000 };

function compression(level: number): Compression {
  return browserPlatform.compression(level) as Compression;
}

const { inflate } = compression(-1);
const byNode = (nodePlatform.compression(-1) as Compression).inflate;

/** What a call returns, or the code of what it throws. */
function outcome(call: () => Uint8Array): string {
  try {
    return Buffer.from(call()).toString("hex");
  } catch (error) {
    return (error as { code: string }).code;
  }
}

/** Bytes with repetitions, long and short, as packets have them. */
const bytes = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc
        .tuple(fc.uint8Array({ minLength: 1, maxLength: 8 }), fc.integer({ min: 1, max: 300 }))
        .map(([piece, times]) =>
          Uint8Array.from({ length: piece.length * times }, (_, at) => piece[at % piece.length] ?? 0),
        ),
      fc.string({ maxLength: 300 }).map((text) => new Uint8Array(Buffer.from(text))),
    ),
    { maxLength: 12 },
  )
  .map((parts) => new Uint8Array(Buffer.concat(parts)));

const strategies = [
  constants.Z_DEFAULT_STRATEGY,
  constants.Z_HUFFMAN_ONLY,
  constants.Z_RLE,
  constants.Z_FIXED,
];
const streams = fc
  .tuple(
    bytes,
    fc.integer({ min: 0, max: 9 }),
    fc.constantFrom(...strategies),
    fc.integer({ min: 9, max: 15 }),
  )
  .map(([content, level, strategy, windowBits]) =>
    Uint8Array.from(deflateSync(content, { level, strategy, windowBits })),
  );

test("what it deflates at any level, Node inflates to the same bytes", () => {
  fc.assert(
    fc.property(bytes, fc.integer({ min: -1, max: 9 }), (content, level) => {
      const deflated = compression(level).deflate(content);
      expect(Buffer.from(inflateSync(deflated)).equals(content)).toBe(true);
      expect(deflated.buffer.byteLength).toBe(deflated.length);
    }),
    { numRuns: 300 },
  );
});

test("what Node deflates, it inflates to the same bytes, in a buffer of their own", () => {
  fc.assert(
    fc.property(streams, (stream) => {
      const inflated = inflate(stream, LIMIT);
      expect(Buffer.from(inflateSync(stream)).equals(inflated)).toBe(true);
      expect(inflated.buffer.byteLength).toBe(inflated.length);
    }),
    RUNS,
  );
});

test("a stream with bits turned is refused exactly when Node refuses it, with the same error", () => {
  fc.assert(
    fc.property(
      streams,
      fc.array(fc.tuple(fc.nat(), fc.nat(7)), { minLength: 1, maxLength: 3 }),
      (stream, flips) => {
        const broken = Uint8Array.from(stream);
        for (const [at, bit] of flips)
          broken[at % broken.length] = (broken[at % broken.length] ?? 0) ^ (1 << bit);
        expect(outcome(() => inflate(broken, LIMIT))).toBe(outcome(() => byNode(broken, LIMIT)));
      },
    ),
    RUNS,
  );
});

/** The checksum of a zlib stream. */
function adler(content: Uint8Array): number[] {
  let a = 1;
  let b = 0;
  for (const byte of content) {
    a = (a + byte) % 65_521;
    b = (b + a) % 65_521;
  }
  return [b >> 8, b & 255, a >> 8, a & 255];
}

test("whatever the blocks are made of, it goes by Node's zlib, also where the checksum would be right", () => {
  const raw = fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 80 }),
    bytes.map((content) => Uint8Array.from(deflateRawSync(content))),
  );
  const mistakes = fc.array(fc.tuple(fc.nat(39), fc.nat(7)), { maxLength: 2 });
  fc.assert(
    fc.property(raw, mistakes, fc.uint8Array({ maxLength: 30 }), (blocks, flips, content) => {
      const broken = Uint8Array.from(blocks);
      for (const [at, bit] of flips) {
        if (at < broken.length) broken[at] = (broken[at] ?? 0) ^ (1 << bit);
      }
      for (const sum of [adler(content), [0, 0, 0, 1]]) {
        const stream = Uint8Array.from([0x78, 0x9c, ...broken, ...sum]);
        expect(outcome(() => inflate(stream, LIMIT))).toBe(outcome(() => byNode(stream, LIMIT)));
      }
    }),
    { numRuns: 1000 },
  );
});

test("a stored block whose length is not confirmed is refused, though its checksum is right", () => {
  const content = Uint8Array.from([1, 2, 3]);
  const stream = Uint8Array.from([0x78, 0x01, 1, 3, 0, 0xfc, 0xff, ...content, ...adler(content)]);
  expect(inflate(stream, LIMIT)).toEqual(content);
  stream[5] = 0xfd;
  expect(() => inflate(stream, LIMIT)).toThrow(BadDataError);
  expect(() => byNode(stream, LIMIT)).toThrow(BadDataError);
});

test("a distance that leads before the beginning is refused, though its checksum would be right", () => {
  // Fixed codes: three bytes from one byte back, where there is none, and the end.
  const stream = Uint8Array.from([0x78, 0x01, 0x03, 0x02, 0, ...adler(new Uint8Array(3))]);
  expect(() => inflate(stream, LIMIT)).toThrow("a distance is too large");
  expect(() => byNode(stream, LIMIT)).toThrow(BadDataError);
});

/** Packs bits; those of numbers go from the last one on. */
class Bits {
  readonly #all: number[] = [];

  number(value: number, count: number): this {
    for (let bit = 0; bit < count; bit++) this.#all.push((value >> bit) & 1);
    return this;
  }

  bytes(): number[] {
    const bytes: number[] = [];
    for (let at = 0; at < this.#all.length; at += 8)
      bytes.push(this.#all.slice(at, at + 8).reduce((byte, bit, index) => byte | (bit << index), 0));
    return bytes;
  }
}

test.each([
  ["one code of one bit, as some libraries make it", 1, "6161"],
  ["one code of two bits", 2, "P3D_ERR_BAD_DATA"],
])("of distances, %s is treated as Node does", (_name, length, expected) => {
  const bits = new Bits().number(1, 1).number(2, 2).number(0, 5).number(0, 5).number(14, 4);
  // Lengths travel as 1 (code 0), 2 (code 10) and a run of zeros, 18 (code 11).
  const ofLengths = [0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1];
  for (const each of ofLengths) bits.number(each, 3);
  const zeros = (count: number): unknown => bits.number(3, 2).number(count - 11, 7);
  zeros(97);
  bits.number(0, 1);
  zeros(138);
  zeros(20);
  bits.number(0, 1);
  if (length === 1) bits.number(0, 1);
  else bits.number(1, 2);
  // "aa", and the end.
  bits.number(0, 2).number(1, 1);
  const stream = Uint8Array.from([0x78, 0x01, ...bits.bytes(), ...adler(Buffer.from("aa"))]);
  expect(outcome(() => byNode(stream, LIMIT))).toBe(expected);
  expect(outcome(() => inflate(stream, LIMIT))).toBe(expected);
});

test("a stream that is cut anywhere, or that something follows, is refused", () => {
  const stream = Uint8Array.from(deflateSync(Buffer.from("a text that is a text ".repeat(20))));
  for (let end = 0; end < stream.length; end++)
    expect(() => inflate(stream.subarray(0, end), LIMIT)).toThrow(BadDataError);
  const longer = Uint8Array.from([...stream, 0]);
  expect(() => inflate(longer, LIMIT)).toThrow("1 bytes follow the zlib stream in a body");
});

test("exactly the limit passes, one byte more does not, and the error names the option", () => {
  const stream = Uint8Array.from(deflateSync(new Uint8Array(100_000)));
  expect(inflate(stream, 100_000)).toHaveLength(100_000);
  expect(() => inflate(stream, 99_999)).toThrow(DecompressLimitError);
  expect(() => inflate(stream, 99_999)).toThrow("net.limits.inflated");
});

test("a stream that would inflate to gigabytes is given up at the limit", () => {
  // 64 MiB of zeros.
  const bomb = deflateSync(new Uint8Array(64 * 1024 * 1024));
  const made: number[] = [];
  const { Uint8Array: Original } = globalThis;
  const counting = new Proxy(Original, {
    construct(target, args: [number], newTarget) {
      if (typeof args[0] === "number") made.push(args[0]);
      return Reflect.construct(target, args, newTarget) as object;
    },
  });
  globalThis.Uint8Array = counting;
  try {
    expect(() => inflate(new Original(bomb), 65_536)).toThrow(DecompressLimitError);
  } finally {
    globalThis.Uint8Array = Original;
  }
  expect(Math.max(...made)).toBeLessThanOrEqual(65_536);
});
