import {
  FrameDecoder,
  MAX_PACKETLENGTH,
  MalformedPacketError,
  NotPeng3dnetError,
  PacketTooLargeError,
  TlsOnPlainPortError,
} from "@peng3dnet/protocol";
import fc from "fast-check";
import { cutAt } from "../support/arbitraries.js";
import { bytes, concat, hex, packet } from "../support/bytes.js";

const LIMIT = 1000;

interface Frame {
  id: number;
  flags: number;
  body: string;
}

function current({ id, flags, bytes: all, start, end }: FrameDecoder): Frame {
  return { id, flags, body: hex(all.subarray(start + 6, end)) };
}

function read(decoder: FrameDecoder, ...chunks: Uint8Array[]): Frame[] {
  const frames: Frame[] = [];
  for (const chunk of chunks) {
    decoder.push(chunk);
    while (decoder.next()) frames.push(current(decoder));
  }
  return frames;
}

function length(value: number): Uint8Array {
  const result = Buffer.alloc(4);
  result.writeUInt32BE(value);
  return new Uint8Array(result);
}

const frames = fc.array(
  fc.record({
    id: fc.integer({ min: 0, max: 0xffffffff }),
    flags: fc.integer({ min: 0, max: 0xffff }),
    body: fc.oneof(fc.uint8Array({ maxLength: 20 }), fc.uint8Array({ maxLength: LIMIT - 6, minLength: 0 })),
  }),
  { maxLength: 20 },
);

test("any packets in any pieces come out whole and in order", () => {
  fc.assert(
    fc.property(frames, fc.array(fc.nat(), { maxLength: 30 }), fc.boolean(), (wanted, places, retain) => {
      const stream = concat(...wanted.map(({ id, flags, body }) => packet(id, body, flags)));
      const decoder = new FrameDecoder(LIMIT);
      const got: Frame[] = [];
      for (const chunk of cutAt(stream, places)) {
        decoder.push(chunk);
        while (decoder.next()) got.push(current(decoder));
        if (retain) decoder.retain();
        chunk.fill(0xee);
      }
      expect(got).toEqual(wanted.map(({ id, flags, body }) => ({ id, flags, body: hex(body) })));
      expect(decoder.incomplete).toBe(false);
      expect(decoder.next()).toBe(false);
    }),
    { numRuns: 300 },
  );
});

test("chunks pushed while packets are still waiting, and retained in between", () => {
  fc.assert(
    fc.property(
      frames,
      fc.array(fc.nat(), { maxLength: 10 }),
      fc.array(fc.nat(3)),
      (wanted, places, reads) => {
        const stream = concat(...wanted.map(({ id, flags, body }) => packet(id, body, flags)));
        const decoder = new FrameDecoder(LIMIT);
        const got: Frame[] = [];
        cutAt(stream, places).forEach((chunk, index) => {
          decoder.push(chunk);
          for (let left = reads[index] ?? 0; left > 0 && decoder.next(); left--) got.push(current(decoder));
          decoder.retain();
          chunk.fill(0xee);
        });
        while (decoder.next()) got.push(current(decoder));
        expect(got).toEqual(wanted.map(({ id, flags, body }) => ({ id, flags, body: hex(body) })));
      },
    ),
    { numRuns: 300 },
  );
});

