// What all connections of a server hold together has limits, too, and what iterators buffer counts in bytes.

import { deflateSync } from "node:zlib";
import { encode } from "@msgpack/msgpack";
import { Client, type ClientOnServer, type CloseInfo, definePacket, payload, Server } from "@peng3dnet/core";
import { ManualClock } from "@peng3dnet/core/testing";
import { track } from "../support/cleanup.js";
import { handle, LOCAL, next, startServer } from "../support/peers.js";
import { RawPeer } from "../support/raw-peer.js";
import { sessionOf } from "../support/session.js";
import { frame, packet } from "../support/wire.js";

const ID = 64;
const KIB = 1024;

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

async function active(
  server: Server,
  paused = false,
  localAddress?: string,
): Promise<{ peer: RawPeer; remote: ClientOnServer; closed: Promise<CloseInfo> }> {
  const accepted = next(server, "handshakecomplete");
  const peer = await RawPeer.activeClient(server.addr, localAddress);
  if (paused) peer.socket.pause();
  const [remote] = await accepted;
  return { peer, remote, closed: sessionOf(remote.conn).waitForClose({}) };
}

const numbers = (count: number): number[] => Array.from({ length: count }, (_, number) => number);

describe("net.limits.unsent.total", () => {
  test("the connection that has most unsent ends, and no other one", async () => {
    const cfg = { "net.limits.unsent.total": 4096 * KIB, "net.compress.enabled": false };
    const server = await startServer({ cfg });
    const readers = [await active(server, true), await active(server, true), await active(server, true)];
    const bulk = new Uint8Array(256 * KIB);
    const send = ({ remote }: (typeof readers)[number], until: number): void => {
      while (remote.active && remote.conn.metrics.unsent < until) remote.sendMessage("test:echo", bulk);
    };
    for (const reader of readers) send(reader, 1024 * KIB);
    expect(readers.every(({ remote }) => remote.active)).toBe(true);
    const [first, second, third] = readers as [
      (typeof readers)[number],
      (typeof readers)[number],
      (typeof readers)[number],
    ];
    send(second, 8192 * KIB);
    // What it had is freed at once, not once its socket is closed.
    expect(second.remote.conn.metrics.unsent).toBeLessThan(600 * KIB);
    const info = await second.closed;
    expect(info).toMatchObject({ reason: "slowconsumer", error: { code: "P3D_ERR_SLOW_CONSUMER" } });
    expect(info.error?.message).toContain("net.limits.unsent.total");
    expect([first.remote.active, third.remote.active]).toEqual([true, true]);
    // What it had is out of the sum: the others may have as much again.
    send(first, 2048 * KIB);
    expect([first.remote.active, third.remote.active]).toEqual([true, true]);
  });

  test("what is broken off by another limit is out of the sum at once, and ends nobody else", async () => {
    const cfg = {
      "net.limits.unsent.total": 4096 * KIB,
      "net.limits.unsent": 2048 * KIB,
      "net.compress.enabled": false,
    };
    const server = await startServer({ cfg });
    const [first, second, greedy] = [
      await active(server, true, "127.0.0.2"),
      await active(server, true, "127.0.0.2"),
      await active(server, true, "127.0.0.1"),
    ];
    const bulk = new Uint8Array(256 * KIB);
    const send = ({ remote }: typeof first, until: number): void => {
      while (remote.active && remote.conn.metrics.unsent < until) remote.sendMessage("test:echo", bulk);
    };
    for (const reader of [first, second]) send(reader, 768 * KIB);
    send(greedy, 8192 * KIB);
    expect([first, second, greedy].map(({ remote }) => remote.active)).toEqual([true, true, false]);
    // Within the same turn: these have more than the other one had, and less than all may have.
    send(first, 1600 * KIB);
    send(second, 1024 * KIB);
    expect([first.remote.active, second.remote.active]).toEqual([true, true]);
    expect((await greedy.closed).error?.message).toContain("net.limits.unsent");
    expect([first.remote.active, second.remote.active]).toEqual([true, true]);
  });
});

