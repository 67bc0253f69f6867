// No connection keeps the event loop for long: packets take as much time as a clock says that is turned by hand.

import { deflateSync } from "node:zlib";
import { encode } from "@msgpack/msgpack";
import { type ClientOnServer, Server } from "@peng3dnet/core";
import { ManualClock, MemoryLink, TestNetwork } from "@peng3dnet/core/testing";
import { track } from "../support/cleanup.js";
import { handle, LOCAL, next } from "../support/peers.js";
import { RawPeer } from "../support/raw-peer.js";
import { sessionOf } from "../support/session.js";
import { frame, packet, settype } from "../support/wire.js";

const ID = 64;

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** A server whose packets take so many seconds each, and note who they came from. */
async function slowServer(
  seconds: (msg: unknown) => number,
  setUp: (server: Server, log: [cid: number, msg: unknown][]) => void = () => {},
): Promise<{ server: Server; clock: ManualClock; log: [cid: number, msg: unknown][] }> {
  const clock = new ManualClock();
  const log: [number, unknown][] = [];
  const server = track(new Server({ addr: LOCAL, clock }));
  handle(server, "test:work", (msg, cid) => {
    log.push([cid as number, msg]);
    clock.advance(seconds(msg));
  });
  setUp(server, log);
  return { server, clock, log };
}

async function active(server: Server): Promise<{ peer: RawPeer; remote: ClientOnServer }> {
  const accepted = next(server, "handshakecomplete");
  const peer = await RawPeer.activeClient(server.addr);
  const [remote] = await accepted;
  return { peer, remote };
}

async function several(server: Server, count: number): Promise<Awaited<ReturnType<typeof active>>[]> {
  const all: Awaited<ReturnType<typeof active>>[] = [];
  while (all.length < count) all.push(await active(server));
  return all;
}

const numbers = (count: number): number[] => Array.from({ length: count }, (_, number) => number);
const packets = (count: number): Buffer => Buffer.concat(numbers(count).map((number) => packet(ID, number)));
const of = (log: readonly [number, unknown][], cid: number): unknown[] =>
  log.filter(([from]) => from === cid).map(([, msg]) => msg);

interface Overtaking {
  /** Packets of others between the arrival of the modest one's packet and its processing. */
  readonly between: number;
  /** Most packets of all in one turn of the event loop. */
  readonly most: number;
}

/** Others send more and more, and one a single packet meanwhile. */
async function overtake(
  log: readonly [number, unknown][],
  modest: Awaited<ReturnType<typeof active>>,
  sendMore: (from: number) => number,
): Promise<Overtaking> {
  let most = 0;
  let sent = 0;
  const lap = async (): Promise<void> => {
    const before = log.length;
    if (sent - before < 100) {
      sent += sendMore(sent);
    }
    await turn();
    most = Math.max(most, log.length - before);
  };
  const heard = modest.remote.conn.metrics.bytesIn;
  while (log.length === 0) await lap();
  modest.peer.write(packet(ID, "me"));
  while (modest.remote.conn.metrics.bytesIn === heard) await lap();
  const there = log.length;
  while (of(log, modest.remote.cid).length === 0) await lap();
  const between = Math.max(0, log.findIndex(([cid]) => cid === modest.remote.cid) - there);
  while (log.length < sent + 1) await turn();
  return { between, most };
}