describe("the limit", () => {
  const body = (size: number) => new Uint8Array(size - 6).fill(7);

  test.each([LIMIT - 1, LIMIT])("a packet of %d bytes passes", (size) => {
    expect(read(new FrameDecoder(LIMIT), packet(64, body(size)))).toHaveLength(1);
    const single = Array.from(packet(64, body(size)), (byte) => Uint8Array.of(byte));
    expect(read(new FrameDecoder(LIMIT), ...single)).toHaveLength(1);
  });

  test.each([LIMIT + 1, 2 ** 31, MAX_PACKETLENGTH])("%d bytes are refused at the fourth byte", (size) => {
    const expected = expect.objectContaining({ direction: "in", length: size, limit: LIMIT });
    const refused = (chunks: Uint8Array[]) => {
      const decoder = new FrameDecoder(LIMIT);
      // Behind another packet, so that nothing foreign is suspected.
      read(decoder, packet(64, "c0"));
      for (const chunk of chunks.slice(0, -1)) expect(read(decoder, chunk)).toEqual([]);
      decoder.push(chunks.at(-1) as Uint8Array);
      return () => decoder.next();
    };
    const prefix = length(size);
    for (const cuts of [[], [1], [2], [3], [1, 2, 3]]) {
      expect(refused(cutAt(prefix, cuts))).toThrow(PacketTooLargeError);
      expect(refused(cutAt(prefix, cuts))).toThrow(expected);
    }
    expect(refused([concat(prefix, new Uint8Array(5000))])).toThrow(expected);
  });

  test.each([0, 1, 5])("%d bytes are too few for a header", (size) => {
    for (const cuts of [[], [1, 2, 3]]) {
      const chunks = cutAt(length(size), cuts);
      expect(() => read(new FrameDecoder(LIMIT), ...chunks)).toThrow(MalformedPacketError);
      expect(() => read(new FrameDecoder(LIMIT), ...chunks)).toThrow(`a packet of ${size} bytes`);
    }
  });

  test("no body at all is for the body check to refuse", () => {
    expect(read(new FrameDecoder(6), packet(64, ""))).toEqual([{ id: 64, flags: 0, body: "" }]);
  });

  test("may change between packets, also while one is under way", () => {
    const decoder = new FrameDecoder(10);
    const big = packet(64, body(500));
    decoder.push(concat(packet(64, "c0"), big.subarray(0, 3)));
    expect(decoder.next()).toBe(true);
    decoder.limit = LIMIT;
    expect(decoder.next()).toBe(false);
    expect(read(decoder, big.subarray(3))).toHaveLength(1);
    decoder.limit = 499;
    expect(() => read(decoder, big)).toThrow(PacketTooLargeError);
  });
});

test("a header alone is a packet, in pieces as well", () => {
  const header = packet(64, new Uint8Array(0));
  expect(header).toHaveLength(10);
  for (let cut = 0; cut <= header.length; cut++) {
    const frames = read(new FrameDecoder(LIMIT), header.subarray(0, cut), header.subarray(cut));
    expect(frames).toEqual([{ id: 64, flags: 0, body: "" }]);
  }
});

test("a decoder that nobody told anything has no packet, and names the option that holds in general", () => {
  const decoder = new FrameDecoder(LIMIT);
  expect([decoder.id, decoder.flags, decoder.owned, decoder.early, decoder.incomplete]).toEqual([
    0,
    0,
    false,
    false,
    false,
  ]);
  decoder.push(length(LIMIT + 1));
  expect(() => decoder.next()).toThrow(/raise net\.limits\.packetlength if such packets are expected/);
  const early = new FrameDecoder(LIMIT);
  early.early = true;
  early.push(length(LIMIT + 1));
  expect(() => early.next()).toThrow(
    expect.objectContaining({ direction: "in", option: "net.limits.packetlength.handshake" }),
  );
  const short = new FrameDecoder(LIMIT);
  short.push(length(5));
  expect(() => short.next()).toThrow("the peer announced a packet of 5 bytes, too few for the header of 6");
});

describe("memory", () => {
  const used = (): number => {
    (globalThis as { gc?: () => void }).gc?.();
    return process.memoryUsage().arrayBuffers;
  };

  test("announced bytes cost nothing until they come", () => {
    const before = used();
    const decoders = Array.from({ length: 500 }, () => {
      const decoder = new FrameDecoder(2 ** 30);
      decoder.push(concat(length(2 ** 29), new Uint8Array(10)));
      expect(decoder.next()).toBe(false);
      return decoder;
    });
    const each = (used() - before) / decoders.length;
    expect(each).toBeLessThan(4096);
    expect(decoders.every(({ incomplete }) => incomplete)).toBe(true);
  });

  test("room grows with what came, at most eightfold", () => {
    const decoder = new FrameDecoder(2 ** 30);
    decoder.push(length(2 ** 29));
    decoder.next();
    const before = used();
    const chunk = new Uint8Array(2 ** 16);
    for (let count = 0; count < 64; count++) {
      decoder.push(chunk);
      expect(decoder.next()).toBe(false);
    }
    // What was given up on the way may not have been collected yet: 8, 1, 1/8 … of what came.
    expect(used() - before).toBeLessThan(8 * 64 * 2 ** 16);
  });
});

