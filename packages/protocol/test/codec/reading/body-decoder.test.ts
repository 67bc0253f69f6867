import { MsgpackCodec, Packet, ValueCodec } from "@peng3dnet/protocol";
import fc from "fast-check";
import { cutAt, delivered, sendable } from "../../support/arbitraries.js";
import { bytes, concat, packet } from "../../support/bytes.js";
import { activeServer, type End, type EndOptions, type FakePeer } from "../../support/pair.js";

const setUp = (peer: FakePeer): void => {
  for (const name of ["game:one", "game:two"]) peer.registry.register(new Packet(peer.registry, peer), name);
};
const serverWith = (options: EndOptions = {}): End => activeServer(setUp, options);

/** One small packet: its number. */
const numbered = (n: number, id = 64): Uint8Array => packet(id, Uint8Array.of(n));
const many = (count: number): Uint8Array => concat(...Array.from({ length: count }, (_, n) => numbered(n)));

describe("packets that arrive together", () => {
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

  test("keep their packet type", () => {
    const server = serverWith();
    server.receive(concat(numbered(1, 64), numbered(2, 65), numbered(3, 64), numbered(4, 65)));
    expect(server.host.messages.map(({ id }) => id)).toEqual([64, 65, 64, 65]);
  });

  test("are decoded by the codec that was given, after they were checked", () => {
    const inner = new MsgpackCodec();
    const decode = jest.fn((body: Uint8Array, exactly: boolean) => inner.decode(body, exactly));
    const server = serverWith({ codec: { encode: (value) => inner.encode(value), decode } });
    decode.mockClear();
    server.receive(concat(many(5), packet(64, bytes("c401ff")), packet(64, bytes("cfffffffffffffffff"))));
    expect(decode.mock.calls.map(([, exactly]) => exactly)).toEqual([...Array(6).fill(false), true]);
    expect(server.received).toEqual([0, 1, 2, 3, 4, Uint8Array.of(255), 2n ** 64n - 1n]);
    server.receive(packet(64, bytes("c1")));
    expect(decode).toHaveBeenCalledTimes(7);
    expect(server.codes).toEqual(["P3D_ERR_BAD_DATA"]);
  });

  test("are what they would be one by one, whatever they are and however they are cut", () => {
    fc.assert(
      fc.property(
        fc.array(sendable, { minLength: 1, maxLength: 60 }),
        fc.array(fc.nat(), { maxLength: 8 }),
        (values, places) => {
          const codec = new ValueCodec();
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
