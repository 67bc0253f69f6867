import { type Codec, MsgpackCodec, Packet } from "@peng3dnet/protocol";
import fc from "fast-check";
import { cutAt, delivered, sendable } from "./support/arbitraries.js";
import { bytes, concat, packet } from "./support/bytes.js";
import { activeServer, type End, type EndOptions, type FakePeer } from "./support/pair.js";

const setUp = (peer: FakePeer): void => {
  for (const name of ["game:one", "game:two"]) peer.registry.register(new Packet(peer.registry, peer), name);
};
const serverWith = (options: EndOptions = {}): End => activeServer(setUp, options);

/** The default codec, with a record of how many values were decoded at a time. */
function recordingCodec(): { codec: Codec; counts: number[] } {
  const inner = new MsgpackCodec();
  const counts: number[] = [];
  const codec: Codec = {
    encode: (value) => inner.encode(value),
    decode(body, big) {
      counts.push(1);
      return inner.decode(body, big);
    },
    decodeMany(bodies, count) {
      counts.push(count);
      return inner.decodeMany(bodies, count);
    },
  };
  return { codec, counts };
}

/** One small packet: its number. */
const numbered = (n: number, id = 64): Uint8Array => packet(id, Uint8Array.of(n));
const many = (count: number): Uint8Array => concat(...Array.from({ length: count }, (_, n) => numbered(n)));

describe("small packets that arrive together", () => {
  test("are decoded together, 32 at a time", () => {
    const { codec, counts } = recordingCodec();
    const server = serverWith({ codec });
    counts.length = 0;
    server.receive(many(70));
    expect(counts).toEqual([32, 32, 6]);
    expect(server.received).toEqual(Array.from({ length: 70 }, (_, n) => n));
    expect(server.connection.packetsIn).toBe(70 + 2);
  });

  test.each([
    ["compressed", packet(64, bytes("789c63000000010001".padEnd(18, "0")), 1)],
    ["binary", packet(64, bytes("c401ff"))],
    ["a big integer", packet(64, bytes("cfffffffffffffffff"))],
    ["longer than 256 bytes", packet(64, concat(bytes("d9ff"), new Uint8Array(255).fill(0x61)))],
    ["of an internal id", packet(20, bytes("01"))],
  ])("end a run where one is %s", (_what, special) => {
    const { codec, counts } = recordingCodec();
    const server = activeServer(
      (peer) => {
        setUp(peer);
        peer.registry.register(new Packet(peer.registry, peer), "game:fixed", 20);
      },
      { codec },
    );
    counts.length = 0;
    server.receive(concat(numbered(1), numbered(2), special, numbered(3), numbered(4)));
    expect(counts[0]).toBe(2);
    expect(server.received.slice(0, 2)).toEqual([1, 2]);
    if (server.errors.length === 0) expect(server.received.slice(-2)).toEqual([3, 4]);
  });

  test("before a bad one are delivered, and nothing behind it", () => {
    for (const [bad, code] of [
      [packet(64, bytes("c1")), "P3D_ERR_BAD_DATA"],
      [packet(99, bytes("01")), "P3D_ERR_UNKNOWN_PACKET"],
      [packet(64, bytes("01"), 4), "P3D_ERR_UNSUPPORTED_FLAGS"],
      [bytes("00000005"), "P3D_ERR_MALFORMED_PACKET"],
      [bytes("ffffffff"), "P3D_ERR_PACKET_TOO_LARGE"],
    ] as const) {
      const server = serverWith();
      server.receive(concat(numbered(1), numbered(2), numbered(3), bad, numbered(4)));
      expect(server.received).toEqual([1, 2, 3]);
      expect(server.codes).toEqual([code]);
    }
  });

  test("reach nobody once a handler has closed the connection", () => {
    const server = serverWith();
    server.host.onReceived = (_entry, msg) => {
      if (msg === 3) server.connection.sendClose("enough");
    };
    server.receive(many(10));
    expect(server.received).toEqual([0, 1, 2, 3]);
  });

  test("keep their packet type", () => {
    const server = serverWith();
    server.receive(concat(numbered(1, 64), numbered(2, 65), numbered(3, 64), numbered(4, 65)));
    expect(server.host.messages.map(({ id }) => id)).toEqual([64, 65, 64, 65]);
  });

  test("are decoded one by one by a codec that cannot do otherwise", () => {
    const inner = new MsgpackCodec();
    const decode = jest.fn((body: Uint8Array, big: boolean) => inner.decode(body, big));
    const server = serverWith({ codec: { encode: (value) => inner.encode(value), decode } });
    decode.mockClear();
    server.receive(many(5));
    expect(decode).toHaveBeenCalledTimes(5);
    expect(server.received).toEqual([0, 1, 2, 3, 4]);
  });

  test("are refused if the codec finds another number of values", () => {
    expect(() => new MsgpackCodec().decodeMany(bytes("0102"), 3)).toThrow("3 bodies hold 2 msgpack values");
    expect(() => new MsgpackCodec().decodeMany(bytes("c1"), 1)).toThrow("bodies are not msgpack values");
  });

  test("are what they would be one by one, whatever they are and however they are cut", () => {
    fc.assert(
      fc.property(
        fc.array(sendable, { minLength: 1, maxLength: 60 }),
        fc.array(fc.nat(), { maxLength: 8 }),
        (values, places) => {
          const codec = new MsgpackCodec();
          const stream = concat(...values.map((value) => packet(64, codec.encode(value).slice())));
          const server = serverWith();
          for (const chunk of cutAt(stream, places)) server.receive(chunk.slice());
          expect(server.errors).toEqual([]);
          expect(server.received).toEqual(values.map(delivered));
        },
      ),
      { numRuns: 200 },
    );
  });
});
