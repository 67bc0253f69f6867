// High water, drain, flush, and what becomes of a peer that does not read.

import {
  Client,
  type CloseInfo,
  ConnectionLostError,
  MsgpackCodec,
  type Server,
  SlowConsumerError,
  TimedOutError,
} from "@peng3dnet/core";
import { ManualClock } from "@peng3dnet/core/testing";
import { track } from "../support/cleanup.js";
import { deferred, handle, next, nextOf, startPair, startServer } from "../support/peers.js";
import { RawPeer } from "../support/raw-peer.js";
import * as wire from "../support/wire.js";

const KIB = 1024;
const MIB = 1024 * KIB;
/** Bytes that no zlib makes smaller. */
const NOISE = Uint8Array.from({ length: 60 * KIB }, (_, index) => (index * index * 31 + (index >> 3)) % 251);
const PLAIN = { "net.compress.enabled": false } as const;

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** A client that has got through the handshake and then reads nothing. */
async function sleeper(server: Server): Promise<{ readonly peer: RawPeer; readonly cid: number }> {
  const accepted = next(server, "handshakecomplete");
  const peer = await RawPeer.activeClient(server.addr);
  const [{ cid }] = await accepted;
  peer.socket.pause();
  return { peer, cid };
}

describe("high water", () => {
  test("sendMessage returns false past it, and drain follows once there is room, on a server", async () => {
    const server = await startServer({ cfg: PLAIN });
    const { peer, cid } = await sleeper(server);
    let sent = 0;
    do sent++;
    while (server.sendMessage("test:echo", NOISE, cid));
    const client = server.clients.get(cid);
    expect(client?.conn.metrics.unsent).toBeGreaterThan(MIB);
    expect(client?.conn.metrics.unsent).toBeLessThan(MIB + 2 * NOISE.length);
    let drains = 0;
    server.on("drain", () => drains++);
    await turn();
    expect(drains).toBe(0);
    const drained = next(server, "drain");
    peer.socket.resume();
    expect((await drained)[0]).toBe(client);
    expect(client?.conn.metrics.unsent).toBeLessThanOrEqual(MIB);
    expect(server.sendMessage("test:echo", 1, cid)).toBe(true);
    await server.flush(cid);
    expect(drains).toBe(1);
    for (let index = 0; index < sent; index++)
      expect((await peer.packet()).body).toHaveLength(NOISE.length + 3);
  });

  test("and on a client", async () => {
    const { client, remote } = await startPair({ client: { cfg: PLAIN } });
    remote.conn.pause();
    let drains = 0;
    client.on("drain", () => drains++);
    while (client.sendMessage("test:echo", NOISE));
    const drained = nextOf(client, "drain");
    remote.conn.resume();
    await drained;
    await client.flush();
    expect(drains).toBe(1);
    expect(client.conn?.metrics.unsent).toBe(0);
  });

  test("a drain handler never runs inside sendMessage", async () => {
    const { client } = await startPair({ client: { cfg: { ...PLAIN, "net.limits.unsent.highwater": 100 } } });
    let inside = false;
    const wrong: string[] = [];
    client.on("drain", () => {
      if (inside) wrong.push("drain inside sendMessage");
    });
    const drained = nextOf(client, "drain");
    inside = true;
    // One that is past the high-water mark, and one that fills the batch, so that all is written at once.
    expect(client.sendMessage("test:echo", "x".repeat(200))).toBe(false);
    client.sendMessage("test:echo", NOISE);
    inside = false;
    await drained;
    expect(wrong).toEqual([]);
  });

  test("no drain without a false before it", async () => {
    const { client } = await startPair();
    let drains = 0;
    client.on("drain", () => drains++);
    for (let index = 0; index < 1000; index++) expect(client.sendMessage("test:echo", index)).toBe(true);
    await client.flush();
    await client.close();
    expect(drains).toBe(0);
  });
});

describe("flush", () => {
  test("resolves once all is with the kernel, in order of the calls", async () => {
    const { client, remote } = await startPair({ client: { cfg: PLAIN } });
    remote.conn.pause();
    while (client.sendMessage("test:echo", NOISE));
    const order: string[] = [];
    const first = client.flush().then(() => order.push("first"));
    client.sendMessage("test:echo", NOISE);
    const second = client.flush().then(() => order.push("second"));
    await turn();
    expect(order).toEqual([]);
    remote.conn.resume();
    await Promise.all([first, second]);
    expect(order).toEqual(["first", "second"]);
    await client.flush();
  });

  test("gives up in time; what was sent stays sent", async () => {
    const clock = new ManualClock();
    const { client, remote } = await startPair({ client: { clock, cfg: PLAIN } });
    remote.conn.pause();
    while (client.sendMessage("test:echo", NOISE));
    const flushed = client.flush({ timeout: 1 });
    await Promise.resolve();
    clock.advance(1);
    await expect(flushed).rejects.toThrow(TimedOutError);
    remote.conn.resume();
    await client.flush();
  });

  test("rejects with what was not handed over when the connection ends before", async () => {
    const { client, remote } = await startPair({ client: { cfg: PLAIN } });
    remote.conn.pause();
    while (client.sendMessage("test:echo", NOISE));
    const flushed = client.flush();
    remote.sock?.resetAndDestroy();
    await expect(flushed).rejects.toThrow(ConnectionLostError);
    await expect(flushed).rejects.toThrow(/ended with \d{6,} bytes not handed over/);
  });

  test("resolves on a connection that ended with nothing unsent", async () => {
    const { client, remote } = await startPair();
    client.sendMessage("test:echo", 1);
    await client.close();
    await client.flush();
    await remote.flush();
  });
});

