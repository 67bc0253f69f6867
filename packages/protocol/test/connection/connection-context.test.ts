// What connections share that began with different options of one peer.

import {
  Config,
  type ConfigOverrides,
  type ConnectionContextOptions,
  createConnectionContext,
  SIDE_CLIENT,
  SIDE_SERVER,
  type Side,
  ValueCodec,
} from "@peng3dnet/protocol";
import {
  type CommonContext,
  contextFor,
  createCommonContext,
} from "../../src/connection/connection-context.js";
import { POOLED_LENGTH } from "../../src/framing/buffer-pool.js";
import { SharedOutput } from "../../src/framing/shared-output.js";
import { End, FakePeer } from "../support/pair.js";
import { zlib } from "../support/zlib.js";

test("a later context has the options of its time, and shares buffers and connection types with the former one", () => {
  const { context: first, connection, peer } = new End(SIDE_SERVER);
  peer.cfg.set("net.limits.packetlength", 5000);
  peer.cfg.set("net.limits.strikes", 1);
  const second = createConnectionContext(peer, peer.cfg, { former: first, resources: first.resources });
  expect([first.limit, second.limit]).toEqual([1024 * 1024, 5000]);
  expect(second.pool).toBe(first.pool);
  expect(second.sharedOutput).toBe(first.sharedOutput);
  expect(second.types).toBe(first.types);
  expect(second.decoders).toBe(first.decoders);
  expect(second.encoders).not.toBe(first.encoders);
  expect(second.delivery).not.toBe(first.delivery);
  expect(connection.context).toBe(first);
});

const contextOf = (side: Side, cfg: ConfigOverrides = {}, options: ConnectionContextOptions = {}) =>
  createConnectionContext(new FakePeer(side, cfg), new Config(cfg), options);

test("payloads are validated on sending, and packets dropped above the mark, only where that was asked for", () => {
  expect(contextOf(SIDE_SERVER)).toMatchObject({ validateSent: false, dropDroppable: false });
  expect(contextOf(SIDE_SERVER, {}, { validateSent: true }).validateSent).toBe(true);
  expect(contextOf(SIDE_SERVER, { "net.limits.unsent.policy": "drop" }).dropDroppable).toBe(true);
});

test.each([
  ["values of its own are read and written by this package", {}, true],
  ["a codec decodes them", { codec: new ValueCodec() }, false],
  ["extension types are decoded", { extensions: { encode: () => undefined, decode: () => null } }, false],
])(
  "what packets of the handshake said is remembered only where it is the same for all: %s",
  (_, options, known) => {
    expect(contextOf(SIDE_SERVER, {}, options).knownBodies !== undefined).toBe(known);
  },
);

test("a server may name as many packets in its registry as a client allows, two elements for each and more", () => {
  const cfg = { "net.limits.registry.names": 1000, "net.limits.elements.handshake": 500 } as const;
  expect(contextOf(SIDE_CLIENT, cfg).handshakeElements).toBe(4500);
  expect(contextOf(SIDE_SERVER, cfg).handshakeElements).toBe(500);
});

test.each([
  ["not offered by who cannot beat", {}, { heartbeats: false }, undefined],
  ["offered", {}, { heartbeats: true }, { interval: 10 }],
  ["off", { "net.heartbeat.interval": 0 }, { heartbeats: true }, undefined],
  ["never", { "net.heartbeat.interval": Number.POSITIVE_INFINITY }, { heartbeats: true }, undefined],
  ["too long for a packet", { "net.limits.packetlength": 37 }, { heartbeats: true }, undefined],
  [
    "just short enough for a packet",
    { "net.limits.packetlength": 38 },
    { heartbeats: true },
    { interval: 10 },
  ],
] as const)("heartbeats: %s", (_, cfg, options, heartbeat) => {
  const { declared } = contextOf(
    SIDE_SERVER,
    { "net.heartbeat.interval": 10, ...cfg },
    { compression: zlib, ...options },
  );
  expect(declared?.heartbeat).toEqual(heartbeat);
});