describe("other protocols", () => {
  test.each([
    ["TLS 1.0 hello", "16030100", TlsOnPlainPortError],
    ["TLS 1.2 hello", "16030302", TlsOnPlainPortError],
    ["TLS alert", "15030300", TlsOnPlainPortError],
    ["HTTP", hex(Buffer.from("GET ")), NotPeng3dnetError],
    ["HTTP answer", hex(Buffer.from("HTTP")), NotPeng3dnetError],
    ["SSH", hex(Buffer.from("SSH-")), NotPeng3dnetError],
    ["SMTP", hex(Buffer.from("220 ")), NotPeng3dnetError],
    ["an empty line first", "0d0a7e20", NotPeng3dnetError],
  ])("%s", (_name, head, error) => {
    for (const cuts of [[], [1, 2, 3], [2]]) {
      const chunks = cutAt(bytes(head), cuts);
      expect(() => read(new FrameDecoder(LIMIT), ...chunks)).toThrow(error);
    }
    // Later in the stream it is just a length.
    expect(() => read(new FrameDecoder(LIMIT), packet(64, "c0"), bytes(head))).toThrow(PacketTooLargeError);
  });

  test("their codes, and what they say", () => {
    expect(() => read(new FrameDecoder(LIMIT), Buffer.from("GET / HTTP/1.1\r\n"))).toThrow(
      expect.objectContaining({
        code: "P3D_ERR_NOT_PENG3DNET",
        message: 'the peer does not speak peng3dnet: its first bytes are "GET"',
      }),
    );
    expect(() => read(new FrameDecoder(LIMIT), bytes("160301"), bytes("02"))).toThrow(
      expect.objectContaining({
        code: "P3D_ERR_TLS_ON_PLAIN_PORT",
        message: expect.stringMatching(/net\.ssl\.enabled/),
      }),
    );
  });

  test.each(["16020100", "17030300", "47451f54", "4745547f", "ff455420", "4700554c"])(
    "%s is no text and no TLS, but a length",
    (head) => {
      expect(() => read(new FrameDecoder(LIMIT), bytes(head))).toThrow(PacketTooLargeError);
    },
  );
});

describe("who owns the bytes", () => {
  test("a packet within a chunk is read in place", () => {
    const chunk = concat(packet(1, "c0"), packet(2, "c3"));
    const decoder = new FrameDecoder(LIMIT);
    decoder.push(chunk);
    expect(decoder.next()).toBe(true);
    expect(decoder.owned).toBe(false);
    expect(decoder.bytes.buffer).toBe(chunk.buffer);
  });

  test("a packet in pieces is the decoder's own, and later pushes leave it alone", () => {
    const whole = packet(7, "a3616263");
    const decoder = new FrameDecoder(LIMIT);
    for (const chunk of [whole.slice(0, 6), concat(whole.slice(6), packet(8, "c0"))]) {
      decoder.push(chunk);
      if (!decoder.next()) decoder.retain();
    }
    const { bytes: kept, start, end, owned } = decoder;
    expect(owned).toBe(true);
    expect(read(decoder, packet(9, "a3787878").subarray(0, 11))).toEqual([{ id: 8, flags: 0, body: "c0" }]);
    expect(decoder.owned).toBe(false);
    expect(hex(kept.subarray(start, end))).toBe("000000070000a3616263");
  });

  test.each([
    ["array", (bytes: Uint8Array) => bytes],
    ["Node's buffer", (bytes: Uint8Array) => Buffer.from(bytes)],
  ])("retain copies what waits in the %s, which may be overwritten", (_kind, as) => {
    const chunk = as(concat(packet(1, "c0"), packet(2, "c3"), packet(3, "07").subarray(0, 5)));
    const decoder = new FrameDecoder(LIMIT);
    decoder.push(chunk);
    expect(decoder.next()).toBe(true);
    decoder.retain();
    chunk.fill(0xff);
    expect(read(decoder, packet(3, "07").subarray(5))).toEqual([
      { id: 2, flags: 0, body: "c3" },
      { id: 3, flags: 0, body: "07" },
    ]);
  });

  test("Node's buffers, at any offset", () => {
    const buffer = Buffer.concat([Buffer.from("xxx"), packet(5, "c0")]).subarray(3);
    expect(read(new FrameDecoder(LIMIT), buffer)).toEqual([{ id: 5, flags: 0, body: "c0" }]);
  });
});

test("incomplete tells whether the stream stopped within a packet", () => {
  const decoder = new FrameDecoder(LIMIT);
  expect(decoder.incomplete).toBe(false);
  for (const [cut, whole] of [1, 4, 5, 10].map((at) => [at, packet(1, "c0")] as const)) {
    read(decoder, whole.subarray(0, cut));
    expect(decoder.incomplete).toBe(true);
    read(decoder, whole.subarray(cut));
    expect(decoder.incomplete).toBe(false);
  }
  decoder.push(packet(1, "c0"));
  expect(decoder.incomplete).toBe(true);
});

