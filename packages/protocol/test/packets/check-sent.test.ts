// What is validated on sending is what the receiver will see, and errors on the way name the packet.

import {
  type Codec,
  closeReasonOf,
  DefinedPacket,
  definePacket,
  EncodeError,
  encodeChecked,
  FLAG_COMPRESSED,
  InvalidPayloadError,
  MsgpackCodec,
  Packet,
  PacketRegistry,
  ProtocolError,
  SIDE_CLIENT,
  type StandardSchemaV1,
} from "@peng3dnet/protocol";
import { packet } from "../support/bytes.js";
import { activePair, type EndOptions, FakePeer, type Pair } from "../support/pair.js";
import { zlib } from "../support/zlib.js";

/** Takes anything but null and undefined, and writes down what it was asked. */
function recording(): { readonly schema: StandardSchemaV1<unknown, unknown>; readonly seen: unknown[] } {
  const seen: unknown[] = [];
  const validate = (value: unknown) => {
    seen.push(value);
    return value === null ? { issues: [{ message: "is null" }] } : { value };
  };
  return { schema: { "~standard": { version: 1, vendor: "test", validate } }, seen };
}

function pairOf(schema: StandardSchemaV1<unknown, unknown>, options: EndOptions = {}): Pair {
  const definition = definePacket({ name: "test:value", schema });
  return activePair(
    (peer: FakePeer) => {
      peer.registry.register(new DefinedPacket(peer.registry, peer, definition), definition.name);
    },
    { validateSent: true, ...options },
  );
}

class OddCodec implements Codec {
  encode(): Uint8Array {
    // An extension type, which this library does not accept; another peer may.
    return Uint8Array.of(0xd4, 0x07, 0x00);
  }

  decode(): unknown {
    throw new Error("never asked");
  }
}

class BrokenCodec extends MsgpackCodec {
  broken = false;

  override decode(bytes: Uint8Array, exactly: boolean): unknown {
    if (this.broken) throw new TypeError("broken");
    return super.decode(bytes, exactly);
  }
}

test.each([undefined, new MsgpackCodec()])("the schema sees what arrives (codec %#)", (codec) => {
  const { schema, seen } = recording();
  const { server } = pairOf(schema, { codec });
  server.connection.send("test:value", { a: undefined, b: [undefined], long: "x".repeat(5000) });
  expect(seen).toStrictEqual([{ b: [null], long: "x".repeat(5000) }]);
  expect(() => server.connection.send("test:value", undefined)).toThrow(InvalidPayloadError);
});

test("an error says whether the payload was to be sent, or came from the peer", () => {
  const definition = { name: "test:value", schema: recording().schema, invalidAction: "close" } as const;
  const setUp = (peer: FakePeer): void => {
    const packets = new DefinedPacket(peer.registry, peer, definePacket(definition));
    peer.registry.register(packets, definition.name, 64);
  };
  const { server } = activePair(setUp, { validateSent: true });
  const send = () => server.connection.send(definition.name, null);
  expect(send).toThrow(expect.objectContaining({ packet: definition.name, direction: "out" }));
  server.receive(packet(64, "c0"));
  expect(server.errors).toMatchObject([{ packet: definition.name, direction: "in" }]);
});

test("what only another peer accepts is checked as it is", () => {
  const { schema, seen } = recording();
  const { server } = pairOf(schema);
  const value = { special: true };
  const entry = server.peer.registry.entry("test:value");
  const own = { ...server.context, codec: new OddCodec() };
  const watched: unknown[] = [];
  encodeChecked(own, entry, value, (parsed) => watched.push(parsed));
  expect(watched).toEqual([value]);
  expect(seen).toEqual([value]);
});

test("a handler that sends changes nothing of what is known of the packet it was called for", () => {
  const { server } = pairOf(recording().schema);
  const { connection, host } = server;
  host.onReceived = () => connection.send("test:value", 1);
  const body = zlib.deflate(new MsgpackCodec().encode("x".repeat(5000)));
  server.receive(packet(64, body, FLAG_COMPRESSED));
  expect(server.received).toHaveLength(1);
  expect(host.sentData).toHaveLength(1);
  expect(connection.inflatedBytes).toBeGreaterThan(5000);
  expect(connection.decodedSize).toBeGreaterThan(5000);
});