describe("what is kept for the next connection", () => {
  /** How many of the objects that were given back are lent again. */
  const kept = <T>(count: number, acquire: () => T, release: (object: T) => void): number => {
    const objects = new Set(Array.from({ length: count }, acquire));
    for (const object of objects) release(object);
    return Array.from({ length: count }, acquire).filter((object) => objects.has(object)).length;
  };
  const keptEncoders = ({ encoders }: CommonContext): number =>
    kept(
      70,
      () => encoders.acquire(),
      (encoder) => encoders.release(encoder),
    );
  const keptBuffers = ({ pool }: CommonContext): number =>
    kept(
      20,
      () => pool.acquire(POOLED_LENGTH),
      (buffer) => pool.release(buffer),
    );

  test.each([
    ["a server", () => contextOf(SIDE_SERVER), 64, 16],
    ["a client by itself", () => contextOf(SIDE_CLIENT), 1, 1],
    ["clients that share", () => createCommonContext(new Config(), {}), 64, 16],
  ])("%s", (_, make, encoders, buffers) => {
    const context = make();
    expect(keptEncoders(context)).toBe(encoders);
    expect(keptBuffers(context)).toBe(buffers);
  });

  test("connections of a server whose other side declined compression", () => {
    const context = contextOf(SIDE_SERVER, {}, { compression: zlib });
    expect(context.uncompressed.used).toBe(false);
    const uncompressed = context.uncompressed.of(context);
    expect(uncompressed).toMatchObject({
      compression: undefined,
      compressionDeclined: true,
      limit: context.limit,
    });
    expect(context.uncompressed.of(context)).toBe(uncompressed);
    expect(context.uncompressed.used).toBe(true);
    expect(keptEncoders(uncompressed)).toBe(64);
    const plain = contextOf(SIDE_SERVER);
    expect(plain.uncompressed.of(plain)).toBe(plain);
    expect(plain.uncompressed.used).toBe(false);
  });
});

test("output is shared within a peer, from its first connections on", () => {
  expect(contextOf(SIDE_SERVER).sharedOutput).toBeInstanceOf(SharedOutput);
});

test("clients that share a context have nothing but their peer for themselves", () => {
  const [one, two] = [new FakePeer(SIDE_CLIENT), new FakePeer(SIDE_CLIENT)];
  const common = createCommonContext(new Config(), { compression: zlib });
  const [first, second] = [contextFor(one, common), contextFor(two, common)];
  expect([first.peer, second.peer]).toEqual([one, two]);
  // The rest is there once, however many clients there are.
  expect(Object.keys(first)).toEqual(["peer"]);
  for (const shared of ["pool", "encoders", "decoders", "limit"] as const)
    expect(first[shared]).toBe(common[shared]);
});

test("so do those whose other sides declined compression", () => {
  const [one, two] = [new FakePeer(SIDE_CLIENT), new FakePeer(SIDE_CLIENT)];
  const common = createCommonContext(new Config(), { compression: zlib });
  const [first, second] = [one, two].map((peer) => common.uncompressed.of(contextFor(peer, common)));
  expect([first?.peer, second?.peer]).toEqual([one, two]);
  expect(first).toMatchObject({ limit: common.limit, compression: undefined, compressionDeclined: true });
  expect(first?.encoders).toBe(second?.encoders);
  expect(first?.encoders).not.toBe(common.encoders);
});

test("a client ends the connection over packets that the server lacks only where that was asked for", () => {
  const sync = (missingpacketaction: "closeconnection" | "ignore") =>
    new End(SIDE_CLIENT, {
      cfg: {
        "net.registry.missingpacketaction": missingpacketaction,
        "net.limits.registry.names": 1000,
        "net.limits.registry.namelength": 50,
      },
    }).connection.registrySync;
  const limits = { maxNames: 1000, maxNameLength: 50 };
  expect(sync("closeconnection")).toEqual({ strict: true, ...limits });
  expect(sync("ignore")).toEqual({ strict: false, ...limits });
});
