// When each option is read: changed before the start it holds, and changed between two connections it holds for the
// second one, while the first one keeps what it began with. TLS has a table of its own, in config-when-tls.test.ts.

import { deflateSync } from "node:zlib";
import { encode } from "@msgpack/msgpack";
import {
  Client,
  type ClientOnServer,
  ConfigError,
  type ConfigKey,
  type ConfigOverrides,
  ConnectionClosedError,
  DEFAULT_CONFIG,
  definePacket,
  EncodeError,
  Peng3dnetError,
  payload,
  Server,
} from "@peng3dnet/core";
import { ManualClock } from "@peng3dnet/core/testing";
import { track } from "../support/cleanup.js";
import { echo, handle, LOCAL, next } from "../support/peers.js";
import { freePort, RawPeer, rawServer } from "../support/raw-peer.js";
import { sessionOf } from "../support/session.js";
import { CLOSECONN, frame, HANDSHAKE, handshake, hello, packet, settype } from "../support/wire.js";

const ECHO = 64;
const DROPPABLE = 65;
const Droppable = definePacket({ name: "test:droppable", schema: payload<string>(), droppable: true });
const letters = (count: number): string => "a".repeat(count);

/** A server whose options are changed, and what it says. */
class Scene {
  readonly clock = new ManualClock();
  readonly lines: string[] = [];
  readonly events: [name: string, client: unknown][] = [];
  /** Config of its engine, which tells nobody of changes. */
  readonly engine: Record<string, unknown> = {};
  readonly server: Server;

  constructor({ base = {} }: Pick<Row, "base">) {
    this.server = track(
      new Server({
        addr: LOCAL,
        clock: this.clock,
        print: (line) => void this.lines.push(line),
        peng: {
          cfg: this.engine,
          sendEvent: (name, { client }) => void this.events.push([name, client]),
        },
        cfg: base,
      }),
    );
    echo(this.server);
    this.server.register(Droppable);
  }
}

interface Seen {
  readonly scene: Scene;
  readonly peer: RawPeer;
  readonly remote: ClientOnServer;
}

interface Row {
  readonly key: ConfigKey;
  /** The value that the default is changed to. */
  readonly to: unknown;
  /** What is seen of a connection with the default, and of one with the changed value. */
  readonly seen: readonly [unknown, unknown];
  look(connection: Seen): unknown;
  /** Options that do not change. */
  readonly base?: ConfigOverrides;
  /** Whether the handshake is left to `look`. */
  readonly early?: boolean;
  /** Whether packets wait for `process`. */
  readonly manual?: boolean;
  /** Whether it holds for all connections together, as it was when the last one began. */
  readonly shared?: boolean;
}

/** Writes bytes, and the id of the packet that they lead to. */
async function answer({ peer }: Seen, ...bytes: readonly Uint8Array[]): Promise<number> {
  peer.write(...bytes);
  return (await peer.packet()).id;
}

async function sent({ peer, remote }: Seen, text: string) {
  remote.sendMessage("test:echo", text);
  return peer.packet();
}

/** Sends until a peer that does not read is behind by `bytes`, or the connection was given up. */
function fallBehind({ remote, peer }: Seen, bytes: number): void {
  peer.socket.pause();
  const { connection } = sessionOf(remote.conn);
  while (remote.conn.open && connection.unsent < bytes) remote.sendMessage("test:echo", letters(60_000));
}

const uncompressed = { "net.compress.enabled": false };
const told = (word: string) => async (seen: Seen) => {
  await answer(seen, packet(ECHO, "x"));
  if (word === "close") {
    const closed = next(seen.scene.server, "close");
    seen.peer.end();
    await closed;
  }
  return seen.scene.lines.filter((line) => line.startsWith(`${word} ${seen.remote.cid} `)).length;
};
const after = (seconds: number) => (seen: Seen) => {
  seen.scene.clock.advance(seconds);
  return seen.remote.conn.open;
};
const pauses = async ({ peer, remote }: Seen) => {
  const packets = Buffer.concat(Array.from({ length: 5 }, () => packet(ECHO, letters(100))));
  const all = remote.conn.metrics.bytesIn + packets.length;
  peer.write(packets);
  while (remote.conn.metrics.bytesIn < all) await new Promise((turn) => setImmediate(turn));
  return remote.sock?.isPaused();
};

