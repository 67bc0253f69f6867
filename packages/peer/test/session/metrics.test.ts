// Counters of connections and servers, and packets that may be dropped.

import { type Cid, Client, Packet, type Peer, Server, SmartPacket } from "@peng3dnet/peer";
import { TestNetwork } from "@peng3dnet/peer/testing";
import { sessionOf } from "../../../core/test/support/session.js";

const NOTHING = { queued: 0, unsent: 0, rejectedBy: {} };

/** A position, say: the next one outdates it. */
class Droppable extends SmartPacket {
  override readonly droppable = true;
}

class Echo extends Packet {
  override receive(msg: unknown, cid: Cid): void {
    if (cid !== null) this.peer.sendMessage("test:echo", msg, cid);
  }
}

function setUp(peer: Peer): void {
  peer.registry.register(new Echo(peer.registry, peer), "test:echo");
  peer.registry.register(new Droppable(peer.registry, peer), "test:position");
}

async function pair(policy: "close" | "drop" = "close") {
  const net = new TestNetwork();
  const cfg = {
    "net.compress.enabled": false,
    "net.limits.unsent.policy": policy,
    "net.limits.unsent.highwater": 100_000,
    "net.limits.unsent": 1_000_000,
  } as const;
  const server = net.server({ cfg });
  const client = net.client({ cfg: { "net.compress.enabled": false } });
  for (const peer of [server, client]) setUp(peer);
  const link = net.connect(client, server);
  await client.waitForConnection();
  await net.settle();
  const [remote] = [...server.clients.values()];
  return { net, server, client, link, remote: remote! };
}

test("both ends and the server count the same", async () => {
  const { net, server, client, remote } = await pair();
  for (let count = 0; count < 10; count++) client.sendMessage("test:echo", count);
  await net.settle();
  const own = client.metrics;
  // Hello and handshake in, settype and accept out, and ten packets each way.
  expect(own).toMatchObject({ packetsIn: 12, packetsOut: 12, ...NOTHING });
  expect(remote.conn.metrics).toEqual({
    bytesIn: own.bytesOut,
    bytesOut: own.bytesIn,
    packetsIn: own.packetsOut,
    packetsOut: own.packetsIn,
    ...NOTHING,
  });
  expect(server.metrics).toEqual(remote.conn.metrics);
});

test("a server's counters keep what closed connections have added", async () => {
  const { net, server, client } = await pair();
  const before = server.metrics;
  await client.close("bye");
  await net.settle();
  expect(server.clients.size).toBe(0);
  const after = server.metrics;
  expect(after.packetsIn).toBe(before.packetsIn + 1);
  expect(after.bytesIn).toBeGreaterThan(before.bytesIn);
  expect(after).toMatchObject({ ...NOTHING });
});

test("packets that waited for process in a connection that is cut wait no more", async () => {
  const net = new TestNetwork();
  const cfg = { "net.compress.enabled": false, "net.limits.unsent": 200_000 };
  const server = new Server({ clock: net.clock });
  const client = new Client({ clock: net.clock, cfg, reconnect: true });
  for (const peer of [server, client]) {
    setUp(peer);
    peer.initialize();
  }
  const link = net.connect(client, server);
  await client.waitForConnection();
  await net.settle();
  server.broadcast("test:echo", 1);
  client.sendMessage("test:echo", 2);
  await net.settle();
  const queued = (): number[] => [server.metrics.queued, client.metrics.queued];
  expect(queued()).toEqual([1, 1]);
  const lost = jest.fn();
  client.on("lost", lost);
  link.toServer.freeze();
  link.toServer.capacity = 1000;
  // More than may be unsent: the client cuts the connection.
  client.sendMessage("test:echo", new Uint8Array(300_000));
  await net.settle();
  expect([lost.mock.calls.length, queued()]).toEqual([1, [1, 0]]);
  server.stop();
  await net.settle();
  expect(queued()).toEqual([0, 0]);
  client.stop();
});

test("a client without a connection has counted nothing", () => {
  expect(new Client().metrics).toEqual({ bytesIn: 0, bytesOut: 0, packetsIn: 0, packetsOut: 0, ...NOTHING });
});

