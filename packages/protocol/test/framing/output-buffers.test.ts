// Which buffers output lies in: what leaves in one piece, and which buffers are given back to the pool, and when.

import {
  BufferPool,
  FrameEncoder,
  type FrameEncoderOptions,
  PacketTooLargeError,
  ValueCodec,
  ValueWriter,
} from "@peng3dnet/protocol";
import { POOLED_LENGTH, SHORT_LENGTH } from "../../src/framing/buffer-pool.js";
import { SharedOutput } from "../../src/framing/shared-output.js";
import { concat, hex, packet } from "../support/bytes.js";
import { zlib } from "../support/zlib.js";

/** Length of a packet without a body, with its length prefix. */
const PREAMBLE = 10;

/** Encoders of one peer, and the pool that they share. */
class Peer {
  readonly pool = new BufferPool();
  readonly writer = new ValueWriter(undefined, undefined, this.pool);
  readonly sharedOutput = new SharedOutput();

  encoder(options: Partial<FrameEncoderOptions> = {}): FrameEncoder {
    const { pool, writer, sharedOutput } = this;
    return new FrameEncoder({
      pool,
      writer,
      sharedOutput,
      limit: 2 ** 20,
      inflatedLimit: 2 ** 22,
      compression: undefined,
      threshold: 2 ** 20,
      ...options,
    });
  }
}

/** Lengths of the pieces that output is handed over in; what is unsent has to shrink by each. */
function pieces(encoder: FrameEncoder): number[] {
  const lengths: number[] = [];
  while (encoder.length > 0) {
    const before = encoder.length;
    const { length } = encoder.view();
    lengths.push(length);
    encoder.taken(true);
    expect(encoder.length).toBe(before - length);
  }
  return lengths;
}

function take(encoder: FrameEncoder): string {
  const parts: Uint8Array[] = [];
  while (encoder.length > 0) {
    parts.push(encoder.view().slice());
    encoder.taken(true);
  }
  return hex(concat(...parts));
}

/** A packet of so many bytes on the wire. */
const ofLength = (length: number, id = 64): Uint8Array => packet(id, new Uint8Array(length - PREAMBLE));
const bodyOf = (value: unknown): Uint8Array => new ValueCodec().encode(value).slice();
/** A text whose packet has so many bytes on the wire: more than 265, less than 65,549. */
const textOf = (length: number): string => "x".repeat(length - PREAMBLE - 3);

describe("in one piece", () => {
  test.each([
    [SHORT_LENGTH, SHORT_LENGTH],
    [SHORT_LENGTH + 1, POOLED_LENGTH],
    [POOLED_LENGTH, POOLED_LENGTH],
  ])("what comes to %d bytes, in a buffer of %d", (total, length) => {
    // The first one is the connection's own.
    const encoder = new Peer().encoder();
    encoder.encode(64, textOf(300));
    encoder.append(ofLength(total - 300));
    expect(encoder.view().buffer.byteLength).toBe(length);
    expect(pieces(encoder)).toEqual([total]);
  });

  test("what fills a buffer of the usual length to its last byte", () => {
    const encoder = new Peer().encoder();
    for (const length of [300, 5000]) encoder.encode(64, textOf(length));
    const { buffer } = encoder.view();
    encoder.append(ofLength(POOLED_LENGTH - 5300));
    expect(encoder.view().buffer).toBe(buffer);
    expect(pieces(encoder)).toEqual([POOLED_LENGTH]);
  });

  test("packets of a codec, in a buffer that they fit exactly", () => {
    const encoder = new Peer().encoder({ codec: new ValueCodec() });
    encoder.encode(64, textOf(SHORT_LENGTH));
    expect(encoder.view().buffer.byteLength).toBe(SHORT_LENGTH);
    expect(pieces(encoder)).toEqual([SHORT_LENGTH]);
    encoder.encode(64, textOf(POOLED_LENGTH));
    expect(encoder.view().buffer.byteLength).toBe(POOLED_LENGTH);
  });

  test("little that waits and what is too long for its buffer", () => {
    const growing = new Peer().encoder();
    growing.encode(64, textOf(1000));
    growing.encode(64, [textOf(1500), 1]);
    expect(pieces(growing)).toHaveLength(1);
    const plugged = new Peer().encoder({ codec: new ValueCodec() });
    plugged.encode(64, textOf(1000));
    plugged.encode(64, textOf(40_000));
    expect(pieces(plugged)).toEqual([41_000]);
  });

  test("what is compressed, and what waits before it", () => {
    const encoder = new Peer().encoder({ compression: zlib, threshold: 1000 });
    encoder.encode(64, textOf(300));
    encoder.encode(64, textOf(5000));
    const { length } = encoder;
    expect(length).toBeLessThan(400);
    expect(pieces(encoder)).toEqual([length]);
  });

  test.each([
    [POOLED_LENGTH, (total: number) => [total]],
    [POOLED_LENGTH + 1, (total: number) => [total - 600, 600]],
  ])("what others have waiting, too, and what is sent alone, up to %d bytes", (total, expected) => {
    const encoder = new Peer().encoder({ codec: new ValueCodec() });
    encoder.append(ofLength(total - 600));
    encoder.encode(64, textOf(600));
    expect(pieces(encoder)).toEqual(expected(total));
  });
});