const rows: Row[] = [
  {
    key: "net.compress.enabled",
    to: false,
    seen: [1, 0],
    look: async (seen) => (await sent(seen, letters(9000))).flags,
  },
  {
    key: "net.compress.threshold",
    to: 10,
    seen: [0, 1],
    look: async (seen) => (await sent(seen, letters(100))).flags,
  },
  {
    key: "net.compress.level",
    to: 0,
    seen: [true, false],
    look: async (seen) => (await sent(seen, letters(9000))).bytes.length < 9000,
  },
  {
    key: "net.compress.accept",
    to: false,
    seen: [undefined, false],
    look: ({ remote }) => sessionOf(remote.conn).connection.context.declared?.compress?.accept,
  },
  {
    key: "net.events.enable",
    to: false,
    seen: [1, 0],
    look: ({ scene, remote }) =>
      scene.events.filter(([name, client]) => name.endsWith(".accept") && client === remote).length,
  },
  { key: "net.debug.print.recv", to: true, seen: [0, 1], look: told("recv") },
  { key: "net.debug.print.send", to: true, seen: [0, 1], look: told("send") },
  { key: "net.debug.print.connect", to: true, seen: [0, 1], look: told("connect") },
  { key: "net.debug.print.close", to: true, seen: [0, 1], look: told("close") },
  {
    key: "net.registry.unknownpacketaction",
    to: "ignore",
    seen: [CLOSECONN, ECHO],
    look: (seen) => answer(seen, packet(99, 0), packet(ECHO, "x")),
  },
  {
    key: "net.limits.packetlength",
    to: 2000,
    seen: [ECHO, CLOSECONN],
    look: (seen) => answer(seen, packet(ECHO, letters(3000))),
  },
  {
    key: "net.limits.packetlength.handshake",
    to: 20,
    seen: [HANDSHAKE, CLOSECONN],
    early: true,
    look: (seen) => answer(seen, settype()),
  },
  {
    key: "net.limits.inflated",
    to: 1000,
    seen: [ECHO, CLOSECONN],
    look: (seen) => answer(seen, frame(ECHO, deflateSync(encode(letters(5000))), 1)),
  },
  {
    key: "net.limits.inflated.handshake",
    to: 10,
    seen: [HANDSHAKE, CLOSECONN],
    early: true,
    look: (seen) => answer(seen, frame(2, deflateSync(encode({ conntype: "classic" })), 1)),
  },
  {
    key: "net.limits.depth",
    to: 2,
    seen: [ECHO, CLOSECONN],
    look: (seen) => answer(seen, packet(ECHO, [[[1]]])),
  },
  {
    key: "net.limits.elements",
    to: 40,
    seen: [ECHO, CLOSECONN],
    look: (seen) => answer(seen, packet(ECHO, Array(41).fill(0))),
  },
  {
    key: "net.limits.elements.handshake",
    to: 1,
    seen: [HANDSHAKE, CLOSECONN],
    early: true,
    look: (seen) => answer(seen, settype()),
  },
  {
    key: "net.limits.inflated.rate",
    to: 1000,
    seen: [false, true],
    look: async (seen) => {
      await answer(seen, frame(ECHO, deflateSync(encode(letters(5000))), 1));
      return sessionOf(seen.remote.conn).paused;
    },
  },
  {
    key: "net.limits.buffered",
    shared: true,
    to: 1,
    seen: [false, true],
    look: async ({ scene, peer, remote }) => {
      scene.server.messages(Droppable);
      const { connection } = sessionOf(remote.conn);
      const before = connection.packetsIn;
      peer.write(packet(DROPPABLE, "one"), packet(DROPPABLE, "two"));
      while (!sessionOf(remote.conn).paused && connection.packetsIn < before + 2) {
        await new Promise((turn) => setImmediate(turn));
      }
      return sessionOf(remote.conn).paused;
    },
  },
  {
    key: "net.limits.unsent.total",
    shared: true,
    to: 100_000,
    seen: [true, false],
    base: uncompressed,
    look: (seen) => {
      fallBehind(seen, 1_000_000);
      return seen.remote.conn.open;
    },
  },
  { key: "net.limits.unprocessed.total", to: 10, seen: [false, true], manual: true, look: pauses },
  {
    key: "net.limits.unsent.highwater",
    to: 10,
    seen: [true, false],
    look: ({ remote }) => remote.sendMessage("test:echo", letters(100)),
  },
  {
    key: "net.limits.unsent",
    to: 100_000,
    seen: [true, false],
    base: uncompressed,
    look: (seen) => {
      fallBehind(seen, 1_000_000);
      return seen.remote.conn.open;
    },
  },
  {
    key: "net.limits.unsent.policy",
    to: "drop",
    seen: [1, 0],
    base: { "net.limits.unsent.highwater": 10, ...uncompressed },
    look(seen) {
      fallBehind(seen, 128 * 1024);
      const { connection } = sessionOf(seen.remote.conn);
      const before = connection.packetsOut;
      seen.remote.sendMessage(Droppable, "dropped?");
      return connection.packetsOut - before;
    },
  },
  { key: "net.limits.unprocessed.packets", to: 2, seen: [false, true], manual: true, look: pauses },
  { key: "net.limits.unprocessed.bytes", to: 10, seen: [false, true], manual: true, look: pauses },
  {
    key: "net.limits.requests",
    to: 1,
    seen: [1024, 1],
    look: ({ remote }) => sessionOf(remote.conn).options.maxRequests,
  },
  {
    key: "net.limits.strikes",
    to: 1,
    seen: [ECHO, CLOSECONN],
    base: { "net.registry.unknownpacketaction": "ignore" },
    look: (seen) => answer(seen, packet(99, 0), packet(99, 0), packet(ECHO, "x")),
  },
  { key: "net.timeout.handshake", to: 2, seen: [true, false], early: true, look: after(3) },
  { key: "net.timeout.idle", to: 5, seen: [true, false], look: after(6) },
  {
    key: "net.timeout.unsent",
    to: 5,
    seen: [true, false],
    base: uncompressed,
    look: (seen) => {
      fallBehind(seen, 1_000_000);
      return after(6)(seen);
    },
  },
  {
    key: "net.timeout.close",
    to: 1,
    seen: [false, true],
    look: ({ scene, remote }) => {
      void remote.close("done");
      scene.clock.advance(2);
      return remote.sock?.destroyed;
    },
  },
  {
    key: "net.heartbeat.interval",
    to: 2,
    seen: [5, 2],
    look: ({ remote }) => sessionOf(remote.conn).connection.context.declared?.heartbeat?.interval,
  },
  {
    key: "net.heartbeat.timeout",
    to: 9,
    seen: [15, 9],
    look: ({ remote }) => sessionOf(remote.conn).options.heartbeatTimeout,
  },
  {
    key: "net.resume.window",
    to: 9,
    seen: [undefined, 9],
    look: ({ remote }) => sessionOf(remote.conn).connection.context.declared?.resume?.window,
  },
  {
    key: "net.resume.bytes",
    to: 9000,
    seen: [1024 * 1024, 9000],
    look: ({ remote }) => sessionOf(remote.conn).options.resumeBytes,
  },
  {
    key: "net.latency.poll",
    to: 0,
    seen: [0.0005, 0],
    look: ({ remote }) => sessionOf(remote.conn).options.pollWindow,
  },
];