test("what a schema keeps does not change with the buffer of a codec that uses it again", () => {
  const buffer = new Uint8Array(64);
  const msgpack = new MsgpackCodec();
  const codec: Codec = {
    encode(value) {
      const body = msgpack.encode(value);
      if (body.length > buffer.length) return body;
      buffer.set(body);
      return buffer.subarray(0, body.length);
    },
    decode: (bytes, exactly) => msgpack.decode(bytes, exactly),
  };
  const { schema, seen } = recording();
  const { server } = pairOf(schema, { codec });
  server.connection.send("test:value", new Uint8Array(50).fill(1));
  server.connection.send("test:value", new Uint8Array(50).fill(2));
  expect(seen).toEqual([new Uint8Array(50).fill(1), new Uint8Array(50).fill(2)]);
});

test.each<[string, unknown]>([
  ["an error of its own", new Error("mine")],
  ["nil", null],
])("%s that a packet's parse throws stays as it is", (_, thrown) => {
  const throwing = (peer: FakePeer): void => {
    const parse = (): never => {
      throw thrown;
    };
    peer.registry.register(Object.assign(new Packet(peer.registry, peer), { parse }), "test:value");
  };
  const { server } = activePair(throwing, { validateSent: true });
  let caught: unknown = "nothing";
  try {
    server.connection.send("test:value", 1);
  } catch (error) {
    caught = error;
  }
  expect(caught).toBe(thrown);
  expect(Object.keys(thrown ?? {})).not.toContain("direction");
});

test("for many, a payload is checked only where that is asked for, and the packet has a parse", () => {
  const { schema, seen } = recording();
  const watched: unknown[] = [];
  const encode = (name: string, options: EndOptions): void => {
    const { server } = pairOf(schema, options);
    const { registry } = server.peer;
    registry.register(new Packet(registry, server.peer), "test:plain");
    encodeChecked(server.context, registry.entry(name), 1, (parsed) => watched.push(parsed));
  };
  encode("test:value", { validateSent: false });
  encode("test:plain", {});
  expect([seen, watched]).toEqual([[], []]);
  encode("test:value", {});
  expect([seen, watched]).toEqual([[1], [1]]);
});

test("a codec that breaks is not taken for a payload that does not fit", () => {
  const codec = new BrokenCodec();
  const { server } = pairOf(recording().schema, { codec });
  codec.broken = true;
  expect(() => server.connection.send("test:value", 1)).toThrow(TypeError);
});

test("errors name the packet: on sending, to one or to all, and on receipt", () => {
  const { server } = pairOf(recording().schema);
  const { connection, context, peer } = server;
  const wrong = { a: () => {} };
  expect(() => connection.send("test:value", wrong)).toThrow(/\(a of "test:value"\)$/);
  expect(() => encodeChecked(context, peer.registry.entry("test:value"), wrong, () => {})).toThrow(
    EncodeError,
  );
  server.receive(packet(64, "c1"));
  expect(server.errors[0]?.message).toMatch(/\(packet "test:value"\)$/);
  expect(server.errors[0]?.stack).toContain('(packet "test:value")');
});

test("a server's names that cannot be taken over change nothing", () => {
  const peer = new FakePeer(SIDE_CLIENT);
  const { registry } = peer;
  for (const name of ["a", "b", "c"]) registry.register(new Packet(registry, peer), name);
  expect(() =>
    registry.takeOver(
      new Map([
        ["a", 70],
        ["b", 70],
      ]),
    ),
  ).toThrow("the id 70 is given");
  expect(registry.lacking.size).toBe(0);
  registry.register(new Packet(registry, peer), "d");
  expect([...registry.entries()].map(({ name, lacking }) => [name, lacking])).toEqual([
    ["a", false],
    ["b", false],
    ["c", false],
    ["d", false],
  ]);
  registry.takeOver(new Map([["a", 70]]));
  expect([registry.entry("a").lacking, registry.entry("b").lacking]).toEqual([false, true]);
});

test("what has a reason for the peer, whoever made it", () => {
  class Own extends ProtocolError {
    readonly code = "OWN";
    readonly closeReason = "own";
  }
  expect(closeReasonOf(new Own("m"))).toBe("own");
  expect(closeReasonOf(Object.assign(new Error("m"), { code: "P3D_ERR_X", closeReason: "x" }))).toBe("x");
  for (const other of [new Error("m"), null, undefined, "text", { code: 1, closeReason: "x" }]) {
    expect(closeReasonOf(other)).toBeUndefined();
  }
});

test("only packets are registered, whatever else looks like one", () => {
  const peer = new FakePeer(SIDE_CLIENT);
  const registry = new PacketRegistry(DefinedPacket);
  expect(() => registry.register(new Packet(peer.registry, peer), "a")).toThrow(TypeError);
});