test.each([
  [POOLED_LENGTH, false],
  [POOLED_LENGTH + 1, true],
])("a packet of %d bytes behind others is sent from where it is: %s", (length, lent) => {
  const encoder = new Peer().encoder();
  const long = ofLength(length);
  encoder.encode(64, textOf(300));
  encoder.append(long);
  if (lent) encoder.taken(true);
  expect(encoder.view().buffer === long.buffer).toBe(lent);
  expect(pieces(encoder)).toEqual([lent ? length : 300 + length]);
});

describe("given back", () => {
  test("a short buffer that became too short", () => {
    const peer = new Peer();
    const encoder = peer.encoder();
    encoder.encode(64, 1);
    const { buffer } = encoder.view();
    encoder.append(ofLength(5000));
    expect(encoder.view().buffer).not.toBe(buffer);
    expect(peer.pool.acquireShort().buffer).toBe(buffer);
  });

  test("the buffer of output that moved to another encoder", () => {
    const peer = new Peer();
    const [encoder, other] = [peer.encoder(), peer.encoder()];
    encoder.encode(64, 1);
    const { buffer } = encoder.view();
    encoder.moveTo(other);
    expect(hex(other.view())).toBe(hex(packet(64, "01")));
    expect(peer.pool.acquireShort().buffer).toBe(buffer);
  });

  test("but not what belongs to others, when waiting output is dropped", () => {
    const peer = new Peer();
    const encoder = peer.encoder();
    const long = ofLength(POOLED_LENGTH + 1000);
    encoder.append(long);
    encoder.encode(64, 1);
    encoder.clearFull();
    expect(take(encoder)).toBe(hex(packet(64, "01")));
    expect(peer.pool.acquire(long.length).buffer).not.toBe(long.buffer);
  });

  test("once it is compressed, the buffer that a body was written to, and no other one", () => {
    const made = new Set<ArrayBufferLike>();
    const peer = new Peer();
    const acquire = peer.pool.acquire.bind(peer.pool);
    jest.spyOn(peer.pool, "acquire").mockImplementation((size) => {
      const bytes = acquire(size);
      made.add(bytes.buffer);
      return bytes;
    });
    const encoder = peer.encoder({ compression: zlib, threshold: 1000 });
    const other = peer.encoder();
    for (const size of [1500, 10_000, 100_000]) {
      made.clear();
      for (let round = 0; round < 5; round++) {
        const value = "x".repeat(size);
        encoder.encode(64, value);
        // Nobody else may be given what waits here.
        other.encode(65, [textOf(400), 1, textOf(1500)]);
        const stored = zlib.deflate(bodyOf(value));
        expect(take(encoder)).toBe(hex(packet(64, stored, 1)));
        expect(take(other)).toBe(hex(packet(65, bodyOf([textOf(400), 1, textOf(1500)]))));
      }
      // One for each length at most, and the usual one of the other encoder.
      expect(made.size).toBeLessThanOrEqual(2);
    }
  });

  test("a writer does not keep a long buffer from being freed", () => {
    const peer = new Peer();
    peer.encoder().encode(64, new Uint8Array(POOLED_LENGTH));
    expect(peer.writer.bytes).toHaveLength(0);
  });
});

