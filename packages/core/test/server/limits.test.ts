// Deadlines, by a clock that is turned by hand, and limits on the number of connections.

import { Client, Server, STATE_ACTIVE, TimedOutError } from "@peng3dnet/core";
import { ManualClock } from "@peng3dnet/core/testing";
import { track } from "../support/cleanup.js";
import { deferred, echo, handle, LOCAL, next, nextOf, startPair, startServer } from "../support/peers.js";
import { RawPeer, rawServer } from "../support/raw-peer.js";
import { accept, packet, settype } from "../support/wire.js";

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

describe("net.timeout.handshake", () => {
  test("is absolute: a peer that dribbles does not extend it", async () => {
    const clock = new ManualClock();
    const server = await startServer({ clock });
    const connected = next(server, "connection");
    const peer = await RawPeer.connect(server.addr);
    const [client] = await connected;
    await peer.packet();
    const closed = next(server, "close");
    let received = client.conn.metrics.bytesIn;
    for (const byte of settype().subarray(0, 9)) {
      clock.advance(1);
      peer.write(Uint8Array.of(byte));
      while (client.conn.metrics.bytesIn === received) await turn();
      received = client.conn.metrics.bytesIn;
    }
    clock.advance(0.9);
    expect(server.clients.size).toBe(1);
    clock.advance(0.1);
    expect(await peer.closeReason()).toBe("handshaketimeout");
    await peer.ended();
    const [, info] = await closed;
    expect(info).toMatchObject({
      reason: "handshaketimeout",
      error: { code: "P3D_ERR_HANDSHAKE_TIMEOUT" },
      clean: false,
    });
    expect(clock.timers).toBe(0);
  });

  test("a peer that dribbles at the last moment gains a second, once", async () => {
    // As the system's clock does, this one has waiting input read first.
    const clock = Object.assign(new ManualClock(), {
      afterInput: (callback: () => void) => void setImmediate(callback),
    });
    const server = await startServer({ clock });
    const connected = next(server, "connection");
    const peer = await RawPeer.connect(server.addr);
    const [client] = await connected;
    await peer.packet();
    const bytes = settype();
    const closed = next(server, "close");
    for (const [index, wait] of [10, 1].entries()) {
      // Timers are run before anything is read.
      await new Promise((resolve) => setTimeout(resolve));
      expect(client.conn.open).toBe(true);
      peer.write(bytes.subarray(index, index + 1));
      clock.advance(wait);
      await turn();
    }
    expect(client.conn.metrics.bytesIn).toBe(2);
    expect(await peer.closeReason()).toBe("handshaketimeout");
    await closed;
    expect(clock.timers).toBe(0);
  });

  test("goes by each step, up to the last one", async () => {
    const clock = new ManualClock();
    const server = await startServer({ clock });
    const peer = await RawPeer.connect(server.addr);
    await peer.packet();
    clock.advance(5);
    peer.write(settype());
    await peer.packet();
    clock.advance(5);
    expect(await peer.closeReason()).toBe("handshaketimeout");
  });

  test("is over once the handshake is", async () => {
    const clock = new ManualClock();
    const cfg = { "net.heartbeat.interval": 0 };
    const { client, remote } = await startPair({ server: { clock, cfg }, client: { clock } });
    expect(clock.timers).toBe(0);
    clock.advance(3600);
    expect([client.state, remote.state]).toEqual([STATE_ACTIVE, STATE_ACTIVE]);
  });

  test("0 switches it off", async () => {
    const clock = new ManualClock();
    const server = await startServer({ clock, cfg: { "net.timeout.handshake": 0 } });
    const peer = await RawPeer.connect(server.addr);
    await peer.packet();
    expect(clock.timers).toBe(0);
    clock.advance(3600);
    peer.write(settype());
    await peer.packet();
  });

  test("a client gives a dial up in that time", async () => {
    const clock = new ManualClock();
    const server = await startServer();
    const client = track(new Client({ addr: server.addr, clock, cfg: { "net.timeout.handshake": 3 } }));
    const connecting = client.connect();
    // Promises alone: the event loop has no chance to notice that the server answers.
    while (clock.timers === 0) await Promise.resolve();
    clock.advance(3);
    await expect(connecting).rejects.toThrow(`${server.addr.join(":")} did not answer within 3 s`);
    await expect(client.waitForConnection()).rejects.toThrow(TimedOutError);
  });
});

