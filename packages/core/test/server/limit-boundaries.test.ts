// Each limit on what a peer may send and on what may be sent to it: at the limit minus one, at it, and past it.
// Time and admission are in limits.test.ts, slow consumers in sending.test.ts.

import { deflateSync } from "node:zlib";
import { encode } from "@msgpack/msgpack";
import {
  Client,
  type CloseInfo,
  type ConfigOverrides,
  type Server,
  STATE_HANDSHAKE_WAIT1,
} from "@peng3dnet/core";
import { ManualClock } from "@peng3dnet/core/testing";
import { bareTlsClient } from "../support/bare-tls.js";
import { bareTls, serverTls } from "../support/certificates.js";
import { track } from "../support/cleanup.js";
import { echo, handle, next, startPair, startServer } from "../support/peers.js";
import { RawPeer, rawServer } from "../support/raw-peer.js";
import * as wire from "../support/wire.js";
import { frame, packet, SETTYPE } from "../support/wire.js";

const ECHO_ID = 64;
const UNKNOWN_ID = 4711;

/** A text whose encoding has so many bytes. */
const textOf = (bytes: number): string => {
  const header = bytes - 1 < 32 ? 1 : bytes - 2 < 256 ? 2 : 3;
  return "x".repeat(bytes - header);
};

const nested = (depth: number): unknown => (depth === 0 ? null : [nested(depth - 1)]);

/** A settype whose body has so many bytes. */
function settypeOf(bytes: number): Buffer {
  const bare = encode({ conntype: "classic", padding: "" }).length;
  const length = bytes - bare;
  const padding = "p".repeat(length < 32 ? length : length - (length < 258 ? 1 : 2));
  const body = encode({ conntype: "classic", padding });
  expect(body).toHaveLength(bytes);
  return Buffer.from(body);
}

interface Limit {
  readonly option: string;
  readonly cfg: ConfigOverrides;
  readonly limit: number;
  readonly early?: boolean;
  /** What a client sends so that the limit is at, or one from, `size`. */
  readonly bytes: (size: number) => Buffer;
  readonly reason: string;
  readonly code: string;
}

const FROM_CLIENT: readonly Limit[] = [
  {
    option: "net.limits.packetlength",
    cfg: { "net.limits.packetlength": 400 },
    limit: 400,
    bytes: (size) => packet(ECHO_ID, textOf(size - 6)),
    reason: "packettoolong",
    code: "P3D_ERR_PACKET_TOO_LARGE",
  },
  {
    option: "net.limits.packetlength.handshake",
    cfg: { "net.limits.packetlength.handshake": 100 },
    limit: 100,
    early: true,
    bytes: (size) => frame(SETTYPE, settypeOf(size - 6)),
    reason: "packettoolong",
    code: "P3D_ERR_PACKET_TOO_LARGE",
  },
  {
    option: "net.limits.inflated",
    cfg: { "net.limits.inflated": 1000 },
    limit: 1000,
    bytes: (size) => frame(ECHO_ID, deflateSync(encode(textOf(size))), 1),
    reason: "decompresslimit",
    code: "P3D_ERR_DECOMPRESS_LIMIT",
  },
  {
    option: "net.limits.inflated.handshake",
    cfg: { "net.limits.inflated.handshake": 500 },
    limit: 500,
    early: true,
    bytes: (size) => frame(SETTYPE, deflateSync(settypeOf(size)), 1),
    reason: "decompresslimit",
    code: "P3D_ERR_DECOMPRESS_LIMIT",
  },
  {
    option: "net.limits.depth",
    cfg: { "net.limits.depth": 8 },
    limit: 8,
    bytes: (size) => packet(ECHO_ID, nested(size)),
    reason: "baddata",
    code: "P3D_ERR_BAD_DATA",
  },
  {
    option: "net.limits.elements",
    cfg: { "net.limits.elements": 20 },
    limit: 20,
    // Two for each of five pairs, and the items of an array.
    bytes: (size) => packet(ECHO_ID, { a: 1, b: 2, c: 3, d: 4, e: new Array(size - 10).fill(null) }),
    reason: "baddata",
    code: "P3D_ERR_BAD_DATA",
  },
  {
    option: "net.limits.elements.handshake",
    cfg: { "net.limits.elements.handshake": 20 },
    limit: 20,
    early: true,
    // Two for each of two pairs, and the items of an array.
    bytes: (size) => packet(SETTYPE, { conntype: "classic", more: new Array(size - 4).fill(null) }),
    reason: "baddata",
    code: "P3D_ERR_BAD_DATA",
  },
  {
    option: "net.limits.strikes",
    cfg: { "net.limits.strikes": 5, "net.registry.unknownpacketaction": "ignore" },
    limit: 5,
    bytes: (size) =>
      Buffer.concat([
        ...Array.from({ length: size }, () => packet(UNKNOWN_ID, 0)),
        packet(ECHO_ID, "after the strikes"),
      ]),
    reason: "unexpectedpacket",
    code: "P3D_ERR_UNEXPECTED_PACKET",
  },
];

interface Scene {
  readonly server: Server;
  connect(): Promise<RawPeer>;
}