test("what waits is counted: packets for process, and bytes for the peer", async () => {
  const net = new TestNetwork();
  const server = net.server({ cfg: { "net.compress.enabled": false } });
  const client = new Client({ clock: net.clock });
  client.initialize();
  for (const peer of [server, client]) setUp(peer);
  const link = net.connect(client, server);
  await client.waitForConnection();
  await net.settle();
  const [remote] = [...server.clients.values()];
  for (let count = 0; count < 3; count++) remote!.sendMessage("test:echo", count);
  await net.settle();
  expect(client.metrics.queued).toBe(3);
  client.process();
  expect(client.metrics.queued).toBe(0);
  link.toClient.freeze();
  while (remote!.sendMessage("test:echo", new Uint8Array(50_000)));
  expect(remote!.conn.metrics.unsent).toBeGreaterThan(1024 * 1024);
  expect(server.metrics.unsent).toBe(remote!.conn.metrics.unsent);
});

describe("net.limits.unsent.policy", () => {
  const payload = new Uint8Array(20_000);

  test('"drop": past the high-water mark, droppable packets are dropped and counted, others are kept', async () => {
    const { net, server, client, link, remote } = await pair("drop");
    link.toClient.freeze();
    while (remote.sendMessage("test:position", payload));
    const { packetsOut, unsent } = remote.conn.metrics;
    for (let count = 0; count < 50; count++) {
      expect(remote.sendMessage("test:position", payload)).toBe(false);
    }
    expect(remote.conn.metrics.packetsOut).toBe(packetsOut);
    expect(remote.conn.metrics.unsent).toBe(unsent);
    const { dropped } = remote.conn.metrics.rejectedBy;
    expect(dropped).toBeGreaterThanOrEqual(50);
    // One that may not be dropped is queued.
    expect(remote.sendMessage("test:echo", payload)).toBe(false);
    expect(remote.conn.metrics.packetsOut).toBe(packetsOut + 1);
    const drained = new Promise<void>((resolve) => server.once("drain", () => resolve()));
    link.toClient.thaw();
    await drained;
    expect(remote.sendMessage("test:position", payload)).toBe(true);
    await net.settle();
    expect(client.metrics.packetsIn).toBe(packetsOut + 2);
    expect(server.metrics.rejectedBy).toEqual({ dropped });
  });

  test('"close", the default: they are queued as all others, up to the limit, which ends the connection', async () => {
    const { net, server, link, remote } = await pair();
    link.toClient.freeze();
    const closed = new Promise<unknown>((resolve) => server.once("close", (_client, info) => resolve(info)));
    expect(() => {
      for (let count = 0; count < 100; count++) remote.sendMessage("test:position", payload);
    }).toThrow(expect.objectContaining({ code: "P3D_ERR_CONNECTION_CLOSED" }) as Error);
    await net.settle();
    expect(await closed).toMatchObject({ reason: "slowconsumer", error: { code: "P3D_ERR_SLOW_CONSUMER" } });
    expect(server.metrics.rejectedBy).toEqual({ slowconsumer: 1 });
  });

  test("a connection may have a policy of its own", async () => {
    const { link, remote } = await pair();
    sessionOf(remote.conn).connection.dropDroppable = true;
    link.toClient.freeze();
    for (let count = 0; count < 100; count++) remote.sendMessage("test:position", payload);
    expect(remote.conn.metrics.rejectedBy.dropped).toBeGreaterThan(50);
    expect(remote.active).toBe(true);
  });
});

test("trySend tells apart what is dropped and what is accepted above the mark", async () => {
  const { net, client, link, remote, server } = await pair("drop");
  const payload = new Uint8Array(20_000);
  expect(remote.trySend("test:position", payload)).toBe("sent");
  expect(client.trySend("test:position", payload)).toBe("sent");
  await net.settle();
  link.toClient.freeze();
  const outcomes: string[] = [];
  while (outcomes.at(-1) !== "behind") outcomes.push(remote.trySend("test:echo", payload));
  expect(new Set(outcomes.slice(0, -1))).toEqual(new Set(["sent"]));
  expect(remote.trySend("test:position", payload)).toBe("dropped");
  expect(server.trySend("test:position", payload, remote.cid)).toBe("dropped");
  expect(server.trySend("test:echo", payload, remote.cid)).toBe("behind");
  expect(() => client.trySend("test:none", 1)).toThrow(
    expect.objectContaining({ code: "P3D_ERR_NOT_REGISTERED" }),
  );
});