describe("net.timeout.idle", () => {
  test("closes a connection from which nothing comes, and what comes puts that off", async () => {
    const clock = new ManualClock();
    const { server, client, remote } = await startPair({
      server: { clock, cfg: { "net.timeout.idle": 10 } },
    });
    for (let round = 0; round < 5; round++) {
      clock.advance(9);
      const received = remote.conn.metrics.bytesIn;
      client.sendMessage("test:echo", round);
      while (remote.conn.metrics.bytesIn === received) await turn();
    }
    expect(remote.active).toBe(true);
    const closed = next(server, "close");
    clock.advance(10);
    expect(await client.waitForClose()).toMatchObject({ reason: "timeout" });
    expect((await closed)[1]).toMatchObject({
      reason: "timeout",
      error: {
        code: "P3D_ERR_IDLE_TIMEOUT",
        message: expect.stringContaining("for 10 s (net.timeout.idle)"),
      },
    });
    expect(clock.timers).toBe(0);
  });

  test("what is only sent does not count", async () => {
    const clock = new ManualClock();
    const { client, remote } = await startPair({ server: { clock, cfg: { "net.timeout.idle": 10 } } });
    clock.advance(6);
    remote.sendMessage("test:echo", 1);
    clock.advance(4);
    expect(await client.waitForClose()).toMatchObject({ reason: "timeout" });
  });
});

describe("net.timeout.close", () => {
  test("a peer that does not end its stream is cut off after it", async () => {
    const clock = new ManualClock();
    const listening = await rawServer();
    const client = track(new Client({ addr: listening.addr, clock }));
    const starting = client.start();
    const peer = await listening.accepted();
    await peer.serveHandshake();
    await starting;
    const closing = client.close("done");
    expect(await peer.closeReason({ answer: false })).toBe("done");
    // It reads on and discards all the while.
    const { conn } = client;
    const before = conn?.metrics.bytesIn ?? 0;
    peer.write(packet(64, "x".repeat(1000)));
    while (conn?.metrics.bytesIn === before) await turn();
    clock.advance(4.9);
    expect(conn?.socket?.destroyed).toBe(false);
    clock.advance(0.1);
    expect(await closing).toEqual({ reason: "done", error: undefined, clean: false });
    await peer.ended();
    expect(clock.timers).toBe(0);
  });
});

describe("net.limits.connections", () => {
  test("those above it are refused, with a drop event, until there is room", async () => {
    const server = await startServer({ cfg: { "net.limits.connections": 2 } });
    const drops: unknown[] = [];
    server.on("drop", (info) => drops.push(info));
    const first = await RawPeer.activeClient(server.addr);
    const second = await RawPeer.activeClient(server.addr);
    const third = await RawPeer.connect(server.addr);
    const port = third.socket.localPort;
    await third.ended();
    expect(third.pending).toHaveLength(0);
    expect(drops).toEqual([{ addr: ["127.0.0.1", port], reason: "serverfull" }]);
    expect(server.clients.size).toBe(2);
    const closed = next(server, "close");
    first.end();
    await closed;
    await RawPeer.activeClient(server.addr);
    expect(server.clients.size).toBe(2);
    expect(drops).toHaveLength(1);
    expect(second.socket.destroyed).toBe(false);
  });
});

describe("net.limits.connections.address", () => {
  test("silent connections of one address leave room for others, and make room when they are gone", async () => {
    const server = await startServer({ cfg: { "net.limits.connections.address": 2 } });
    const drops: unknown[] = [];
    server.on("drop", (info) => drops.push(info));
    const first = await RawPeer.activeClient(server.addr);
    await RawPeer.activeClient(server.addr);
    const third = await RawPeer.connect(server.addr);
    const port = third.socket.localPort;
    await third.ended();
    expect(drops).toEqual([{ addr: ["127.0.0.1", port], reason: "serverfull" }]);
    expect(server.metrics.rejectedBy).toEqual({ serverfull: 1 });

    const other = await RawPeer.activeClient(server.addr, "127.0.0.2");
    other.write(packet(64, "hello"));
    expect((await other.packet()).id).toBe(64);
    expect(server.clients.size).toBe(3);

    const closed = next(server, "close");
    first.socket.resetAndDestroy();
    await closed;
    await RawPeer.activeClient(server.addr);
    expect(drops).toHaveLength(1);
  });

  test("an IPv6 address counts by its /64", async () => {
    const server = await startServer({ addr: "[::1]:0", cfg: { "net.limits.connections.address": 1 } });
    await RawPeer.activeClient(server.addr);
    await (await RawPeer.connect(server.addr)).ended();
    expect(server.metrics.rejectedBy).toEqual({ serverfull: 1 });
  });
});