describe("net.limits.unprocessed.total", () => {
  test("the connection with the longest unfinished packet ends, and no other one", async () => {
    const server = await startServer({ cfg: { "net.limits.unprocessed.total": 1200 * KIB } });
    const unfinished = frame(ID, new Uint8Array(1000 * KIB));
    const start = async (bytes: number): Promise<Awaited<ReturnType<typeof active>>> => {
      const one = await active(server);
      const heard = one.remote.conn.metrics.bytesIn;
      one.peer.write(unfinished.subarray(0, bytes));
      while (one.remote.conn.metrics.bytesIn < heard + bytes && one.remote.active) await turn();
      return one;
    };
    const short = await start(100);
    const long = await start(900 * KIB);
    const shorter = await start(700 * KIB);
    const info = await long.closed;
    expect(info).toMatchObject({ reason: "serverfull", error: { code: "P3D_ERR_SERVER_FULL" } });
    expect(info.error?.message).toContain("net.limits.unprocessed.total");
    expect([short.remote.active, shorter.remote.active]).toEqual([true, true]);
  });

  test("many connections of one address that hold a little each end none of another address", async () => {
    const server = await startServer({ cfg: { "net.limits.unprocessed.total": 1200 * KIB } });
    const unfinished = packet(ID, "x".repeat(400 * KIB));
    const start = async (bytes: number, address: string): Promise<Awaited<ReturnType<typeof active>>> => {
      const one = await active(server, false, address);
      const heard = one.remote.conn.metrics.bytesIn;
      one.peer.write(unfinished.subarray(0, bytes));
      while (one.remote.conn.metrics.bytesIn < heard + bytes && one.remote.active) await turn();
      return one;
    };
    const many = [];
    for (const _ of numbers(14)) many.push(await start(10 * KIB, "127.0.0.2"));
    const honest = await start(300 * KIB, "127.0.0.1");
    expect(honest.remote.active).toBe(true);
    expect(many.some(({ remote }) => !remote.active)).toBe(true);
    honest.peer.write(unfinished.subarray(300 * KIB));
    while (honest.remote.conn.metrics.packetsIn < 3 && honest.remote.active) await turn();
    expect(honest.remote.active).toBe(true);
  });

  test("reading pauses where all connections together have too much queued, and nothing is lost", async () => {
    const received = new Map<unknown, number>();
    const server = track(new Server({ addr: LOCAL, cfg: { "net.limits.unprocessed.total": 512 * KIB } }));
    handle(server, "test:item", (_, cid) => void received.set(cid, (received.get(cid) ?? 0) + 1));
    await server.runAsync();
    const senders = [await active(server), await active(server), await active(server), await active(server)];
    const all = Buffer.concat(numbers(400).map(() => packet(ID, "x".repeat(1000))));
    for (const { peer } of senders) peer.write(all);
    // Each packet counts with what it takes beside its bytes.
    const queuedOf = ({ queuedBytes, queuedPackets }: ReturnType<typeof sessionOf>): number =>
      queuedBytes + 256 * queuedPackets;
    const queued = (): number =>
      senders.reduce((sum, { remote }) => sum + queuedOf(sessionOf(remote.conn)), 0);
    // Those with many packets may fill three quarters.
    while (queued() < 384 * KIB) await turn();
    for (let turns = 0; turns < 50; turns++) await turn();
    // Each may finish what it has read.
    expect(queued()).toBeLessThan((512 + 4 * 80 + 10) * KIB);
    while ([...received.values()].reduce((sum, count) => sum + count, 0) < 1600) {
      server.process();
      await turn();
    }
    expect([...received.values()]).toEqual([400, 400, 400, 400]);
  });
});