/** Options that count connections, in tests of their own. */
const admission = [
  "net.limits.connections",
  "net.limits.connections.address",
  "net.limits.pending",
  "net.limits.pending.address",
] as const;
/** Options that are read when a server listens. */
const listening = ["net.server.addr", "net.server.addr.host", "net.server.addr.port"] as const;
/** Options that are read when a client connects, which it does once. */
const connecting = [
  "net.client.addr",
  "net.client.addr.host",
  "net.client.addr.port",
  "net.registry.autosync",
  "net.registry.missingpacketaction",
  "net.limits.registry.names",
  "net.limits.registry.namelength",
] as const;
/** What only the operating system looks at. */
const sockets = ["net.tcp.keepalive"] as const;
/** Options that are read when a session is suspended. The tests of resumption are in the package peer. */
const suspending = ["net.resume.sessions", "net.resume.sessions.address"] as const;

test("the tables have every option", () => {
  const tested = [
    ...rows.map(({ key }) => key),
    ...admission,
    ...listening,
    ...connecting,
    ...sockets,
    ...suspending,
  ];
  const others = Object.keys(DEFAULT_CONFIG).filter((key) => !key.startsWith("net.ssl."));
  expect([...tested, "net.encrypt.enabled"].sort()).toEqual(others.sort());
});

