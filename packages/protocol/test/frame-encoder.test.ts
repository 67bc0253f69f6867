import {
  BufferPool,
  EncodeError,
  FrameDecoder,
  FrameEncoder,
  type FrameEncoderOptions,
  MsgpackCodec,
  PacketTooLargeError,
} from "@peng3dnet/protocol";
import fc from "fast-check";
import { BODY_NEEDS_EXACTNESS, BodyCheck } from "../src/body-check.js";
import { cutAt, delivered, sendable } from "./support/arbitraries.js";
import { concat, hex, packet } from "./support/bytes.js";
import { zlib } from "./support/zlib.js";

const make = (options: Partial<FrameEncoderOptions> = {}): FrameEncoder =>
  new FrameEncoder({
    codec: new MsgpackCodec(),
    pool: new BufferPool(),
    limit: 2 ** 20,
    inflatedLimit: 2 ** 22,
    compression: zlib,
    threshold: 8192,
    ...options,
  });

test("any ids and values, in any pieces, through decoder, check and codec", () => {
  const codec = new MsgpackCodec();
  const check = new BodyCheck();
  const messages = fc.array(fc.tuple(fc.integer({ min: 0, max: 0xffffffff }), sendable), { maxLength: 8 });
  fc.assert(
    fc.property(
      messages,
      fc.array(fc.nat(), { maxLength: 10 }),
      fc.constantFrom(0, 50, 8192),
      (wanted, cuts, threshold) => {
        const encoder = make({ threshold });
        for (const [id, value] of wanted) encoder.encode(id, value);
        const decoder = new FrameDecoder(2 ** 20);
        const got: [number, unknown][] = [];
        for (const chunk of cutAt(encoder.view(), cuts)) {
          decoder.push(chunk);
          while (decoder.next()) {
            const stored = decoder.bytes.slice(decoder.start + 6, decoder.end);
            const body = decoder.flags === 1 ? zlib.inflate(stored, 2 ** 22) : stored;
            expect(decoder.flags).toBe(body.length > threshold ? 1 : 0);
            const big = (check.check(body, 0, body.length) & BODY_NEEDS_EXACTNESS) !== 0;
            got.push([decoder.id, codec.decode(body, big)]);
          }
        }
        expect(got).toEqual(wanted.map(([id, value]) => [id, delivered(value)]));
      },
    ),
    { numRuns: 300 },
  );
});

test("packets stand one behind the other, whatever their length", () => {
  const encoder = make({ compression: undefined });
  const parts: Uint8Array[] = [];
  for (const size of [0, 1, 46, 47, 48, 49, 255, 40_000, 3, 100_000, 0]) {
    encoder.encode(64, "x".repeat(size));
    parts.push(encoder.last().slice());
    expect(encoder.lastStart + parts.at(-1)!.length).toBe(encoder.length);
  }
  expect(hex(encoder.view())).toBe(hex(concat(...parts)));
  expect(hex(parts[1] as Uint8Array)).toBe(hex(packet(64, "a178")));
  expect(parts.map(({ length }) => length)).toEqual([11, 12, 58, 59, 60, 61, 267, 40_013, 14, 100_015, 11]);
});

test("append and undo", () => {
  const encoder = make();
  encoder.encode(1, "a");
  encoder.append(packet(2, "c0"));
  expect(hex(encoder.last())).toBe(hex(packet(2, "c0")));
  encoder.undo();
  encoder.encode(3, true);
  expect(hex(encoder.view())).toBe(hex(concat(packet(1, "a161"), packet(3, "c3"))));
});

describe("compression", () => {
  // A text of n bytes has a header of three.
  const flagsOf = (encoder: FrameEncoder): number => encoder.last()[9] as number;

  test("for bodies longer than the threshold, and for these only", () => {
    const encoder = make();
    for (const [size, flags] of [
      [8188, 0],
      [8189, 0],
      [8190, 1],
    ] as const) {
      encoder.encode(64, "x".repeat(size));
      expect(flagsOf(encoder)).toBe(flags);
    }
  });

  test("not where there is none", () => {
    const encoder = make({ compression: undefined });
    encoder.encode(64, "x".repeat(9000));
    expect([flagsOf(encoder), encoder.length]).toEqual([0, 9013]);
  });
});

describe("limits", () => {
  const tooLarge = (length: number, limit: number) =>
    expect.objectContaining({ direction: "out", length, limit });

  test("of the packet: at the limit it passes, one more is refused, and nothing is written", () => {
    const encoder = make({ limit: 100, compression: undefined });
    encoder.encode(64, "x".repeat(92));
    const before = hex(encoder.view());
    expect(before).toHaveLength(208);
    expect(() => encoder.encode(64, "x".repeat(93))).toThrow(PacketTooLargeError);
    expect(() => encoder.encode(64, "x".repeat(93))).toThrow(tooLarge(101, 100));
    expect(hex(encoder.view())).toBe(before);
  });

  test("of the packet counts compressed", () => {
    const encoder = make({ limit: 100, threshold: 0 });
    encoder.encode(64, "x".repeat(5000));
    expect(encoder.length).toBeLessThan(110);
  });

  test("of the body before compression", () => {
    const encoder = make({ inflatedLimit: 9000 });
    encoder.encode(64, "x".repeat(8997));
    const { length } = encoder;
    expect(() => encoder.encode(64, "x".repeat(8998))).toThrow(tooLarge(9001, 9000));
    expect(encoder.length).toBe(length);
  });

  test("what cannot be encoded leaves nothing behind", () => {
    const encoder = make();
    expect(() => encoder.encode(64, new Map())).toThrow(EncodeError);
    expect(encoder.length).toBe(0);
  });
});

describe("the output buffer", () => {
  test("is borrowed from the pool while there is something to send", () => {
    const pool = new BufferPool();
    const [first, second] = [make({ pool }), make({ pool })];
    expect(first.bytes).toHaveLength(0);
    first.encode(64, 1);
    const borrowed = first.bytes;
    second.encode(64, 2);
    expect(second.bytes).not.toBe(borrowed);
    first.reset(true);
    expect([first.length, first.bytes.length]).toEqual([0, 0]);
    first.encode(64, 3);
    expect(first.bytes).toBe(borrowed);
  });

  test("is not reused while somebody reads it", () => {
    const encoder = make();
    encoder.encode(64, "first");
    const view = encoder.view();
    const content = hex(view);
    encoder.reset(false);
    encoder.encode(64, "other");
    expect(hex(view)).toBe(content);
  });

  test("grows by doubling, and gives the smaller one back", () => {
    const pool = new BufferPool();
    const encoder = make({ pool, compression: undefined });
    encoder.encode(64, 1);
    const small = encoder.bytes;
    encoder.encode(64, "x".repeat(40_000));
    expect(encoder.bytes.length).toBeGreaterThanOrEqual(2 * small.length);
    expect(pool.acquire(1)).toBe(small);
    expect(hex(encoder.view().subarray(0, 11))).toBe(hex(packet(64, "01")));
  });

  test("the pool keeps a few buffers of the usual length, and no others", () => {
    const pool = new BufferPool();
    const long = pool.acquire(100_000);
    expect(long.length).toBeGreaterThanOrEqual(100_000);
    pool.release(long);
    expect(pool.acquire(100_000)).not.toBe(long);
    const buffers = Array.from({ length: 20 }, () => pool.acquire(10));
    expect(new Set(buffers).size).toBe(20);
    for (const buffer of buffers) pool.release(buffer);
    const again = Array.from({ length: 20 }, () => pool.acquire(10));
    expect(again.filter((buffer) => buffers.includes(buffer))).toHaveLength(16);
  });
});