describe("net.limits.buffered", () => {
  const Text = definePacket({ name: "test:text", schema: payload<string>() });
  const Other = definePacket({ name: "test:other", schema: payload<number>() });

  async function buffering(): Promise<{ server: Server; clients: Client[]; clock: ManualClock }> {
    const clock = new ManualClock();
    const cfg = { "net.limits.buffered": 256 * KIB };
    const server: Server = track(new Server({ addr: LOCAL, cfg, clock }));
    server.register(Text);
    server.register(Other);
    await server.start();
    const clients: Client[] = [];
    while (clients.length < 5) {
      const client: Client = track(new Client({ addr: server.addr, cfg: { "net.compress.enabled": false } }));
      client.register(Text);
      client.register(Other);
      await client.start();
      clients.push(client);
    }
    return { server, clients, clock };
  }

  const text = (number: number): string => `${number}:${"x".repeat(20 * KIB)}`;
  const numberOf = (msg: string): number => Number.parseInt(msg, 10);

  test("packets past it are not even decoded, whoever they come from, and none is lost", async () => {
    const { server, clients } = await buffering();
    const stream = server.messages(Text);
    for (const number of numbers(40)) {
      for (const client of clients) client.sendMessage(Text, text(number));
    }
    let others = 0;
    server.on(Other, () => others++);
    const quiet = clients[0] as Client;
    while (sessionOf(server.clients.get(1)?.conn).paused !== true) await turn();
    for (let turns = 0; turns < 200; turns++) await turn();
    // Two of each handshake, and of 20 KiB a dozen at most that fit, with one more.
    expect(server.metrics.packetsIn).toBeLessThanOrEqual(5 * 2 + 14);
    const got = new Map<number, number[]>();
    for (let left = 200; left > 0; left--) {
      const { value } = await stream.next();
      const cid = value?.client.cid as number;
      got.set(cid, [...(got.get(cid) ?? []), numberOf(value?.msg as string)]);
    }
    for (const received of got.values()) expect(received).toEqual(numbers(40));
    quiet.sendMessage(Other, 1);
    while (others === 0) await turn();
    await stream.return();
  });

  test("other packets go on meanwhile", async () => {
    const { server, clients } = await buffering();
    const stream = server.messages(Text);
    const [greedy, quiet] = clients as [Client, Client];
    for (const number of numbers(40)) greedy.sendMessage(Text, text(number));
    while (sessionOf(server.clients.get(1)?.conn).paused !== true) await turn();
    const heard = new Promise((resolve) => server.on(Other, resolve));
    quiet.sendMessage(Other, 7);
    expect(await heard).toBe(7);
    await stream.return();
  });

  test("one that is reset leaves at once, and what it had sent is there to be read before its close", async () => {
    const { server, clients, clock } = await buffering();
    const stream = server.messages(Text);
    const [greedy] = clients as [Client];
    const remote = server.clients.get(1) as ClientOnServer;
    for (const number of numbers(40)) greedy.sendMessage(Text, text(number));
    while (sessionOf(server.clients.get(1)?.conn).paused !== true) await turn();
    const before = remote.conn.metrics.packetsIn - 2;
    const closed = next(server, "close");
    let isClosed = false;
    void closed.then(() => {
      isClosed = true;
    });
    greedy.sock?.resetAndDestroy();
    // Nobody reads from it, so that it is looked for once a second.
    clock.advance(1);
    while (server.clients.has(1)) await turn();
    expect(server.clients.size).toBe(4);
    expect(isClosed).toBe(false);
    const got: number[] = [];
    void (async () => {
      for await (const { msg, client } of stream) {
        expect(client).toBe(remote);
        got.push(numberOf(msg));
      }
    })();
    const [client] = await closed;
    expect(client).toBe(remote);
    while (got.length < before + 1) await turn();
    await stream.return();
    expect(got).toEqual(numbers(got.length));
  });

  test("those that are reset while they wait cannot gather without end", async () => {
    const cfg = { "net.limits.buffered": 1, "net.limits.unprocessed.total": 40 * KIB };
    const server: Server = track(new Server({ addr: LOCAL, cfg }));
    server.register(Text);
    await server.start();
    const stream = server.messages(Text);
    let closes = 0;
    server.on("close", () => closes++);
    for (const _ of numbers(30)) {
      const { peer, remote } = await active(server);
      peer.write(packet(ID, "a"), packet(ID, "b"));
      while (!sessionOf(remote.conn).paused && remote.conn.metrics.packetsIn < 4) await turn();
      peer.socket.resetAndDestroy();
      while (server.clients.size > 0) await turn();
    }
    // At 4 KiB each at least, ten may wait.
    expect(closes).toBeGreaterThanOrEqual(19);
    await stream.return();
  });
});

