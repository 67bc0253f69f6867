// Packets that wait until the application asks for them.

import { AbortedError, type Cid, Client, type ClientOnServer, type Peer, Server } from "@peng3dnet/core";
import { ManualClock } from "@peng3dnet/core/testing";
import { track } from "../support/cleanup.js";
import { deferred, handle, LOCAL, next, nextOf, startPair } from "../support/peers.js";
import { RawPeer } from "../support/raw-peer.js";
import { sessionOf } from "../support/session.js";
import { closeconn, packet } from "../support/wire.js";

/** Lets the event loop go round once. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Registers `test:item`, which writes down what comes. */
function record(received: unknown[]): (peer: Peer) => void {
  return (peer) => handle(peer, "test:item", (msg: unknown, _cid: Cid) => void received.push(msg));
}

describe("process", () => {
  test("processes once a frame what has come, and says how much it was", async () => {
    const received: unknown[] = [];
    const { server, client } = await startPair({ setUp: record(received), manual: "server" });
    expect(server.process()).toBe(0);
    for (let index = 0; index < 3; index++) client.sendMessage("test:item", index);
    let processed = 0;
    while (processed < 3) processed += await server.process({ wait: true });
    expect(received).toEqual([0, 1, 2]);
    expect(server.process()).toBe(0);
  });

  test("nothing is processed before it is called, and the handshake goes on without it", async () => {
    const received: unknown[] = [];
    const { server, client, remote } = await startPair({ setUp: record(received), manual: "server" });
    for (let index = 0; index < 500; index++) client.sendMessage("test:item", index);
    while (remote.conn.metrics.queued < 500) await turn();
    expect(received).toEqual([]);
    // On a busy machine one call may not have the time for all of them.
    let processed = 0;
    while (processed < 500) processed += server.process();
    expect(processed).toBe(500);
    expect(received).toHaveLength(500);
    expect(remote.conn.metrics.queued).toBe(0);
    expect(sessionOf(remote.conn).queuedBytes).toBe(0);
  });

  test("waits for a packet", async () => {
    const received: unknown[] = [];
    const { client, remote } = await startPair({ setUp: record(received), manual: "client" });
    const waiting = client.process({ wait: true });
    remote.sendMessage("test:item", "hello");
    expect(await waiting).toBe(1);
    expect(received).toEqual(["hello"]);
  });

  test("whether it waits may be known at run time only", async () => {
    const { client, remote } = await startPair({ setUp: record([]), manual: "client" });
    for (const wait of [false, true]) {
      if (wait) remote.sendMessage("test:item", "hello");
      expect(await client.process({ wait, timeout: 10 })).toBe(wait ? 1 : 0);
    }
  });

  test("a time-out resolves to 0, a signal rejects, an interrupt resolves", async () => {
    const clock = new ManualClock();
    const { client } = await startPair({
      setUp: record([]),
      manual: "client",
      client: { clock, cfg: { "net.heartbeat.interval": 0 } },
    });
    const timed = client.process({ wait: true, timeout: 0.5 });
    clock.advance(0.5);
    expect(await timed).toBe(0);

    const controller = new AbortController();
    const aborted = client.process({ wait: true, signal: controller.signal });
    controller.abort();
    await expect(aborted).rejects.toThrow(AbortedError);

    const interrupted = [client.process({ wait: true }), client.process({ wait: true, timeout: 10 })];
    client.interrupt();
    expect(await Promise.all(interrupted)).toEqual([0, 0]);
    expect(clock.timers).toBe(0);
  });

  test("a stop lets those go on who wait, and later waits resolve at once", async () => {
    const { client, server } = await startPair({ setUp: record([]), manual: "client" });
    const waiting = client.process({ wait: true });
    client.stop();
    expect(await waiting).toBe(0);
    const after = client.process({ wait: true });
    expect(after).toBeInstanceOf(Promise);
    expect(await after).toBe(0);
    server.stop();
    expect(server.process()).toBe(0);
  });

  test("a handler may call it, and packets keep their order", async () => {
    const received: unknown[] = [];
    const { client, remote } = await startPair({
      manual: "client",
      setUp: (peer) =>
        handle(peer, "test:item", (msg) => {
          received.push(msg);
          if (peer instanceof Client) peer.process();
        }),
    });
    for (let index = 0; index < 10; index++) remote.sendMessage("test:item", index);
    while ((client.conn?.metrics.queued ?? 0) < 10) await turn();
    client.process();
    expect(received).toEqual(Array.from({ length: 10 }, (_, index) => index));
  });

  test("packets of a connection that was closed meanwhile are not processed", async () => {
    const received: unknown[] = [];
    const { server, client, remote } = await startPair({ setUp: record(received), manual: "server" });
    client.sendMessage("test:item", 1);
    client.sendMessage("test:item", 2);
    while (remote.conn.metrics.queued < 2) await turn();
    void remote.close("enough");
    expect(server.process()).toBe(0);
    expect(received).toEqual([]);
    expect(await client.waitForClose()).toMatchObject({ reason: "enough" });
  });

  test("what came before the end of a connection is processed before its close, whenever that is", async () => {
    const log: unknown[] = [];
    const server = track(new Server({ addr: LOCAL }));
    handle(server, "test:item", (msg) => void log.push(msg));
    await server.runAsync();
    server.on("close", (_, info) => log.push(info.reason));
    for (const end of ["reset", "end", "close"] as const) {
      log.length = 0;
      const peer = await RawPeer.activeClient(server.addr);
      const [client] = await next(server, "handshakecomplete");
      peer.write(packet(64, 1), packet(64, 2), packet(64, 3));
      if (end === "close") peer.write(closeconn("bye"));
      const waiting = end === "close" ? 4 : 3;
      while (client.conn.metrics.queued < waiting) await turn();
      const gone = new Promise((resolve) => client.sock?.once("close", resolve));
      if (end === "reset") {
        peer.socket.resetAndDestroy();
        await gone;
      } else peer.end();
      expect(log).toEqual([]);
      // One that is gone counts towards no limit, whatever of it waits.
      expect(server.clients.size).toBe(end === "reset" ? 0 : 1);
      const closed = next(server, "close");
      expect(server.process()).toBe(waiting);
      await closed;
      expect(log).toEqual([1, 2, 3, end === "close" ? "bye" : "socketclose"]);
    }
  });

  test("a bad packet ends the connection when it is processed, after those before it", async () => {
    const received: unknown[] = [];
    const server = track(new Server({ addr: LOCAL }));
    handle(server, "test:item", (msg) => void received.push(msg));
    await server.runAsync();
    const accepted = next(server, "handshakecomplete");
    const peer = await RawPeer.activeClient(server.addr);
    const [client] = await accepted;
    peer.write(packet(64, 1), packet(4711, "unknown"), packet(64, 2));
    while (client.conn.metrics.queued < 3) await turn();
    expect(client.active).toBe(true);
    expect(server.process()).toBe(2);
    expect(received).toEqual([1]);
    expect(await peer.closeReason()).toBe("unknownpacket");
  });

  test.each(["close", "stop", "shutdown"] as const)(
    "%s ends a connection that is gone, though packets of it wait",
    async (how) => {
      const received: unknown[] = [];
      const { server, client, remote } = await startPair({ setUp: record(received), manual: "server" });
      client.sendMessage("test:item", 1);
      while (remote.conn.metrics.queued < 1) await turn();
      const gone = new Promise((resolve) => remote.sock?.once("close", resolve));
      client.sock?.resetAndDestroy();
      await gone;
      expect(server.clients.size).toBe(0);
      const closed = next(server, "close");
      if (how === "close") await remote.close("enough");
      else if (how === "stop") server.stop();
      else expect(await server.shutdown()).toEqual({ clean: 0, unclean: 1 });
      expect((await closed)[1].clean).toBe(false);
      await (how === "close" ? undefined : server.join());
      expect(server.process()).toBe(0);
      expect(received).toEqual([]);
    },
  );

  test("deadlines do not end a connection that is gone while packets of it wait", async () => {
    const clock = new ManualClock();
    const received: unknown[] = [];
    const { server, client, remote } = await startPair({
      setUp: record(received),
      manual: "server",
      server: { clock, cfg: { "net.timeout.idle": 20, "net.timeout.unsent": 10 } },
    });
    client.sendMessage("test:item", 1);
    while (remote.conn.metrics.queued < 1) await turn();
    client.sock?.pause();
    while (remote.sendMessage("test:item", "x".repeat(8000)));
    const gone = new Promise((resolve) => remote.sock?.once("close", resolve));
    client.sock?.resetAndDestroy();
    await gone;
    clock.advance(100);
    const closed = next(server, "close");
    expect(server.process()).toBe(1);
    expect(received).toEqual([1]);
    expect((await closed)[1]).toMatchObject({
      reason: "socketclose",
      error: { code: "P3D_ERR_CONNECTION_LOST" },
    });
  });
});