describe("a peer that does not read", () => {
  test("is given up past net.limits.unsent, which a sendMessage in a loop finds out", async () => {
    const server = await startServer({ cfg: { ...PLAIN, "net.limits.unsent": 3 * MIB } });
    const { peer, cid } = await sleeper(server);
    const closed = next(server, "close");
    let thrown: unknown;
    for (let index = 0; index < 10_000 && thrown === undefined; index++) {
      try {
        server.sendMessage("test:echo", NOISE, cid);
      } catch (error) {
        thrown = error;
      }
    }
    expect(thrown).toMatchObject({ code: "P3D_ERR_CONNECTION_CLOSED", reason: "slowconsumer" });
    const [, info] = await closed;
    expect(info).toEqual({ reason: "slowconsumer", error: expect.any(SlowConsumerError), clean: false });
    expect(info.error?.message).toContain("more than net.limits.unsent");
    peer.socket.resume();
    await peer.ended();
  });

  test("is given up after net.timeout.unsent without progress, and progress puts that off", async () => {
    const clock = new ManualClock();
    const server = await startServer({ clock, cfg: PLAIN });
    const { peer, cid } = await sleeper(server);
    const client = server.clients.get(cid);
    while (server.sendMessage("test:echo", NOISE, cid));
    await turn();
    const unsent = client?.conn.metrics.unsent ?? 0;
    clock.advance(29);
    // Reads until the server has been able to hand over some, but not all.
    peer.socket.resume();
    while ((client?.conn.metrics.unsent ?? 0) === unsent) await turn();
    peer.socket.pause();
    while (server.sendMessage("test:echo", NOISE, cid));
    clock.advance(29);
    expect(client?.active).toBe(true);
    const closed = next(server, "close");
    clock.advance(1);
    const [, info] = await closed;
    expect(info).toMatchObject({
      reason: "slowconsumer",
      error: { code: "P3D_ERR_SLOW_CONSUMER" },
      clean: false,
    });
    expect(info.error?.message).toContain("did not read anything for 30 s");
    expect(clock.timers).toBe(0);
  });

  test("costs no other client anything", async () => {
    const server = await startServer({ cfg: PLAIN });
    const { cid } = await sleeper(server);
    while (server.sendMessage("test:echo", NOISE, cid));
    const client = track(new Client({ addr: server.addr }));
    const total = 1000;
    const done = deferred();
    let received = 0;
    handle(client, "test:echo", (msg) => {
      expect(msg).toBe(received);
      if (++received === total) done.resolve();
    });
    await client.start();
    for (let index = 0; index < total; index++) client.sendMessage("test:echo", index);
    await done.promise;
    expect(server.clients.get(cid)?.active).toBe(true);
  });

  test("a close with unsent output is bounded by net.timeout.close", async () => {
    const clock = new ManualClock();
    const server = await startServer({ clock, cfg: PLAIN });
    const { cid } = await sleeper(server);
    while (server.sendMessage("test:echo", NOISE, cid));
    const closing = server.closeConnection(cid, "enough");
    clock.advance(4.9);
    expect(server.clients.size).toBe(1);
    clock.advance(0.2);
    expect(await closing).toEqual({ reason: "enough", error: undefined, clean: false });
    expect(clock.timers).toBe(0);
  });
});

