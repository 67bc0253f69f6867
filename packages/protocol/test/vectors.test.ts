import { isDeepStrictEqual } from "node:util";
import { inflateSync } from "node:zlib";
import { FrameDecoder, FrameEncoder, MsgpackCodec, Packet, type Peng3dnetError } from "@peng3dnet/protocol";
import { BODY_NEEDS_EXACTNESS, BodyCheck } from "../src/codec/reading/body-check.js";
import { concat, hex, packet } from "./support/bytes.js";
import { activeServer, End, type FakePeer } from "./support/pair.js";
import { loadVectors, type Vector } from "./support/vectors.js";
import { zlib } from "./support/zlib.js";

const APPLICATION_FILES = ["values.json", "edge-values.json", "large-values.json", "dates-and-maps.json"];
const INTERNAL_FILES = ["classic-session.json", "ping-session.json", "internal-packets.json"];

/** What follows a packet in the stream, so that a mistake about its end shows. */
const FOLLOWING = packet(65, "a9666f6c6c6f77696e67");

const setUp = (peer: FakePeer): void => {
  peer.registry.registerObject(
    new (class extends Packet {
      override readonly name = "game:other";
    })(peer.registry, peer),
  );
  peer.registry.registerObject(
    new (class extends Packet {
      override readonly name = "echo:echo";
    })(peer.registry, peer),
  );
};

interface Frame {
  id: number;
  flags: number;
  value: unknown;
}

/** Decodes packets of any id, without a connection. */
function readFrames(chunks: readonly Uint8Array[]): Frame[] {
  const decoder = new FrameDecoder(2 ** 20);
  const check = new BodyCheck();
  const codec = new MsgpackCodec();
  const frames: Frame[] = [];
  for (const chunk of chunks) {
    decoder.push(chunk);
    while (decoder.next()) {
      const { id, flags, bytes, start, end } = decoder;
      const stored = bytes.slice(start + 6, end);
      const body = flags === 0 ? stored : zlib.inflate(stored, 2 ** 22);
      const big = (check.check(body, 0, body.length) & BODY_NEEDS_EXACTNESS) !== 0;
      frames.push({ id, flags, value: codec.decode(body, big) });
    }
  }
  return frames;
}

/** Positions to split at: all, or for very long packets those near the ends and some between. */
function splits({ bytes: { length } }: Vector): number[] {
  const all = Array.from({ length: length - 1 }, (_, index) => index + 1);
  return length < 10_000 ? all : all.filter((at) => at < 20 || at > length - 5 || at % 8191 === 0);
}

describe.each(APPLICATION_FILES)("%s, received by a connection", (file) => {
  const { packets, settings } = loadVectors(file);
  const end = activeServer(setUp, { cfg: settings });

  const receive = (chunks: readonly Uint8Array[]): unknown[] => {
    end.host.messages.length = 0;
    // The chunks are overwritten afterwards, as a socket may do.
    for (const chunk of chunks) {
      const reused = chunk.slice();
      end.receive(reused);
      end.connection.retain();
      reused.fill(0x2a);
    }
    if (end.errors.length > 0) throw end.errors[0];
    return end.received;
  };

  test.each(packets)("$name: whole, and with bytes following", ({ bytes, id, value }) => {
    expect(receive([bytes])).toEqual([value]);
    expect(end.host.messages[0]?.id).toBe(id);
    expect(receive([concat(bytes, FOLLOWING)])).toEqual([value, "following"]);
    expect(receive([concat(bytes, FOLLOWING.subarray(0, 7)), FOLLOWING.subarray(7)])).toEqual([
      value,
      "following",
    ]);
  });

  test.each(packets)("$name: byte by byte", ({ bytes, value }) => {
    expect(receive(Array.from(bytes, (_, at) => bytes.subarray(at, at + 1)))).toEqual([value]);
    expect(end.connection.incomplete).toBe(false);
  });

  test.each(packets)("$name: at every split", (vector) => {
    const { bytes, value } = vector;
    // Compared with less ceremony than `expect` makes, since there are thousands.
    const wrong = splits(vector).filter(
      (at) => !isDeepStrictEqual(receive([bytes.subarray(0, at), bytes.subarray(at)]), [value]),
    );
    expect(wrong).toEqual([]);
  });

  test.each(packets)("$name: encoded again", ({ bytes, reencoded, value, id, flags }) => {
    end.connection.outputTaken(true);
    end.connection.send(id, value);
    const again = end.take();
    if (flags === 0) {
      expect(hex(again)).toBe(hex(reencoded));
    } else {
      // Another build of zlib may write another stream for the same content.
      expect(hex(again.slice(4, 10))).toBe(hex(bytes.slice(4, 10)));
      expect(hex(inflateSync(again.slice(10)))).toBe(hex(inflateSync(bytes.slice(10))));
      expect(receive([again])).toEqual([value]);
    }
  });
});

describe.each(INTERNAL_FILES)("%s, packet by packet", (file) => {
  const { packets } = loadVectors(file);

  test.each(packets)("$name: decoded whole, byte by byte, at every split, with bytes following", (vector) => {
    const { bytes, id, flags, value } = vector;
    const frame = { id, flags, value };
    expect(readFrames([bytes])).toEqual([frame]);
    expect(readFrames(Array.from(bytes, (_, at) => bytes.subarray(at, at + 1)))).toEqual([frame]);
    expect(readFrames([concat(bytes, FOLLOWING)])).toEqual([frame, { id: 65, flags: 0, value: "following" }]);
    for (const at of splits(vector)) {
      expect(readFrames([bytes.subarray(0, at), bytes.subarray(at)])).toStrictEqual([frame]);
    }
  });

  test.each(packets)("$name: encoded again", ({ id, value, reencoded }) => {
    const encoder = new FrameEncoder(new End(0).context);
    encoder.encode(id, value);
    expect(hex(encoder.view())).toBe(hex(reencoded));
  });

  test("all packets in one chunk", () => {
    expect(readFrames([concat(...packets.map(({ bytes }) => bytes))])).toEqual(
      packets.map(({ id, flags, value }) => ({ id, flags, value })),
    );
  });
});

describe("malformed.json", () => {
  const { packets } = loadVectors("malformed.json");

  test.each(packets)("$name: $error", ({ bytes, error }) => {
    const expected = [error];
    const whole = activeServer(setUp);
    whole.receive(bytes);
    expect(whole.codes).toEqual(expected);
    expect(whole.received).toEqual([]);
    expect(whole.connection.closing).toBe(true);

    const split = activeServer(setUp);
    for (const byte of bytes) if (split.errors.length === 0) split.receive(Uint8Array.of(byte));
    expect(split.codes).toEqual(expected);
    expect(split.received).toEqual([]);

    const followed = activeServer(setUp);
    followed.receive(concat(FOLLOWING, bytes, FOLLOWING));
    expect(followed.codes).toEqual(expected);
    expect(followed.received).toEqual(["following"]);
  });

  test.each(packets)("$name: the other side is told why", ({ bytes }) => {
    const end = activeServer(setUp);
    end.receive(bytes);
    const [{ closeReason }] = end.errors as [Peng3dnetError];
    expect(readFrames([end.take()])).toEqual([{ id: 16, flags: 0, value: { reason: closeReason } }]);
  });
});
