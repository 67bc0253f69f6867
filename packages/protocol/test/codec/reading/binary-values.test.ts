// Binary values are their holder's alone: a small one holds no long body, and nothing strange lies beside it.

import { MsgpackCodec, Packet, type Packet as PacketType, ValueCodec } from "@peng3dnet/protocol";
import { BodyDecoder } from "../../../src/codec/reading/body-decoder.js";
import { withOwnBinaries } from "../../../src/codec/reading/own-binaries.js";
import { ValueReader } from "../../../src/codec/reading/value-reader.js";
import { bytes, concat, hex, packet } from "../../support/bytes.js";
import { activePair, activeServer, type FakePeer } from "../../support/pair.js";

const LIMIT = 4 * 1024 * 1024;
const codec = new ValueCodec();

/** Keeps views of the body as values, in objects of several kinds. */
const frozen = {
  encode: (value: unknown) => codec.encode(value),
  decode: (body: Uint8Array) => Object.freeze({ body, data: new DataView(body.buffer), text: "x" }),
};

describe.each([
  ["in place", undefined],
  ["by another codec", new MsgpackCodec()],
])("decoded %s", (_way, other) => {
  const decoder = (inflate?: (body: Uint8Array) => Uint8Array): BodyDecoder =>
    new BodyDecoder(new ValueReader(), 512, 65_536, {
      codec: other,
      compression: inflate && { deflate: (body) => body, inflate },
    });
  const decode = (body: Uint8Array, owned: boolean): unknown =>
    decoder().decode(body, 0, body.length, 0, owned, LIMIT);

  // Long integers take the slow and exact way of the library.
  test.each([[[] as unknown[]], [[2n ** 63n]]])("a small value holds nothing of its body (%#)", (more) => {
    for (const owned of [true, false]) {
      const body = codec
        .encode([
          new Uint8Array(16).fill(1),
          { deep: [new Uint8Array(3).fill(2)] },
          "x".repeat(9000),
          ...more,
        ])
        .slice();
      const [first, { deep }] = decode(body, owned) as [Uint8Array, { deep: Uint8Array[] }];
      expect(hex(first)).toBe("01".repeat(16));
      expect(hex(deep[0] as Uint8Array)).toBe("020202");
      expect(first.buffer.byteLength).toBe(16);
      expect(deep[0]?.buffer.byteLength).toBe(3);
      expect(structuredClone(first).buffer.byteLength).toBe(16);
    }
  });

  test("a value that is most of an owned body may share its buffer", () => {
    const body = codec.encode([new Uint8Array(9000).fill(1), Uint8Array.of(5)]).slice();
    const [long, short] = decode(body, true) as [Uint8Array, Uint8Array];
    expect(long.buffer).toBe(body.buffer);
    expect(hex(long)).toBe("01".repeat(9000));
    expect(short.buffer.byteLength).toBe(1);
  });

  test("a value of a body that is not owned does not change with it", () => {
    const body = codec.encode([new Uint8Array(9000).fill(1)]).slice();
    const [long] = decode(body, false) as [Uint8Array];
    body.fill(0);
    expect(hex(long)).toBe("01".repeat(9000));
  });

  test("what lies beside an inflated body in its buffer is not handed out", () => {
    const secret = new Uint8Array(20_000).fill(0x53);
    const body = codec.encode(new Uint8Array(12_000).fill(1)).slice();
    secret.set(body);
    const value = decoder(() => secret.subarray(0, body.length)).decode(body, 0, 1, 1, false, LIMIT);
    const { buffer } = value as Uint8Array;
    expect(new Uint8Array(buffer).includes(0x53)).toBe(false);
  });

  test("counts as two elements", () => {
    const body = codec.encode([Uint8Array.of(1), Uint8Array.of(2)]).slice();
    const limited = (elements: number) => () =>
      decoder().decode(body, 0, body.length, 0, false, LIMIT, elements);
    expect(limited(4)).not.toThrow();
    expect(limited(3)).toThrow("more than the 3 elements of net.limits.elements");
  });
});

test("a binary value counts as two elements when it is sent, too", () => {
  expect(() => new ValueCodec(512, 4).encode([Uint8Array.of(1), Uint8Array.of(2)])).not.toThrow();
  expect(() => new ValueCodec(512, 3).encode([Uint8Array.of(1), Uint8Array.of(2)])).toThrow(/3 elements/);
});

test("objects of a codec that cannot be changed stay as they are", () => {
  const decoder = new BodyDecoder(new ValueReader(), 512, 65_536, { codec: frozen });
  const body = concat(bytes("c403010203"), new Uint8Array(0));
  expect(decoder.decode(body, 0, body.length, 0, true, LIMIT)).toMatchObject({ text: "x" });
});

const setUp = (peer: FakePeer): void => {
  peer.registry.register(new Packet(peer.registry, peer), "game:one");
};

test("a packet handed in later shares its buffer only if that is the packet's own", () => {
  const server = activeServer(setUp);
  const raw = packet(64, concat(bytes("c51000"), new Uint8Array(4096).fill(1))).subarray(4);
  const pool = new Uint8Array(6000).fill(0x53);
  pool.set(raw, 100);
  server.connection.dispatchRaw(pool.subarray(100, 100 + raw.length));
  server.connection.dispatchRaw(raw);
  const [first, second] = server.received as [Uint8Array, Uint8Array];
  expect(first.buffer.byteLength).toBe(4096);
  expect(second.buffer).toBe(raw.buffer);
});

test("who looks at what is sent gets a copy: nothing else lies in its buffer, and the output does not change", () => {
  const seen: Uint8Array[] = [];
  class Watched extends Packet {
    override send(sent: Uint8Array): void {
      seen.push(sent);
      sent.fill(0);
    }
  }
  const { server, client } = activePair((peer) => {
    const type: PacketType = new Watched(peer.registry, peer);
    peer.registry.register(type, "game:one");
  });
  server.connection.send("game:one", "first");
  server.connection.send("game:one", "second");
  client.receive(server.take());
  expect(client.received).toEqual(["first", "second"]);
  for (const one of seen) expect(one.buffer.byteLength).toBe(one.length);
  expect(seen).toHaveLength(2);
});

test("what another codec hands out as half of the buffer stays a view, and what is less does not", () => {
  const { buffer } = new Uint8Array(8);
  const half = new Uint8Array(buffer, 4);
  const less = new Uint8Array(buffer, 5);
  expect(withOwnBinaries(half, buffer)).toBe(half);
  expect(withOwnBinaries(less, buffer)).not.toBe(less);
  expect(withOwnBinaries(less, buffer)).toEqual(less);
});