const TRANSPORTS: Readonly<Record<string, (cfg: ConfigOverrides) => Promise<Scene>>> = {
  async TCP(cfg) {
    const server = await startServer({ cfg });
    return { server, connect: () => RawPeer.connect(server.addr) };
  },
  async TLS(cfg) {
    const server = await startServer({ cfg: { ...cfg, ...serverTls() } });
    return { server, connect: async () => (await bareTlsClient(server.addr, bareTls())).peer };
  },
};

describe.each(Object.keys(TRANSPORTS))("from a client over %s", (transport) => {
  describe.each(FROM_CLIENT)("$option", ({ cfg, limit, early = false, bytes, reason, code }) => {
    const open = async (): Promise<{ readonly server: Server; readonly peer: RawPeer }> => {
      const scene = await TRANSPORTS[transport]!(cfg);
      const peer = await scene.connect();
      await peer.packet();
      if (!early) {
        peer.write(wire.settype());
        await peer.packet();
        peer.write(wire.accept());
      }
      return { server: scene.server, peer };
    };

    test.each([
      ["one below it", limit - 1],
      ["at it", limit],
    ])("%s goes through", async (_, size) => {
      const { peer } = await open();
      peer.write(bytes(size));
      // The answer: the server's handshake, or the packet sent back.
      expect((await peer.packet()).id).toBe(early ? wire.HANDSHAKE : ECHO_ID);
    });

    test("one past it ends the connection with the reason", async () => {
      const { server, peer } = await open();
      const closed = next(server, "close");
      peer.write(bytes(limit + 1));
      expect(await peer.closeReason()).toBe(reason);
      peer.end();
      const [, info] = await closed;
      expect(info).toMatchObject({ reason, error: { code, closeReason: reason }, clean: false });
      expect(server.metrics.rejectedBy).toMatchObject({ [reason]: 1 });
    });
  });
});

describe("from a server", () => {
  const IGNORE: ConfigOverrides = { "net.registry.missingpacketaction": "ignore" };
  const names = (count: number): Record<string, number> =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`n:${index}`, 64 + index]));

  const FROM_SERVER: readonly (readonly [string, ConfigOverrides, number, (size: number) => Buffer])[] = [
    [
      "net.limits.registry.names",
      { "net.limits.registry.names": 9 },
      9,
      // Five of them are the protocol's own.
      (size) => wire.handshake(names(size - 5)),
    ],
    [
      "net.limits.registry.namelength",
      { "net.limits.registry.namelength": 41 },
      41,
      // In bytes, not in characters.
      (size) => wire.handshake({ [`${"ä".repeat(10)}${"n".repeat(size - 20)}`]: 64 }),
    ],
  ];

  async function shake(
    cfg: ConfigOverrides,
    bytes: Buffer,
    clock?: ManualClock,
  ): Promise<{ client: Client; peer: RawPeer }> {
    const listening = await rawServer();
    const client = track(new Client({ addr: listening.addr, cfg: { ...IGNORE, ...cfg }, clock }));
    client.start().catch(() => {});
    const peer = await listening.accepted();
    peer.write(wire.hello());
    await peer.packet();
    peer.write(bytes);
    return { client, peer };
  }

  test.each(FROM_SERVER)("%s: one below it and at it goes through", async (_, cfg, limit, bytes) => {
    for (const size of [limit - 1, limit]) {
      const { peer } = await shake(cfg, bytes(size));
      expect((await peer.packet()).id).toBe(wire.ACCEPT);
    }
  });

  test.each(FROM_SERVER)("%s: one past it ends the connection", async (_, cfg, limit, bytes) => {
    const { client, peer } = await shake(cfg, bytes(limit + 1));
    expect(await peer.closeReason()).toBe("packetregmismatch");
    peer.end();
    const info: CloseInfo = await client.waitForClose();
    expect(info).toMatchObject({
      reason: "packetregmismatch",
      error: { code: "P3D_ERR_PACKETREG_MISMATCH" },
      clean: false,
    });
  });

  test("a registry of as many names as may be goes through by default, beside few elements for all else", async () => {
    const cfg = { "net.limits.elements": 10, "net.limits.elements.handshake": 20 };
    const { peer } = await shake(cfg, wire.handshake(names(4096 - 5)));
    expect((await peer.packet()).id).toBe(wire.ACCEPT);
  });

  test("a registry of very many names goes through where it may have them", async () => {
    const { peer } = await shake({ "net.limits.registry.names": 30_000 }, wire.handshake(names(29_995)));
    expect((await peer.packet()).id).toBe(wire.ACCEPT);
  });

  test.each([
    ["a hello", wire.HELLO],
    ["a handshake", wire.HANDSHAKE],
  ])("%s with ever more elements, or maps that reserve memory, ends the connection", async (_, id) => {
    for (const value of [
      { version: "0.2.0", protoversion: 2, more: new Array(60_000).fill({}) },
      { version: "0.2.0", protoversion: 2, more: new Array(1000).fill({ 1023: 1, 2575: 2 }) },
    ]) {
      const listening = await rawServer();
      const client = track(new Client({ addr: listening.addr }));
      client.start().catch(() => {});
      const peer = await listening.accepted();
      if (id === wire.HANDSHAKE) {
        peer.write(wire.hello());
        await peer.packet();
      }
      peer.write(frame(id, deflateSync(encode(value)), 1));
      expect(await peer.closeReason()).toBe("baddata");
      peer.end();
      expect(await client.waitForClose()).toMatchObject({
        reason: "baddata",
        error: { code: "P3D_ERR_BAD_DATA" },
      });
    }
  });

  test("a handshake that never ends is given up at the deadline", async () => {
    const clock = new ManualClock();
    const { client, peer } = await shake({}, Buffer.alloc(0), clock);
    const bytes = wire.handshake();
    for (let second = 0; second < 10; second++) {
      const before = client.metrics.bytesIn;
      peer.write(bytes.subarray(second, second + 1));
      while (client.metrics.bytesIn === before) await new Promise(setImmediate);
      expect(client.state).toBe(STATE_HANDSHAKE_WAIT1);
      clock.advance(1);
    }
    const { reason, error } = await client.waitForClose();
    expect(reason).toBe("handshaketimeout");
    expect(error).toMatchObject({ code: "P3D_ERR_HANDSHAKE_TIMEOUT" });
  });
});

