// Input that waits: keeps its order whoever asks for it, is counted, and holds on to nothing.

import {
  type Client,
  type ClientOnServer,
  definePacket,
  payload,
  Server,
  type ServerOptions,
} from "@peng3dnet/core";
import { ManualClock, TestNetwork } from "@peng3dnet/core/testing";
import { next, startServer } from "../support/peers.js";
import { RawPeer } from "../support/raw-peer.js";
import { sessionOf } from "../support/session.js";
import { frame, packet } from "../support/wire.js";

const ID = 64;
const KIB = 1024;
const Item = definePacket({ name: "test:item", schema: payload<unknown>() });
const Other = definePacket({ name: "test:other", schema: payload<unknown>() });

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

const numbers = (count: number): number[] => Array.from({ length: count }, (_, number) => number);

async function active(server: Server): Promise<{ peer: RawPeer; remote: ClientOnServer }> {
  const accepted = next(server, "handshakecomplete");
  const peer = await RawPeer.activeClient(server.addr);
  const [remote] = await accepted;
  return { peer, remote };
}

/** A server that leaves packets for process(), and clients of it, over links in memory. */
async function manual(
  count: number,
  options: ServerOptions = {},
): Promise<{ net: TestNetwork; server: Server; clients: Client[] }> {
  const net = new TestNetwork();
  const server: Server = new Server({ ...options, clock: net.clock });
  server.initialize();
  for (const definition of [Item, Other]) server.register(definition);
  const clients = numbers(count).map(() => {
    const client: Client = net.client();
    for (const definition of [Item, Other]) client.register(definition);
    net.connect(client, server);
    return client;
  });
  await Promise.all(clients.map((client) => client.waitForConnection()));
  await net.settle();
  return { net, server, clients };
}

describe("the order of packets", () => {
  test("a handler that calls process() does not get ahead of what waits for a later call", async () => {
    const { net, server, clients } = await manual(2);
    const [greedy, modest] = clients as [Client, Client];
    const log: unknown[] = [];
    server.on(Item, (msg) => {
      log.push(msg);
      net.clock.advance(0.004);
    });
    server.on(Other, () => void server.process());
    for (const number of numbers(5)) greedy.sendMessage(Item, number);
    await net.settle();
    modest.sendMessage(Other, null);
    await net.settle();
    for (const number of numbers(5)) greedy.sendMessage(Item, 5 + number);
    await net.settle();
    while (log.length < 10) server.process();
    expect(log).toEqual(numbers(10));
    await server.shutdown();
  });

  test("one that had to wait and may go on within the same call is not overtaken by itself", async () => {
    const { net, server, clients } = await manual(2, { cfg: { "net.limits.buffered": 20 * KIB } });
    const [greedy, modest] = clients as [Client, Client];
    const stream = server.messages(Item);
    const log: unknown[] = [];
    server.on(Other, () => void stream.return());
    for (const number of numbers(2)) greedy.sendMessage(Item, [number, "x".repeat(10 * KIB)]);
    await net.settle();
    modest.sendMessage(Other, null);
    await net.settle();
    server.on(Item, (msg) => void log.push((msg as unknown[])[0]));
    for (const number of numbers(4)) greedy.sendMessage(Item, [2 + number]);
    await net.settle();
    while (log.length < 6) expect(server.process()).toBeGreaterThan(0);
    expect(log).toEqual(numbers(6));
    await server.shutdown();
  });
});

test("packets that come while others wait for the next turn do not give those another turn each", async () => {
  const { net, server, clients } = await manual(30);
  let handled = 0;
  server.on(Item, () => {
    handled++;
    net.clock.advance(0.003);
  });
  for (const client of clients) for (const number of numbers(40)) client.sendMessage(Item, number);
  await net.settle();
  server.processAsync();
  let most = 0;
  for (const _ of numbers(10)) {
    const before = handled;
    for (const client of clients) client.sendMessage(Item, 0);
    await turn();
    most = Math.max(most, handled - before);
  }
  while (handled < 30 * 50) await turn();
  // Each had its share once or twice, not once for every packet that came.
  expect(most).toBeLessThan(100);
  await server.shutdown();
});

describe("a connection that is gone, with input that waits", () => {
  test("counts in the metrics as before", async () => {
    const { net, server, clients } = await manual(2);
    const [first] = clients as [Client];
    for (const number of numbers(10)) first.sendMessage(Item, number);
    await net.settle();
    const { bytesIn, packetsIn } = server.metrics;
    expect(server.metrics.queued).toBe(10);
    sessionOf(server.clients.get(1)?.conn).transport.destroy();
    await net.settle();
    expect(server.clients.size).toBe(1);
    expect(server.metrics).toMatchObject({ bytesIn, packetsIn, queued: 10 });
    expect(server.process()).toBe(10);
    await net.settle();
    expect(server.metrics).toMatchObject({ bytesIn, packetsIn: packetsIn + 10, queued: 0 });
    await server.shutdown();
  });

  test("has no timer that looks for it", async () => {
    const clock = new ManualClock();
    const server = await startServer({ clock }, (peer) => void peer.register(Item));
    const stream = server.messages(Item, { limit: 4 });
    const { peer, remote } = await active(server);
    for (let left = 4; left > 0; left--) {
      peer.write(packet(ID, left), packet(ID, left), packet(ID, left));
    }
    while (!sessionOf(remote.conn).paused) await turn();
    peer.socket.resetAndDestroy();
    clock.advance(1);
    while (server.clients.size > 0) await turn();
    for (let count = 0; count < 3; count++) await stream.next();
    // It went on, and waits again.
    expect(sessionOf(remote.conn).paused).toBe(true);
    expect(clock.timers).toBe(0);
    await stream.return();
  });
});

describe("a connection that is being closed", () => {
  test("is held to net.limits.unprocessed.total, too", async () => {
    const cfg = { "net.limits.unprocessed.total": 1200 * KIB, "net.timeout.close": 600 };
    const server = await startServer({ cfg });
    const unfinished = frame(ID, new Uint8Array(1000 * KIB));
    const [first, second] = [await active(server), await active(server)];
    const ended = [first, second].map(({ remote }) => remote.close("enough"));
    for (const { peer } of [first, second]) peer.write(unfinished.subarray(0, 900 * KIB));
    const info = await Promise.race(ended);
    expect(info).toMatchObject({ reason: "enough", error: { code: "P3D_ERR_SERVER_FULL" } });
    for (const { peer } of [first, second]) peer.socket.resetAndDestroy();
  });
});