test("clear forgets everything: packets that wait and pieces", () => {
  const decoder = new FrameDecoder(LIMIT);
  decoder.push(concat(packet(1, "c0"), packet(2, "c0")));
  decoder.next();
  decoder.clear();
  expect([decoder.next(), decoder.incomplete]).toEqual([false, false]);
  read(decoder, packet(3, "c0").subarray(0, 7));
  decoder.clear();
  expect(decoder.incomplete).toBe(false);
  expect(read(decoder, packet(4, "c0"))).toEqual([{ id: 4, flags: 0, body: "c0" }]);
});

describe("the rest of a long packet may be read to where it belongs", () => {
  const KIB = 1024;
  const whole = packet(
    64,
    Uint8Array.from({ length: 100 * KIB }, (_, index) => index % 251),
  );

  /** As a driver does it: reads into the room that is offered, or into a buffer of its own. */
  function readInto(decoder: FrameDecoder, stream: Uint8Array, most: number): { inPlace: number } {
    let inPlace = 0;
    for (let at = 0; at < stream.length; ) {
      const room = decoder.readTarget;
      const into = room ?? new Uint8Array(most);
      const count = Math.min(most, into.length, stream.length - at);
      into.set(stream.subarray(at, at + count));
      if (room !== undefined) inPlace += count;
      decoder.push(into.subarray(0, count));
      at += count;
      if (at < stream.length) expect(decoder.next()).toBe(false);
    }
    return { inPlace };
  }

  test.each([20_000, 30_000, 65_536])("in reads of up to %i bytes", (most) => {
    const decoder = new FrameDecoder(2 ** 20);
    const { inPlace } = readInto(decoder, whole, most);
    expect(inPlace).toBeGreaterThan(0);
    expect(decoder.next()).toBe(true);
    expect(decoder.bytes.subarray(decoder.start - 4, decoder.end)).toEqual(whole);
    expect(decoder.owned).toBe(true);
    expect(decoder.next()).toBe(false);
    expect(decoder.readTarget).toBeUndefined();
  });

  test("is not copied", () => {
    const decoder = new FrameDecoder(2 ** 20);
    decoder.push(whole.subarray(0, 64 * KIB));
    expect(decoder.next()).toBe(false);
    const room = decoder.readTarget as Uint8Array;
    expect(room.length).toBe(whole.length - 64 * KIB);
    room.set(whole.subarray(64 * KIB));
    const copied = jest.spyOn(Uint8Array.prototype, "set");
    try {
      decoder.push(room);
      expect(decoder.next()).toBe(true);
      expect(copied).not.toHaveBeenCalled();
    } finally {
      copied.mockRestore();
    }
    expect(decoder.bytes.buffer).toBe(room.buffer);
  });

  test.each([
    [16 * KIB - 1, false],
    [16 * KIB, true],
    [16 * KIB + 1, true],
  ])("with %i bytes to come there is room to read to: %s", (left, offered) => {
    const decoder = new FrameDecoder(2 ** 20);
    decoder.push(whole.subarray(0, whole.length - left));
    expect(decoder.next()).toBe(false);
    expect(decoder.readTarget?.length).toBe(offered ? left : undefined);
  });

  test("not while something else waits to be read before it", () => {
    const decoder = new FrameDecoder(2 ** 20);
    decoder.push(whole.subarray(0, 64 * KIB));
    expect(decoder.next()).toBe(false);
    decoder.push(whole.subarray(64 * KIB, 65 * KIB));
    expect(decoder.readTarget).toBeUndefined();
    expect(decoder.next()).toBe(false);
    expect(decoder.readTarget).toBeDefined();
    decoder.clear();
    expect(decoder.readTarget).toBeUndefined();
  });

  test("buffers come from the allocator that was given", () => {
    const lengths: number[] = [];
    const decoder = new FrameDecoder(2 ** 20, (length) => {
      lengths.push(length);
      return new Uint8Array(length).fill(0xee);
    });
    decoder.push(whole.subarray(0, 64 * KIB));
    expect(decoder.next()).toBe(false);
    decoder.push(whole.subarray(64 * KIB));
    expect(decoder.next()).toBe(true);
    expect(lengths).toEqual([whole.length]);
    expect(decoder.bytes).toEqual(whole);
  });
});