describe("outwards, sendMessage throws and nothing is sent", () => {
  const OUT: readonly (readonly [string, ConfigOverrides, number, (size: number) => unknown, string])[] = [
    [
      "net.limits.packetlength",
      { "net.limits.packetlength": 400 },
      400,
      (size) => textOf(size - 6),
      "P3D_ERR_PACKET_TOO_LARGE",
    ],
    [
      "net.limits.inflated",
      { "net.limits.inflated": 1000, "net.compress.threshold": 0 },
      1000,
      (size) => textOf(size),
      "P3D_ERR_PACKET_TOO_LARGE",
    ],
    ["net.limits.depth", { "net.limits.depth": 8 }, 8, nested, "P3D_ERR_ENCODE"],
    ["net.limits.elements", {}, 65_536, (size) => new Array(size).fill(null), "P3D_ERR_ENCODE"],
  ];

  test.each(OUT)("%s", async (_, cfg, limit, value, code) => {
    const { server, client, remote } = await startPair({ server: { cfg }, client: { cfg }, setUp: echo });
    const before = remote.conn.metrics.packetsOut;
    for (const size of [limit - 1, limit]) expect(remote.sendMessage("test:echo", value(size))).toBe(true);
    expect(() => remote.sendMessage("test:echo", value(limit + 1))).toThrow(
      expect.objectContaining({ code }) as Error,
    );
    expect(() => client.sendMessage("test:echo", value(limit + 1))).toThrow(
      expect.objectContaining({ code }) as Error,
    );
    expect(remote.conn.metrics.packetsOut).toBe(before + 2);
    // The connection goes on.
    await remote.flush();
    expect(client.active && server.clients.size === 1).toBe(true);
  });
});

test("65,536 elements are accepted by default, and no more", async () => {
  const server = await startServer();
  const peer = await RawPeer.activeClient(server.addr);
  peer.write(packet(ECHO_ID, new Array(65_536).fill(null)));
  expect((await peer.packet()).id).toBe(ECHO_ID);
  peer.write(packet(ECHO_ID, new Array(65_537).fill(null)));
  expect(await peer.closeReason()).toBe("baddata");
});

test("a registry may have more elements than net.limits.elements allows of a body", async () => {
  const cfg = { "net.limits.elements": 16 };
  const { client, remote } = await startPair({
    server: { cfg },
    client: { cfg },
    setUp: (peer) => {
      echo(peer);
      for (let n = 0; n < 40; n++) handle(peer, `test:more${n}`);
    },
  });
  const body = new Array(17).fill(null);
  expect(() => remote.sendMessage("test:echo", body)).toThrow("more than the 16 elements");
  expect(() => client.sendMessage("test:echo", body)).toThrow("more than the 16 elements");
  expect(client.sendMessage("test:echo", body.slice(1))).toBe(true);
});

test("nothing is allocated for a length that was announced and not sent", async () => {
  const length = 64 * 1024 * 1024;
  const cfg = { "net.limits.packetlength": length, "net.limits.unprocessed.bytes": length };
  const server = await startServer({ cfg }, (peer) => handle(peer, "test:echo"));
  const peers = await Promise.all(Array.from({ length: 8 }, () => RawPeer.activeClient(server.addr)));
  const before = process.memoryUsage();
  const preamble = frame(ECHO_ID, Buffer.alloc(100));
  preamble.writeUInt32BE(length, 0);
  for (const peer of peers) peer.write(preamble);
  while ([...server.clients.values()].some(({ conn }) => conn.metrics.bytesIn < 140)) {
    await new Promise<void>((resolve) => setTimeout(resolve, 5));
  }
  const { arrayBuffers, external } = process.memoryUsage();
  const grown = Math.max(arrayBuffers - before.arrayBuffers, external - before.external);
  expect(grown).toBeLessThan(8 * 1024 * 1024);
});
