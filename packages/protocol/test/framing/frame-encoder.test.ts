import {
  BufferPool,
  EncodeError,
  FrameDecoder,
  FrameEncoder,
  type FrameEncoderOptions,
  PacketTooLargeError,
  ValueCodec,
  ValueWriter,
} from "@peng3dnet/protocol";
import fc from "fast-check";
import { SharedOutput } from "../../src/framing/shared-output.js";
import { cutAt, delivered, sendable } from "../support/arbitraries.js";
import { concat, hex, packet } from "../support/bytes.js";
import { zlib } from "../support/zlib.js";

const make = (options: Partial<FrameEncoderOptions> = {}): FrameEncoder =>
  new FrameEncoder({
    writer: new ValueWriter(),
    pool: new BufferPool(),
    sharedOutput: new SharedOutput(),
    limit: 2 ** 20,
    inflatedLimit: 2 ** 22,
    compression: zlib,
    threshold: 8192,
    ...options,
  });

/** Takes all output. */
function take(encoder: FrameEncoder): Uint8Array {
  const parts: Uint8Array[] = [];
  while (encoder.length > 0) {
    parts.push(encoder.view().slice());
    encoder.taken(true);
  }
  return concat(...parts);
}

test("any ids and values, in any pieces, through decoder, check and codec", () => {
  const codec = new ValueCodec();
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
        for (const chunk of cutAt(take(encoder), cuts)) {
          decoder.push(chunk);
          while (decoder.next()) {
            const stored = decoder.bytes.slice(decoder.start + 6, decoder.end);
            const body = decoder.flags === 1 ? zlib.inflate(stored, 2 ** 22) : stored;
            expect(decoder.flags).toBe(body.length > threshold ? 1 : 0);
            got.push([decoder.id, codec.decode(body)]);
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
    expect(encoder.length).toBe(parts.reduce((sum, part) => sum + part.length, 0));
  }
  expect(hex(take(encoder))).toBe(hex(concat(...parts)));
  expect(hex(parts[1] as Uint8Array)).toBe(hex(packet(64, "a178")));
  expect(parts.map(({ length }) => length)).toEqual([11, 12, 58, 59, 60, 61, 267, 40_013, 14, 100_015, 11]);
});

test("append: a copy of a short packet behind others, and a long one itself", () => {
  const encoder = make();
  const [short, long] = [packet(2, "c0"), packet(3, new Uint8Array(40_000))];
  encoder.encode(1, "a");
  encoder.append(short);
  expect(hex(encoder.last())).toBe(hex(short));
  short.fill(0);
  encoder.append(long);
  expect(hex(encoder.last())).toBe(hex(long));
  encoder.encode(4, true);
  expect(hex(take(encoder))).toBe(hex(concat(packet(1, "a161"), packet(2, "c0"), long, packet(4, "c3"))));
});

test.each([3, 500, 1600, 2038, 2039, 40_000])(
  "a packet of %d bytes that was appended is nobody's buffer afterwards",
  (size) => {
    const encoder = make();
    const appended = packet(3, new Uint8Array(size));
    const content = hex(appended);
    for (let round = 0; round < 3; round++) {
      encoder.append(appended);
      expect(hex(take(encoder))).toBe(content);
      encoder.append(appended);
      encoder.last().fill(1);
      encoder.encode(64, "x");
      encoder.encode(64, "y".repeat(39_000));
      encoder.append(appended);
      encoder.encode(64, "z".repeat(39_000));
      encoder.clear();
      encoder.append(appended);
      encoder.append(appended);
      encoder.last().fill(1);
      encoder.encode(64, "x");
      encoder.clear();
      encoder.encode(64, "w");
      encoder.clear();
      encoder.append(appended);
      encoder.append(packet(4, new Uint8Array(40_000)));
      take(encoder);
      encoder.encode(64, "x");
      encoder.encode(64, "y".repeat(39_000));
      take(encoder);
    }
    expect(hex(appended)).toBe(content);
  },
);

describe("what many connections are sent", () => {
  /** Encoders of one peer. */
  const many = (count: number): FrameEncoder[] => {
    const shared = { pool: new BufferPool(), sharedOutput: new SharedOutput() };
    return Array.from({ length: count }, () => make(shared));
  };
  const buffers = (encoders: FrameEncoder[]): Set<ArrayBufferLike> =>
    new Set(encoders.map((encoder) => encoder.view().buffer));
  const packets = (...sizes: number[]): Uint8Array[] =>
    sizes.map((size, index) => packet(64 + index, new Uint8Array(size)));

  test("is in memory once while they have the same waiting", () => {
    const encoders = many(5);
    const sent = packets(200, 0, 300, 400);
    for (const each of sent) {
      for (const encoder of encoders) encoder.append(each);
      expect(buffers(encoders).size).toBe(1);
      for (const encoder of encoders) expect(hex(encoder.last())).toBe(hex(each));
    }
    for (const encoder of encoders) expect(hex(take(encoder))).toBe(hex(concat(...sent)));
  });

  test("is copied where something else waits, and where more is sent", () => {
    const encoders = many(4);
    const [one, two, three] = packets(10, 20, 30) as [Uint8Array, Uint8Array, Uint8Array];
    const [first, second, third, fourth] = encoders as [
      FrameEncoder,
      FrameEncoder,
      FrameEncoder,
      FrameEncoder,
    ];
    for (const encoder of encoders) if (encoder !== second) encoder.append(one);
    third.encode(70, "own");
    for (const encoder of encoders) encoder.append(two);
    expect(buffers([first, fourth]).size).toBe(1);
    expect(buffers(encoders).size).toBe(3);
    fourth.encode(71, null);
    for (const encoder of encoders) encoder.append(three);
    const [own, none] = [packet(70, "a36f776e"), packet(71, "c0")];
    expect(hex(take(first))).toBe(hex(concat(one, two, three)));
    expect(hex(take(second))).toBe(hex(concat(two, three)));
    expect(hex(take(third))).toBe(hex(concat(one, own, two, three)));
    expect(hex(take(fourth))).toBe(hex(concat(one, two, none, three)));
  });

  test.each([
    [32 * 1024, 1],
    [32 * 1024 + 1, 2],
  ])("is in memory once, up to 32 KiB in one piece: %d", (total, pieces) => {
    const encoders = many(5);
    const sent = packets(...Array.from({ length: 9 }, () => 3000), total - 9 * 3010 - 10);
    for (const each of sent) {
      for (const encoder of encoders) encoder.append(each);
      expect(buffers(encoders).size).toBe(1);
      for (const encoder of encoders) expect(hex(encoder.last())).toBe(hex(each));
    }
    const whole = concat(...sent);
    const views = encoders.map((encoder) => encoder.view());
    expect(new Set(views.map(({ length }) => length))).toEqual(
      new Set([pieces === 1 ? total : total - (sent.at(-1)?.length ?? 0)]),
    );
    for (const encoder of encoders) expect(hex(take(encoder))).toBe(hex(whole));
  });

  test("stays in memory once however much waits since nobody takes it", () => {
    const encoders = many(3);
    const sent = packets(...Array.from({ length: 100 }, (_, index) => 900 + index));
    for (const each of sent) for (const encoder of encoders) encoder.append(each);
    let taken = "";
    while (encoders[0]?.length !== 0) {
      expect(buffers(encoders).size).toBe(1);
      taken += hex(encoders[0]?.view() as Uint8Array);
      for (const encoder of encoders) encoder.taken(true);
    }
    expect(taken).toBe(hex(concat(...sent)));
  });

  test("does not change for those who get less of it", () => {
    const encoders = many(3);
    const [all, two, few] = encoders as [FrameEncoder, FrameEncoder, FrameEncoder];
    const sent = packets(100, 200, 300, 250, 5);
    for (const encoder of encoders) for (const each of sent.slice(0, 2)) encoder.append(each);
    const early = few.view();
    for (const encoder of [all, two]) encoder.append(sent[2] as Uint8Array);
    few.append(sent[3] as Uint8Array);
    all.append(sent[4] as Uint8Array);
    two.append(sent[0] as Uint8Array);
    expect(hex(early)).toBe(hex(concat(...sent.slice(0, 2))));
    const parts = (...indexes: number[]): string =>
      hex(concat(...indexes.map((index) => sent[index] as Uint8Array)));
    expect(hex(take(few))).toBe(parts(0, 1, 3));
    expect(hex(take(all))).toBe(parts(0, 1, 2, 4));
    expect(hex(take(two))).toBe(parts(0, 1, 2, 0));
  });

  test("leaves together with what one of them is sent alone", () => {
    const encoders = many(2);
    const [one, two] = packets(5000, 6000) as [Uint8Array, Uint8Array];
    for (const each of [one, two]) for (const encoder of encoders) encoder.append(each);
    const [first, second] = encoders as [FrameEncoder, FrameEncoder];
    first.encode(70, "own");
    expect(hex(first.view())).toBe(hex(concat(one, two, packet(70, "a36f776e"))));
    expect(hex(second.view())).toBe(hex(concat(one, two)));
  });

  test("does not keep a connection from sending on", () => {
    const encoders = many(3);
    const [one, two, three] = packets(600, 600, 50) as [Uint8Array, Uint8Array, Uint8Array];
    for (let round = 0; round < 3; round++) {
      for (const encoder of encoders) encoder.append(one);
      for (const encoder of encoders) encoder.append(two);
      for (const [index, encoder] of encoders.entries()) encoder.encode(70, "y".repeat(40 + index));
      for (const encoder of encoders) encoder.append(three);
      const last = (index: number): string => `d9${(40 + index).toString(16)}${"79".repeat(40 + index)}`;
      for (const [index, encoder] of encoders.entries()) {
        expect(hex(take(encoder))).toBe(hex(concat(one, two, packet(70, last(index)), three)));
      }
    }
  });
});

test("what one connection alone is sent is not copied again for each packet", () => {
  const encoder = make();
  const sent = Array.from({ length: 10 }, (_, id) => packet(id, new Uint8Array(50)));
  const buffers = new Set<ArrayBufferLike>();
  for (const each of sent) {
    encoder.append(each);
    buffers.add(encoder.view().buffer);
  }
  // The first packet, that with the second one, and a buffer from the pool.
  expect(buffers.size).toBe(3);
  expect(hex(take(encoder))).toBe(hex(concat(...sent)));
});

test("without shared output, short packets are copied", () => {
  const [first, second] = [make({ sharedOutput: undefined }), make({ sharedOutput: undefined })];
  const [one, two] = [packet(1, "01"), packet(2, "02")];
  for (const encoder of [first, second]) for (const each of [one, two]) encoder.append(each);
  expect(first.view().buffer).not.toBe(second.view().buffer);
  for (const encoder of [first, second]) expect(hex(take(encoder))).toBe(hex(concat(one, two)));
});

describe("a getter of the value that is written", () => {
  const using = (use: () => unknown) => ({
    before: "x".repeat(20),
    get used(): unknown {
      return use();
    },
    after: [1, 2, 3],
  });

  test.each([1, 600, 40_000])("may send on the same connection, %d bytes: that comes first", (size) => {
    for (const compression of [zlib, undefined]) {
      const encoder = make({ compression, threshold: 50_000 });
      encoder.encode(1, "first");
      encoder.encode(
        3,
        using(() => {
          encoder.encode(2, "y".repeat(size));
          encoder.append(packet(2, "c0"));
          return "done";
        }),
      );
      encoder.encode(4, "last");
      const decoder = new FrameDecoder(2 ** 20);
      decoder.push(take(encoder));
      const got: unknown[] = [];
      while (decoder.next()) {
        got.push([decoder.id, new ValueCodec().decode(decoder.bytes.slice(decoder.start + 6, decoder.end))]);
      }
      const outer = { before: "x".repeat(20), used: "done", after: [1, 2, 3] };
      expect(got).toEqual([
        [1, "first"],
        [2, "y".repeat(size)],
        [2, null],
        [3, outer],
        [4, "last"],
      ]);
    }
  });

  test("may send a packet that is encoded already, while others write", () => {
    const shared = { pool: new BufferPool(), writer: new ValueWriter() };
    const [encoder, other] = [make(shared), make(shared)];
    const appended = packet(2, "c0");
    encoder.encode(
      1,
      using(() => {
        encoder.append(appended);
        other.encode(5, "other");
        return "done";
      }),
    );
    const body = new ValueCodec().encode({ before: "x".repeat(20), used: "done", after: [1, 2, 3] });
    expect(hex(take(encoder))).toBe(hex(concat(appended, packet(1, body.slice()))));
    expect(hex(take(other))).toBe(hex(packet(5, "a56f74686572")));
  });

  test("may flush, and may close", () => {
    const encoder = make();
    const taken: Uint8Array[] = [];
    encoder.encode(1, "first");
    encoder.encode(
      2,
      using(() => taken.push(take(encoder))),
    );
    taken.push(take(encoder));
    const value = { before: "x".repeat(20), used: 1, after: [1, 2, 3] };
    const expected = [packet(1, "a56669727374"), packet(2, new ValueCodec().encode(value))];
    expect(taken.map(hex)).toEqual(expected.map(hex));
    encoder.encode(
      3,
      using(() => encoder.clear()),
    );
    encoder.clear();
    expect(encoder.length).toBe(0);
  });

  test("may send and then throw", () => {
    const encoder = make();
    const failing = using(() => {
      encoder.encode(2, "sent");
      throw new Error("mine");
    });
    expect(() => encoder.encode(3, failing)).toThrow(EncodeError);
    expect(hex(take(encoder))).toBe(hex(packet(2, "a473656e74")));
  });
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

  test("of the packet, where what cannot be compressed or another codec wrote is too long", () => {
    const noise = Uint8Array.from({ length: 200 }, (_, index) => (index * 2654435761) >>> 24);
    const compressing = make({ limit: 100, threshold: 0 });
    expect(() => compressing.encode(64, noise)).toThrow(PacketTooLargeError);
    expect(compressing.length).toBe(0);
    const plugged = make({ limit: 100, codec: new ValueCodec(), compression: undefined });
    plugged.encode(64, "x".repeat(92));
    expect(() => plugged.encode(64, "x".repeat(93))).toThrow(tooLarge(101, 100));
    expect(plugged.length).toBe(104);
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
    expect(() => encoder.encode(64, new Set())).toThrow(EncodeError);
    expect(encoder.length).toBe(0);
  });
});

test("an error names the packet, if that has a name", () => {
  const messageOf = (name?: string): string => {
    try {
      make().encode(64, () => 1, name);
    } catch (error) {
      expect(error).toBeInstanceOf(EncodeError);
      return (error as Error).message;
    }
    throw new Error("nothing was thrown");
  };
  expect(messageOf("demo:say")).toContain("demo:say");
  expect(messageOf()).not.toMatch(/undefined|packet "/);
});

test("an encoder is idle while nothing waits and nothing is being written", () => {
  const encoder = make();
  expect(encoder.idle).toBe(true);
  encoder.encode(64, {
    get x() {
      expect(encoder.idle).toBe(false);
      return 1;
    },
  });
  expect(encoder.idle).toBe(false);
  take(encoder);
  expect(encoder.idle).toBe(true);
});

describe("the output buffer", () => {
  const bufferOf = (encoder: FrameEncoder): ArrayBufferLike => encoder.view().buffer;

  test("is borrowed from the pool while there is something to send", () => {
    const pool = new BufferPool();
    const [first, second] = [make({ pool }), make({ pool })];
    expect(first.view()).toHaveLength(0);
    first.encode(64, 1);
    const borrowed = bufferOf(first);
    second.encode(64, 2);
    expect(bufferOf(second)).not.toBe(borrowed);
    first.taken(true);
    expect([first.length, first.view().buffer.byteLength]).toEqual([0, 0]);
    first.encode(64, 3);
    expect(bufferOf(first)).toBe(borrowed);
  });

  test("is not reused while somebody reads it", () => {
    const encoder = make();
    encoder.encode(64, "first");
    const view = encoder.view();
    const content = hex(view);
    encoder.taken(false);
    encoder.encode(64, "other");
    expect(hex(view)).toBe(content);
  });

  test("is short at first, then of the usual length, and then followed by another one", () => {
    const encoder = make({ compression: undefined });
    const lengths: number[] = [];
    let total = 0;
    for (let packets = 0; packets < 5000; packets++) {
      encoder.encode(64, "y".repeat(40));
      total += 10 + 2 + 40;
      if (lengths.at(-1) !== bufferOf(encoder).byteLength) lengths.push(bufferOf(encoder).byteLength);
    }
    expect(lengths).toEqual([2048, 32_768]);
    const first = bufferOf(encoder);
    encoder.encode(64, "x".repeat(40_000));
    expect(bufferOf(encoder)).toBe(first);
    expect(encoder.view().length).toBeGreaterThan(32_000);
    expect(take(encoder)).toHaveLength(total + 10 + 3 + 40_000);
  });

  test.each([1, 1000, 1500, 2000, 2048, 3000, 33_000])("a packet of %d bytes behind a short one", (size) => {
    for (const before of [0, 1, 500, 1000, 1500, 2000, 2020]) {
      const encoder = make({ compression: undefined });
      const values = ["b".repeat(before), [1.5, "x".repeat(size), 2.5], new Uint8Array(size), -1];
      for (const value of values) encoder.encode(64, value);
      encoder.append(packet(65, new Uint8Array(size)));
      const expected = values.map((value) => packet(64, new ValueCodec().encode(value).slice()));
      expect(hex(take(encoder))).toBe(hex(concat(...expected, packet(65, new Uint8Array(size)))));
    }
  });

  test("that was written last is given back as soon as all is taken", () => {
    const pool = new BufferPool();
    const encoder = make({ pool, compression: undefined });
    encoder.encode(64, 1);
    const small = bufferOf(encoder);
    encoder.clear();
    expect(pool.acquireShort().buffer).toBe(small);
  });

  test("that is dropped gives its buffers back, for others to use", () => {
    const pool = new BufferPool();
    const writer = new ValueWriter(undefined, undefined, pool);
    const encoder = make({ pool, writer, compression: undefined });
    const fill = (one: FrameEncoder): void => {
      for (let i = 0; i < 3; i++) one.encode(64, new Uint8Array(70_000));
    };
    const buffersOf = (one: FrameEncoder): ArrayBufferLike[] =>
      Array.from({ length: 3 }, () => {
        const { buffer } = one.view();
        one.taken(true);
        return buffer;
      });
    fill(encoder);
    const used = new Set(buffersOf(encoder));
    expect(used.size).toBe(3);
    fill(encoder);
    const { length } = encoder;
    // What is in the current buffer stays.
    encoder.clearFull();
    expect(encoder.length).toBe(length / 3);
    encoder.clear();
    expect([encoder.length, encoder.view().length]).toEqual([0, 0]);
    fill(encoder);
    expect(buffersOf(encoder).filter((buffer) => used.has(buffer))).toHaveLength(3);
  });

  test("of packets that grow, or are compressed, the buffers in between are used again", () => {
    const made: number[] = [];
    const pool = new (class extends BufferPool {
      override acquire(size: number): Uint8Array {
        const bytes = super.acquire(size);
        if (!seen.has(bytes.buffer)) made.push(size);
        seen.add(bytes.buffer);
        return bytes;
      }
    })();
    const seen = new Set<ArrayBufferLike>();
    const writer = new ValueWriter(undefined, undefined, pool);
    const list = Array.from({ length: 60_000 }, (_, index) => index);
    for (const compression of [undefined, zlib]) {
      const encoder = make({ pool, writer, compression });
      const round = (): void => {
        encoder.encode(64, list);
        encoder.taken(true);
      };
      round();
      made.length = 0;
      for (let turn = 0; turn < 10; turn++) round();
      expect(made).toEqual([]);
    }
  });

  test("the pool keeps a few buffers of the usual length, 4 MiB of longer ones, and none beyond 2 MiB", () => {
    const pool = new BufferPool();
    const long = pool.acquire(100_000);
    expect(long.length).toBeGreaterThanOrEqual(100_000);
    pool.release(long);
    const other = pool.acquire(100_001);
    expect(other).not.toBe(long);
    // Short output does not hold a buffer that is far longer.
    expect(pool.acquire(33_000).buffer).toBe(long.buffer);
    pool.release(pool.acquire(400_000));
    expect(pool.acquire(33_000).length).toBeLessThan(4 * 33_000);
    const huge = pool.acquire(2 ** 21 + 1);
    pool.release(huge);
    expect(pool.acquire(2 ** 21 + 1)).not.toBe(huge);
    for (const [kept, most] of [
      [16, 4],
      [1, 2],
    ] as const) {
      const longs = new BufferPool(kept);
      const lent = Array.from({ length: 10 }, () => longs.acquire(2 ** 20));
      for (const bytes of lent) longs.release(bytes);
      const lentAgain = Array.from({ length: 10 }, () => longs.acquire(2 ** 20));
      expect(lentAgain.filter((bytes) => lent.includes(bytes))).toHaveLength(most);
    }
    const sparing = new BufferPool(1);
    const short = Array.from({ length: 70 }, () => sparing.acquireShort());
    for (const buffer of short) sparing.release(buffer);
    const reused = Array.from({ length: 70 }, () => sparing.acquireShort());
    expect(reused.filter((buffer) => short.includes(buffer))).toHaveLength(64);
    const buffers = Array.from({ length: 20 }, () => pool.acquire(10));
    expect(new Set(buffers).size).toBe(20);
    for (const buffer of buffers) pool.release(buffer);
    const again = Array.from({ length: 20 }, () => pool.acquire(10));
    expect(again.filter((buffer) => buffers.includes(buffer))).toHaveLength(16);
  });
});