describe("net.limits.pending", () => {
  test.each(["net.limits.pending", "net.limits.pending.address"] as const)(
    "past %s the oldest handshake goes, and honest peers get in",
    async (key) => {
      const server = await startServer({ cfg: { [key]: 3 } });
      const drops: string[] = [];
      const closes: unknown[] = [];
      server.on("drop", ({ reason, addr }) => drops.push(`${reason} ${addr[1]}`));
      server.on("close", (client, info) => closes.push([client.addr[1], info.reason, info.error?.name]));
      const honest = await RawPeer.activeClient(server.addr);
      while (![...server.clients.values()].some(({ active }) => active)) await turn();
      const idle: RawPeer[] = [];
      for (let index = 0; index < 5; index++) {
        const peer = await RawPeer.connect(server.addr);
        await peer.packet();
        idle.push(peer);
      }
      const [first, second, third] = idle;
      await first?.ended();
      await second?.ended();
      while (closes.length < 2) await turn();
      const ports = [first, second].map((peer) => peer?.socket.localPort);
      expect(drops).toEqual(ports.map((port) => `serverfull ${port}`));
      expect(closes).toEqual(ports.map((port) => [port, "serverfull", "ServerFullError"]));

      // An honest one pushes the next one out, and is not pending itself any more: it makes room again.
      const client = track(new Client({ addr: server.addr }));
      const answered = deferred<unknown>();
      handle(client, "test:echo", answered.resolve);
      await client.start();
      client.sendMessage("test:echo", "hello");
      expect(await answered.promise).toBe("hello");
      await third?.ended();
      const last = await RawPeer.connect(server.addr);
      await last.packet();
      expect(drops).toHaveLength(3);
      honest.write(packet(64, "still here"));
      expect((await honest.packet()).id).toBe(64);
    },
  );

  test("a pending one that closes makes room", async () => {
    const server = await startServer({ cfg: { "net.limits.pending": 1 } });
    let drops = 0;
    server.on("drop", () => drops++);
    for (let round = 0; round < 3; round++) {
      const peer = await RawPeer.connect(server.addr);
      await peer.packet();
      const closed = next(server, "close");
      peer.end();
      await closed;
    }
    expect(drops).toBe(0);
  });
});

describe("one connection does not starve the others", () => {
  test("many packets in one chunk are processed in turns", async () => {
    const server = await startServer({}, (peer) => {
      handle(peer, "test:count", () => {
        counted++;
      });
      echo(peer);
    });
    let counted = 0;
    const names = { "test:count": 64, "test:echo": 65 };
    expect(server.registry.getID("test:echo")).toBe(names["test:echo"]);
    const flood = await RawPeer.activeClient(server.addr);
    const modest = await RawPeer.activeClient(server.addr);
    while ([...server.clients.values()].filter(({ active }) => active).length < 2) await turn();
    const total = 50_000;
    flood.write(Buffer.concat(Array.from({ length: total }, () => packet(64, 1))));
    modest.write(packet(65, "me too"));
    await modest.packet();
    while (counted < total) await turn();
    expect(counted).toBe(total);
  });

  test("a connection that yields its turn while it closes still ends", async () => {
    const { server, client } = await startPair({
      setUp: (peer) =>
        handle(peer, "test:item", (msg, cid) => {
          if (peer instanceof Server && msg === 5000) {
            void peer.closeConnection(cid, "enough");
          }
        }),
    });
    for (let index = 0; index < 20_000; index++) client.sendMessage("test:item", index);
    const closed = next(server, "close");
    expect(await client.waitForClose()).toMatchObject({ reason: "enough" });
    expect((await closed)[1]).toMatchObject({ reason: "enough", clean: true });
  });

  test("a connection that is held while it closes still ends", async () => {
    const { server, client, remote } = await startPair();
    remote.conn.pause();
    client.sendMessage("test:echo", "unread");
    const closed = nextOf(client, "close");
    const closing = remote.close("enough");
    remote.conn.pause();
    await closed;
    expect(await closing).toEqual({ reason: "enough", error: undefined, clean: true });
    expect(server.clients.size).toBe(0);
    remote.conn.resume();
    remote.conn.resume();
  });
});

test("a link in memory, or any transport, can be accepted and attached without a port", async () => {
  // What `@peng3dnet/core/testing` builds on: a server that was never bound takes connections of its own.
  const server = track(new Server({ addr: LOCAL }));
  echo(server);
  server.processAsync();
  const listening = await rawServer();
  const raw = await RawPeer.connect(listening.addr);
  const socket = (await listening.accepted()).socket;
  socket.removeAllListeners("data").removeAllListeners("end");
  const { SocketTransport } = await import("../../src/tcp/socket-transport.js");
  const client = server.accept(new SocketTransport(socket));
  await raw.packet();
  raw.write(settype());
  await raw.packet();
  raw.write(accept(), packet(64, "hello"));
  expect((await raw.packet()).id).toBe(64);
  expect(client.active).toBe(true);
});