describe("broadcast", () => {
  class CountingCodec extends MsgpackCodec {
    encodes = 0;
    override encode(value: unknown): Uint8Array {
      this.encodes++;
      return super.encode(value);
    }
  }

  async function crowd(size: number) {
    const codec = new CountingCodec();
    const server = await startServer({ codec });
    const clients: { readonly client: Client; readonly cid: number; readonly received: unknown[] }[] = [];
    for (let index = 0; index < size; index++) {
      const received: unknown[] = [];
      const accepted = next(server, "handshakecomplete");
      const client = track(new Client({ addr: server.addr }));
      handle(client, "test:echo", (msg) => void received.push(msg));
      await client.start();
      const [{ cid }] = await accepted;
      clients.push({ client, cid, received });
    }
    return { server, codec, clients };
  }

  test("reaches all that are active, and encodes once", async () => {
    const { server, codec, clients } = await crowd(5);
    // One that is still in its handshake, and one that is closing.
    const pending = await RawPeer.connect(server.addr);
    await pending.packet();
    const [first, second] = clients;
    void server.closeConnection(first?.cid, "away");
    codec.encodes = 0;
    expect(server.broadcast("test:echo", { to: "all", long: "x".repeat(10_000) })).toBe(4);
    expect(codec.encodes).toBe(1);
    expect(server.broadcast("test:echo", "but one", { except: second?.cid })).toBe(3);
    expect(server.broadcast("test:echo", "but all", { except: clients.map(({ cid }) => cid) })).toBe(0);
    expect(codec.encodes).toBe(2);
    const shutdown = server.shutdown();
    expect(await pending.closeReason()).toBe("servershutdown");
    pending.end();
    await shutdown;
    const all = { to: "all", long: "x".repeat(10_000) };
    for (const { client } of clients) await client.waitForClose();
    expect(clients.map(({ received }) => received)).toEqual([
      [],
      [all],
      [all, "but one"],
      [all, "but one"],
      [all, "but one"],
    ]);
  });

  test("to nobody encodes nothing; what is wrong is thrown before anything is sent", async () => {
    const { server, codec, clients } = await crowd(1);
    codec.encodes = 0;
    expect(server.broadcast("test:echo", 1, { except: clients[0]?.cid })).toBe(0);
    expect(codec.encodes).toBe(0);
    expect(() => server.broadcast("test:unknown", 1)).toThrow("not registered");
    expect(() => server.broadcast("test:echo", new Set())).toThrow("a Set cannot be sent");
    expect(() => server.broadcast("test:echo", new Uint8Array(8 * MIB))).toThrow("more than the");
  });

  test("keeps the order with packets sent to single clients, and calls the hooks of each", async () => {
    const { server, clients } = await crowd(2);
    const [first, second] = [clients[0]!, clients[1]!];
    server.sendMessage("test:echo", "to the first", first.cid);
    server.broadcast("test:echo", "to both");
    server.sendMessage("test:echo", "to the first again", first.cid);
    expect(server.clients.get(first.cid)?.conn.metrics.packetsOut).toBe(2 + 3);
    await server.shutdown();
    for (const { client } of clients) await client.waitForClose();
    expect(first.received).toEqual(["to the first", "to both", "to the first again"]);
    expect(second.received).toEqual(["to both"]);
  });

  test("goes past a slow client's high-water mark, whose drain follows, and in the end past the client", async () => {
    const server = await startServer({ cfg: { ...PLAIN, "net.limits.unsent": 4 * MIB } });
    const { peer, cid } = await sleeper(server);
    const fast = await RawPeer.activeClient(server.addr);
    while (server.clients.size < 2 || ![...server.clients.values()].every(({ active }) => active))
      await turn();
    while ((server.clients.get(cid)?.conn.metrics.unsent ?? 0) <= MIB) server.broadcast("test:echo", NOISE);
    const drained = next(server, "drain");
    peer.socket.resume();
    await drained;
    peer.socket.pause();
    const closed = next(server, "close");
    let count = 2;
    while (count === 2) {
      count = server.broadcast("test:echo", NOISE);
      await server.flush([...server.clients.keys()].find((other) => other !== cid));
    }
    expect(count).toBe(1);
    const [client, info] = await closed;
    expect([client.cid, info.reason]).toEqual([cid, "slowconsumer"]);
    expect(wire.value(await fast.packet())).toEqual(NOISE);
  });
});

test("a codec of one's own sees all bodies", async () => {
  const seen: string[] = [];
  const codec = new (class extends MsgpackCodec {
    override encode(value: unknown): Uint8Array {
      seen.push(`encode ${JSON.stringify(value)}`);
      return super.encode(value);
    }
    override decode(bytes: Uint8Array, bigIntegers: boolean): unknown {
      const value = super.decode(bytes, bigIntegers);
      seen.push(`decode ${JSON.stringify(value)}`);
      return value;
    }
  })();
  const answered = deferred();
  const server = await startServer();
  const client = track(new Client({ addr: server.addr, codec, cfg: { "net.heartbeat.interval": 0 } }));
  handle(client, "test:echo", () => answered.resolve());
  await client.start();
  client.sendMessage("test:echo", 5);
  await answered.promise;
  expect(seen[0]).toContain("protoversion");
  expect(seen).toContain('encode {"conntype":"classic"}');
  expect(seen.slice(-2)).toEqual(["encode 5", "decode 5"]);
});

test("a close during a full buffer still delivers everything once the peer reads", async () => {
  const received: unknown[] = [];
  const { client, remote } = await startPair({
    client: { cfg: PLAIN },
    setUp: (peer) => handle(peer, "test:item", (msg) => void received.push((msg as Uint8Array).length)),
  });
  remote.conn.pause();
  let sent = 1;
  while (client.sendMessage("test:item", NOISE)) sent++;
  const closing: Promise<CloseInfo> = client.close("done");
  await turn();
  remote.conn.resume();
  expect(await closing).toEqual({ reason: "done", error: undefined, clean: true });
  expect(received).toEqual(Array(sent).fill(NOISE.length));
});