describe("a getter of the value that is written", () => {
  const using = (use: () => unknown): object => ({
    before: "x".repeat(20),
    get used(): unknown {
      use();
      return 1;
    },
    after: [1, 2, 3],
  });
  const written = hex(packet(1, bodyOf({ before: "x".repeat(20), used: 1, after: [1, 2, 3] })));

  test("may drop all output while another connection sends", () => {
    const peer = new Peer();
    const [encoder, other] = [peer.encoder(), peer.encoder()];
    encoder.encode(64, "dropped");
    encoder.encode(
      1,
      using(() => {
        encoder.clear();
        other.encode(65, "other");
      }),
    );
    expect(take(encoder)).toBe(written);
    expect(take(other)).toBe(hex(packet(65, "a56f74686572")));
  });

  test("may hand over what waits while another connection sends", () => {
    const peer = new Peer();
    const [encoder, other] = [peer.encoder(), peer.encoder()];
    encoder.encode(64, "first");
    let first = "";
    encoder.encode(
      1,
      using(() => {
        first = take(encoder);
        other.encode(65, "other");
      }),
    );
    expect(first).toBe(hex(packet(64, "a56669727374")));
    expect(take(encoder)).toBe(written);
    expect(take(other)).toBe(hex(packet(65, "a56f74686572")));
  });

  test("may send where something waits, which nobody is given the buffer of", () => {
    const peer = new Peer();
    const [encoder, other] = [peer.encoder(), peer.encoder()];
    encoder.encode(64, "first");
    encoder.encode(
      1,
      using(() => encoder.encode(2, "sent")),
    );
    other.encode(65, textOf(1000));
    const before = hex(concat(packet(64, "a56669727374"), packet(2, "a473656e74")));
    expect(take(encoder)).toBe(before + written);
    expect(take(other)).toBe(hex(packet(65, bodyOf(textOf(1000)))));
  });

  test("may send where nothing waits: no piece is empty", () => {
    const encoder = new Peer().encoder();
    encoder.encode(
      1,
      using(() => encoder.encode(2, "sent")),
    );
    expect(pieces(encoder)).toEqual([PREAMBLE + 5 + written.length / 2]);
  });
});

describe("what a codec of the application has encoded", () => {
  const codec = new ValueCodec();
  const flagsOf = (encoder: FrameEncoder): number => encoder.last()[9] as number;

  test("is compressed above the threshold, and not at it", () => {
    const encoder = new Peer().encoder({ codec, compression: zlib, threshold: 1000 });
    encoder.encode(64, textOf(1000 + PREAMBLE));
    expect(flagsOf(encoder)).toBe(0);
    encoder.encode(64, textOf(1001 + PREAMBLE));
    expect(flagsOf(encoder)).toBe(1);
  });

  test("is not compressed where there is no compression, however long it is", () => {
    const encoder = new Peer().encoder({ codec, threshold: 100 });
    encoder.encode(64, textOf(5000));
    expect([flagsOf(encoder), encoder.length]).toEqual([0, 5000]);
  });

  test("is said to be of a packet where it is too long, if that has a name", () => {
    const encoder = new Peer().encoder({ codec, limit: 1000 });
    expect(() => encoder.encode(64, textOf(2000))).toThrow(/^((?!packet ").)*$/);
    expect(() => encoder.encode(64, textOf(2000), "demo:say")).toThrow(/\(packet "demo:say"\)/);
  });

  test("and the option that helps where it is too long before compression", () => {
    const encoder = new Peer().encoder({ compression: zlib, threshold: 1000, inflatedLimit: 2000 });
    const attempt = (): void => encoder.encode(64, textOf(3000));
    expect(attempt).toThrow(PacketTooLargeError);
    expect(attempt).toThrow(expect.objectContaining({ option: "net.limits.inflated" }));
  });
});