describe("net.limits.inflated.rate", () => {
  test("a connection's packets wait once it had so much inflated, and none is lost", async () => {
    const clock = new ManualClock();
    const received: unknown[] = [];
    const server = await startServer({ clock, cfg: { "net.limits.inflated.rate": 100_000 } }, (peer) =>
      handle(peer, "test:item", (msg) => void received.push((msg as string)[0])),
    );
    const { peer, remote } = await active(server);
    const other = await active(server);
    const bomb = (letter: string): Buffer => frame(ID, deflateSync(encode(letter.repeat(60_000))), 1);
    peer.write(bomb("a"), bomb("b"), bomb("c"), packet(ID, "d"));
    while (!sessionOf(remote.conn).paused) await turn();
    expect(received).toEqual(["a", "b"]);
    // 120,000 of 100,000 bytes: a fifth of a second too much.
    other.peer.write(packet(ID, "x"));
    while (received.length < 3) await turn();
    clock.advance(0.19);
    await turn();
    expect(received).toEqual(["a", "b", "x"]);
    clock.advance(0.02);
    while (received.length < 4) await turn();
    expect(received).toEqual(["a", "b", "x", "c"]);
    clock.advance(1);
    while (received.length < 5) await turn();
    expect(received).toEqual(["a", "b", "x", "c", "d"]);
  });

  test("one that is reset while its packets wait is gone within a second, whatever waits in the kernel", async () => {
    const clock = new ManualClock();
    // Each read of 64 KiB takes half a second: more of what waits is read before that second is over.
    const cfg = { "net.limits.inflated.rate": 96 * 1024 * KIB };
    const server = await startServer({ clock, cfg }, (peer) => handle(peer, "test:item"));
    const { peer, remote } = await active(server);
    // The kernel takes much from those who are read fast.
    const long = packet(ID, new Uint8Array(500 * KIB));
    for (const _ of numbers(40)) peer.write(long);
    while (server.metrics.packetsIn < 2 + 40) await turn();
    const { bytesIn } = server.metrics;
    const small = frame(ID, deflateSync(encode(1)), 1);
    peer.write(Buffer.alloc(1024 * KIB - ((1024 * KIB) % small.length), small));
    while (!sessionOf(remote.conn).paused) await turn();
    peer.socket.resetAndDestroy();
    await peer.closed();
    for (const _ of numbers(24)) {
      clock.advance(0.05);
      for (const _ of numbers(5)) await turn();
    }
    // The clock stands still, so that nothing more is worked off.
    while (server.clients.size > 0) await turn();
    expect(sessionOf(remote.conn).bytesIn - bytesIn).toBeLessThan(600 * KIB);
  });

  test("of one that is reset, nothing is waited for that its rate does not allow; of one that ends, everything", async () => {
    const clock = new ManualClock();
    const received = [0, 0, 0];
    const cfg = { "net.limits.inflated.rate": 100_000 };
    const server = await startServer({ clock, cfg }, (peer) =>
      handle(peer, "test:item", (_, cid) => void received[(cid as number) - 1]!++),
    );
    const [reset, ended, endedThenReset] = [await active(server), await active(server), await active(server)];
    const bombs = Array.from({ length: 5 }, () => frame(ID, deflateSync(encode("a".repeat(60_000))), 1));
    for (const { peer, remote } of [reset, ended, endedThenReset]) {
      peer.write(...bombs);
      while (!sessionOf(remote.conn).paused) await turn();
    }
    ended.peer.end();
    // A socket tells its end once it is read again.
    sessionOf(endedThenReset.remote.conn).ended();
    for (const { peer } of [reset, endedThenReset]) {
      peer.socket.resetAndDestroy();
      await peer.closed();
    }
    // It is looked for once a second, and has some of its packets handled before.
    clock.advance(1.001);
    expect(await reset.closed).toMatchObject({ error: { code: "P3D_ERR_CONNECTION_LOST" } });
    let closed = 1;
    for (const one of [ended, endedThenReset]) void one.closed.then(() => closed++);
    for (let steps = 0; steps < 100 && closed < 3; steps++) {
      clock.advance(0.5);
      await turn();
    }
    expect(received).toEqual([expect.any(Number), 5, 5]);
    expect(received[0]).toBeLessThan(5);
    expect(await ended.closed).toMatchObject({ error: undefined });
  });

  test("one that ends in order, and is gone before it is read to its end, has everything handled that came", async () => {
    const clock = new ManualClock();
    const cfg = { "net.limits.inflated.rate": 100_000 };
    const received: unknown[] = [];
    const server = await startServer({ clock, cfg }, (peer) =>
      handle(peer, "test:item", (msg) => void received.push((msg as string)[0])),
    );
    const { peer, remote, closed } = await active(server);
    const bomb = (letter: string): Buffer => frame(ID, deflateSync(encode(letter.repeat(60_000))), 1);
    peer.write(bomb("a"), bomb("b"), bomb("c"), packet(ID, "d"));
    while (!sessionOf(remote.conn).paused) await turn();
    // That its stream has ended is not told before what came last is read, and the system answers what is written with a reset.
    await new Promise<void>((ended) => peer.socket.end(packet(ID, "e"), ended));
    peer.socket.destroy();
    await peer.closed();
    while (server.clients.size > 0) {
      remote.sendMessage("test:item", "to nobody");
      await turn();
    }
    let isClosed = false;
    void closed.then(() => {
      isClosed = true;
    });
    while (!isClosed) {
      clock.advance(0.5);
      await turn();
    }
    expect(received).toEqual(["a", "b", "c", "d"]);
    expect(await closed).toMatchObject({ error: { code: "P3D_ERR_CONNECTION_LOST" } });
  });
});