describe("processAsync and processForever", () => {
  test("process what has come before, and go on as packets arrive", async () => {
    const received: unknown[] = [];
    const done = deferred();
    const { server, client, remote } = await startPair({
      manual: "server",
      setUp: (peer) =>
        handle(peer, "test:item", (msg) => {
          received.push(msg);
          if (received.length === 20) done.resolve();
        }),
    });
    for (let index = 0; index < 10; index++) client.sendMessage("test:item", index);
    while (remote.conn.metrics.queued < 10) await turn();
    const forever = server.processForever();
    expect(received).toHaveLength(10);
    for (let index = 10; index < 20; index++) client.sendMessage("test:item", index);
    await done.promise;
    expect(received).toEqual(Array.from({ length: 20 }, (_, index) => index));
    server.processAsync();
    server.stop();
    await forever;
  });

  test("processForever gives up in time, and processing goes on", async () => {
    const clock = new ManualClock();
    const done = deferred<unknown>();
    const { client, server } = await startPair({
      server: { clock },
      setUp: (peer) => handle(peer, "test:item", done.resolve),
    });
    const forever = server.processForever({ timeout: 1 });
    clock.advance(1);
    await expect(forever).rejects.toThrow("waited 1 s for the server to stop in vain");
    client.sendMessage("test:item", "still here");
    expect(await done.promise).toBe("still here");
  });
});