describe("in data", () => {
  test("one that sends much lets others go on, and goes on in order", async () => {
    const { server, log } = await slowServer(() => 0.003);
    await server.start();
    const greedy = await active(server);
    const modest = await active(server);
    const sent: number[] = [];
    const { between, most } = await overtake(log, modest, (from) => {
      const more = numbers(200).map((number) => from + number);
      sent.push(...more);
      greedy.peer.write(Buffer.concat(more.map((number) => packet(ID, number))));
      return more.length;
    });
    expect(between).toBeLessThan(40);
    expect(most).toBeLessThan(40);
    expect(of(log, greedy.remote.cid)).toEqual(sent);
  });

  test("forty that send much share the time, and one with a short packet waits for none of them", async () => {
    const { server, log } = await slowServer(() => 0.001);
    await server.start();
    const greedy = await several(server, 40);
    const modest = await active(server);
    const { between, most } = await overtake(log, modest, () => {
      for (const { peer } of greedy) peer.write(packets(50));
      return 40 * 50;
    });
    // It goes first in the next turn: at worst, the others use up the time of this one.
    expect(between).toBeLessThan(30);
    expect(most).toBeLessThan(60);
  });

  test("packets that may take long go one by one, behind short ones of others", async () => {
    const { server, log } = await slowServer((msg) => (msg === "long" ? 0.025 : 0.0001));
    await server.start();
    const greedy = await several(server, 10);
    const modest = await active(server);
    const long = frame(ID, deflateSync(encode("long")), 1);
    const { between, most } = await overtake(log, modest, () => {
      for (const { peer } of greedy) peer.write(Buffer.concat(numbers(20).map(() => long)));
      return 10 * 20;
    });
    expect(between).toBeLessThan(4);
    expect(most).toBeLessThan(5);
  });

  test("a broadcast that a packet causes is part of its time", async () => {
    const net = new TestNetwork();
    const server = net.server();
    let handled = 0;
    let most = 0;
    handle(server, "test:chat", (msg) => {
      handled++;
      server.broadcast("test:chat", msg);
      net.clock.advance(0.006);
    });
    const clients = numbers(40).map(() => {
      const client = net.client();
      handle(client, "test:chat");
      net.connect(client, server);
      return client;
    });
    await Promise.all(clients.map((client) => client.waitForConnection()));
    for (const _ of numbers(64)) clients[0]?.sendMessage("test:chat", "hello");
    while (handled < 64) {
      const before = handled;
      await turn();
      most = Math.max(most, handled - before);
    }
    expect(most).toBeLessThan(8);
    await server.shutdown();
  });

  test("a close that comes behind what waits is heard after it", async () => {
    const { server, log } = await slowServer(() => 0.003);
    await server.start();
    const { peer, remote } = await active(server);
    const closed = next(server, "close");
    peer.write(packets(50));
    peer.end();
    const [client, info] = await closed;
    expect(client).toBe(remote);
    expect(info.reason).toBe("socketclose");
    expect(log.map(([, msg]) => msg)).toEqual(numbers(50));
  });

  test("one that names its type and is gone before its turn is no handler's error", async () => {
    const net = new TestNetwork();
    const server = net.server();
    const errors: unknown[] = [];
    server.on("handlerError", (error) => errors.push(error));
    const link = new MemoryLink();
    const closed = next(server, "close");
    server.on("connection", ({ conn }) => conn.pause());
    const client = server.accept(link.server);
    link.client.start({
      ready: () => {},
      refused: () => {},
      readTarget: () => undefined,
      data: () => {},
      ended: () => {},
      drained: () => {},
      closed: () => {},
      crashed: () => {},
    });
    sessionOf(client.conn).receive(settype());
    link.cut(link.client);
    await net.settle();
    client.conn.resume();
    expect((await closed)[1].reason).toBe("socketclose");
    expect(errors).toEqual([]);
  });

  test("one that is closed while it waits is not processed any more", async () => {
    const { server, log } = await slowServer(() => 0.003);
    await server.start();
    const { peer, remote } = await active(server);
    peer.write(packets(200));
    while (log.length === 0) await turn();
    void remote.close("enough");
    const seen = log.length;
    expect(seen).toBeLessThan(200);
    expect(await peer.closeReason()).toBe("enough");
    expect(log).toHaveLength(seen);
  });
});

describe("in process()", () => {
  test("one that sent much has a share of each call, and keeps its order", async () => {
    const { server, log } = await slowServer(() => 0.003);
    await server.runAsync();
    const greedy = await active(server);
    const modest = await active(server);
    greedy.peer.write(packets(100));
    while (greedy.remote.conn.metrics.queued < 100) await turn();
    modest.peer.write(packet(ID, "me"));
    while (modest.remote.conn.metrics.queued < 1) await turn();
    expect(server.process()).toBeLessThan(10);
    expect(of(log, modest.remote.cid)).toEqual(["me"]);
    let calls = 1;
    while (log.length < 101) {
      expect(server.process()).toBeGreaterThan(0);
      calls++;
    }
    expect(of(log, greedy.remote.cid)).toEqual(numbers(100));
    expect(calls).toBeGreaterThan(10);
    expect(server.process()).toBe(0);
  });

  test("packets that may take long are few in a call with many connections", async () => {
    const { server, log, clock } = await slowServer((msg) => (msg === "long" ? 0.025 : 0));
    await server.runAsync();
    const all = await several(server, 10);
    const long = frame(ID, deflateSync(encode("long")), 1);
    for (const { peer } of all) peer.write(long, packet(ID, "short"));
    while (all.some(({ remote }) => remote.conn.metrics.queued < 2)) await turn();
    const before = clock.now();
    server.process();
    expect(clock.now() - before).toBeLessThan(60);
    while (log.length < 20) expect(server.process()).toBeGreaterThan(0);
    for (const { remote } of all) expect(of(log, remote.cid)).toEqual(["long", "short"]);
  });

  test("what is left when packets are processed as they come from then on keeps its order", async () => {
    const { server, log } = await slowServer(() => 0.003);
    await server.runAsync();
    const { peer, remote } = await active(server);
    peer.write(packets(100));
    while (remote.conn.metrics.queued < 100) await turn();
    server.processAsync();
    expect(log.length).toBeLessThan(100);
    peer.write(packet(ID, 100));
    while (log.length < 101) await turn();
    expect(log.map(([, msg]) => msg)).toEqual(numbers(101));
  });

  test("a call that waits is not answered by packets that nobody may process", async () => {
    const { server, log } = await slowServer(() => 0);
    await server.runAsync();
    const held = await active(server);
    const other = await active(server);
    held.peer.write(packet(ID, "held"));
    while (held.remote.conn.metrics.queued < 1) await turn();
    held.remote.conn.pause();
    const waiting = server.process({ wait: true });
    other.peer.write(packet(ID, "other"));
    expect(await waiting).toBe(1);
    const released = server.process({ wait: true });
    held.remote.conn.resume();
    expect(await released).toBe(1);
    expect(log.map(([, msg]) => msg)).toEqual(["other", "held"]);
  });
});