async function connect(scene: Scene, { early = false }: Row): Promise<Seen> {
  const { server } = scene;
  const reached = next(server, early ? "connection" : "handshakecomplete");
  const peer = early ? await RawPeer.connect(server.addr) : await RawPeer.activeClient(server.addr);
  if (early) await peer.packet();
  const [remote] = await reached;
  return { scene, peer, remote: remote as ClientOnServer };
}

const start = ({ server }: Scene, { manual = false }: Row): Promise<void> =>
  manual ? server.runAsync() : server.start();

const ways: [string, (scene: Scene, row: Row) => void][] = [
  ["cfg.set", ({ server }, { key, to }) => server.cfg.set(key, to as never)],
  [
    "the engine's config",
    ({ engine }, { key, to }) => {
      engine[key] = to;
    },
  ],
];

describe.each(ways)("changed by %s", (_, change) => {
  test.each(rows.map((row) => [row.key, row] as const))("before the start: %s", async (_key, row) => {
    const scene = new Scene(row);
    scene.server.initialize();
    change(scene, row);
    await start(scene, row);
    expect(await row.look(await connect(scene, row))).toBe(row.seen[1]);
  });

  test.each(rows.map((row) => [row.key, row] as const))("between two connections: %s", async (_key, row) => {
    const scene = new Scene(row);
    await start(scene, row);
    const first = await connect(scene, row);
    if (row.shared === true) expect(await row.look(first)).toBe(row.seen[0]);
    change(scene, row);
    const second = await connect(scene, row);
    if (row.shared === true) expect(await row.look(second)).toBe(row.seen[1]);
    else expect([await row.look(first), await row.look(second)]).toEqual(row.seen);
  });
});

describe("options that count connections", () => {
  test.each(admission)("%s: for each new connection", async (key) => {
    const { server } = new Scene({});
    await server.start();
    const dropped = next(server, "drop");
    await (key.startsWith("net.limits.connections")
      ? RawPeer.activeClient(server.addr)
      : RawPeer.connect(server.addr));
    server.cfg.set(key, 1);
    await RawPeer.connect(server.addr);
    const [{ reason }] = await dropped;
    expect(reason).toBe("serverfull");
    server.cfg.set(key, 100);
    const accepted = next(server, "connection");
    await RawPeer.connect(server.addr);
    await accepted;
  });
});

describe("options for listening", () => {
  test.each(listening)("%s: on start", async (key) => {
    const base = { "net.server.addr.host": "127.0.0.1", "net.server.addr.port": 0 };
    const server = track(new Server({ cfg: base }));
    server.initialize();
    const port = await freePort();
    const to = { "net.server.addr": "[::1]:0", "net.server.addr.host": "::1", "net.server.addr.port": port };
    server.cfg.set(key, to[key] as never);
    await server.start();
    const addr = server.addr;
    if (key === "net.server.addr.port") expect(addr).toEqual(["127.0.0.1", port]);
    else expect(addr[0]).toBe("::1");
    server.cfg.set("net.server.addr", "127.0.0.1:1");
    expect(server.addr).toEqual(addr);
  });
});