describe("an application that never pumps makes the peer wait", () => {
  const LIMITS = {
    packets: { "net.limits.unprocessed.packets": 100 },
    bytes: { "net.limits.unprocessed.bytes": 100_000 },
  };
  const ITEM = "x".repeat(990);

  test.each(["packets", "bytes"] as const)("by number of %s", async (kind) => {
    const received: unknown[] = [];
    const { server, client, remote } = await startPair({
      setUp: record(received),
      manual: "server",
      server: { cfg: LIMITS[kind] },
      client: { cfg: { "net.limits.unsent": 1024 ** 3 } },
    });
    const before = process.memoryUsage().arrayBuffers;
    let sent = 0;
    // Everything the kernel buffers is full then.
    while (client.sendMessage("test:item", ITEM) || remote.sock?.isPaused() !== true) {
      sent++;
      if (sent % 1000 === 0) await turn();
    }
    sent++;
    expect(remote.conn.metrics.queued).toBe(kind === "packets" ? 100 : Math.ceil(100_000 / 999));
    expect(sessionOf(remote.conn).queuedBytes).toBeLessThan(110_000);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 * 1024 ** 2);
    expect(received).toEqual([]);

    // Half of them processed: reads on, and everything arrives in the end.
    const drained = nextOf(client, "drain");
    while (received.length < sent) await server.process({ wait: true });
    await drained;
    expect(received).toHaveLength(sent);
    expect(received.every((msg) => msg === ITEM)).toBe(true);
    expect(server.process()).toBe(0);
  });

  test("reading pauses at the limit and resumes at half of it", async () => {
    const received: unknown[] = [];
    const { server, client, remote } = await startPair({
      manual: "server",
      server: { cfg: { "net.limits.unprocessed.packets": 10 } },
      setUp: (peer) =>
        handle(peer, "test:item", (msg) => {
          received.push([msg, peer instanceof Server && sessionOf(remoteOf(peer).conn).blocked]);
        }),
    });
    for (let index = 0; index < 12; index++) client.sendMessage("test:item", index);
    while (!sessionOf(remote.conn).blocked) await turn();
    expect(remote.conn.metrics.queued).toBe(10);
    expect(remote.sock?.isPaused()).toBe(true);
    expect(server.process()).toBe(10);
    // The handler of the fifth packet still finds six waiting, that of the seventh five.
    expect(received.map((entry) => (entry as [number, boolean])[1])).toEqual([
      ...Array(5).fill(true),
      ...Array(5).fill(false),
    ]);
    expect(remote.sock?.isPaused()).toBe(false);
    while (received.length < 12) await server.process({ wait: true });
    expect(received.map((entry) => (entry as [number, boolean])[0])).toEqual([...Array(12).keys()]);
  });

  test("its own pause does not count as the peer's silence", async () => {
    const clock = new ManualClock();
    const received: unknown[] = [];
    const { server, client, remote } = await startPair({
      setUp: record(received),
      manual: "server",
      server: { clock, cfg: { "net.limits.unprocessed.packets": 2, "net.timeout.idle": 10 } },
    });
    for (let index = 0; index < 4; index++) client.sendMessage("test:item", index);
    while (!sessionOf(remote.conn).blocked) await turn();
    clock.advance(25);
    expect(remote.active).toBe(true);
    while (received.length < 4) await server.process({ wait: true });
    clock.advance(9);
    expect(remote.active).toBe(true);
    clock.advance(2);
    expect(await client.waitForClose()).toMatchObject({ reason: "timeout" });
  });
});

function remoteOf(server: Server): ClientOnServer {
  const [client] = server.clients.values();
  if (client === undefined) throw new Error("no client");
  return client;
}