describe("options for connecting", () => {
  /** A client of a server that registered `names` in this order. */
  async function clientOf(names: readonly string[], host = "127.0.0.1") {
    const raw = await rawServer(host);
    const [, port] = raw.addr;
    const client = track(
      new Client({ cfg: { "net.client.addr.host": "127.0.0.1", "net.client.addr.port": port } }),
    );
    client.initialize();
    handle(client, "test:a");
    handle(client, "test:b");
    const serve = async (): Promise<void> => {
      const peer = await raw.accepted();
      peer.write(hello());
      await peer.packet();
      peer.write(handshake(Object.fromEntries(names.map((name, index) => [name, ECHO + index]))));
      // A client that closes waits for this end.
      if ((await peer.packet()).id !== CLOSECONN) await peer.ended();
      peer.end();
    };
    // The client is cut when the test is over.
    serve().catch(() => {});
    return { client, port };
  }

  test.each(connecting.slice(0, 3))("%s: on connecting", async (key) => {
    const { client, port } = await clientOf(["test:a", "test:b"], "::1");
    // To be corrected by the option under test.
    if (key === "net.client.addr.port") {
      client.cfg.set("net.client.addr.host", "::1");
      client.cfg.set("net.client.addr.port", await freePort());
    }
    const to = {
      "net.client.addr": ["::1", port],
      "net.client.addr.host": "::1",
      "net.client.addr.port": port,
    } as Readonly<Record<string, unknown>>;
    client.cfg.set(key, to[key] as never);
    await client.start();
    expect(client.sock?.remoteAddress).toBe("::1");
  });

  test("net.registry.autosync: on connecting", async () => {
    const { client } = await clientOf(["test:b", "test:a"]);
    client.cfg.set("net.registry.autosync", false);
    await client.start();
    expect(client.registry.getID("test:a")).toBe(ECHO);
  });

  test("net.registry.missingpacketaction: on connecting", async () => {
    const { client } = await clientOf(["test:a", "test:b", "test:c"]);
    client.cfg.set("net.registry.missingpacketaction", "ignore");
    await client.start();
    expect(client.active).toBe(true);
  });

  test.each([
    ["net.limits.registry.names", 6],
    ["net.limits.registry.namelength", 10],
  ] as const)("%s: on connecting", async (key, to) => {
    const { client } = await clientOf(["test:a", "test:b"]);
    client.cfg.set(key, to);
    const error = await client.start().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ConnectionClosedError);
    expect((error as ConnectionClosedError).reason).toBe("packetregmismatch");
    expect(((error as ConnectionClosedError).cause as Error).message).toContain(key);
  });
});

test("net.encrypt.enabled cannot be set", () => {
  expect(() => new Server().cfg.set("net.encrypt.enabled", true as never)).toThrow(ConfigError);
});

test("net.events.enable set to true without a bus: start says so", async () => {
  const server = track(new Server({ addr: LOCAL }));
  server.cfg.set("net.events.enable", true);
  await expect(server.start()).rejects.toThrow(ConfigError);
  server.cfg.set("net.events.enable", "auto");
  await server.start();
});

describe("a broadcast to connections that began with different options", () => {
  const connection = { key: "net.compress.enabled", to: false, seen: [0, 0], look: () => 0 } satisfies Row;

  test("is encoded for each as its options say", async () => {
    const scene = new Scene({});
    await scene.server.start();
    const first = await connect(scene, connection);
    scene.server.cfg.set("net.compress.enabled", false);
    const second = await connect(scene, connection);
    const third = await connect(scene, connection);
    expect(scene.server.broadcast("test:echo", letters(9000))).toBe(3);
    const flags = [first, second, third].map(async ({ peer }) => (await peer.packet()).flags);
    expect(await Promise.all(flags)).toEqual([1, 0, 0]);
  });

  test("is sent to nobody if the options of one forbid it", async () => {
    const scene = new Scene({});
    await scene.server.start();
    const first = await connect(scene, connection);
    scene.server.cfg.set("net.limits.depth", 2);
    await connect(scene, connection);
    const before = first.remote.conn.metrics.packetsOut;
    expect(() => scene.server.broadcast("test:echo", [[[1]]])).toThrow(EncodeError);
    expect(first.remote.conn.metrics.packetsOut).toBe(before);
  });
});

test("a value of the engine's config that is not allowed refuses a connection, and is reported", async () => {
  const scene = new Scene({});
  await scene.server.start();
  await RawPeer.activeClient(scene.server.addr);
  scene.engine["net.limits.depth"] = "deep";
  const failed = next(scene.server, "handlerError");
  await (await RawPeer.connect(scene.server.addr)).ended();
  const [error] = await failed;
  expect(error).toBeInstanceOf(Peng3dnetError);
  expect(error).toMatchObject({ key: "net.limits.depth" });
});
