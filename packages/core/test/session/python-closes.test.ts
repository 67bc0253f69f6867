// Closes between ours and peers that behave as Python's: what was sent before them arrives, and the reason.

import { Client, type ClientOptions, type CloseInfo, Packet, Server } from "@peng3dnet/core";
import { ManualClock, TestNetwork } from "@peng3dnet/core/testing";
import { track } from "../support/cleanup.js";
import { ENDINGS, LAST, UNREAD } from "../support/last-words.js";
import { handle, LOCAL, next, startPair, startServer } from "../support/peers.js";
import { type PythonOptions, pythonClient, pythonServer } from "../support/python-peer.js";
import { RawPeer, rawServer } from "../support/raw-peer.js";
import { closeconn, packet } from "../support/wire.js";

const NAMES = { "test:item": 64 };
const ITEMS = Array.from({ length: 12 }, (_, index) => ({ index, text: "x".repeat(index * 40) }));

function makeClient(options: ClientOptions): Client {
  const client = track(new Client(options));
  handle(client, "test:item");
  return client;
}

async function repeat<T>(count: number, run: (index: number) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  for (let begun = 0; begun < count; begun += 20) {
    results.push(...(await Promise.all(Array.from({ length: 20 }, (_, index) => run(begun + index)))));
  }
  return results;
}

test("200 closes of ours towards a Python server: all packets before them arrive, and the reasons", async () => {
  const server = await pythonServer({ names: NAMES });
  const results = await repeat(200, async (index) => {
    const client = makeClient({ addr: server.addr });
    await client.start();
    const seen = server.closed();
    for (const item of ITEMS) client.sendMessage("test:item", item);
    const { clean, reason } = await client.close(`close ${index}`);
    client.stop();
    return { clean, reason, seen: await seen };
  });
  expect(results.map(({ seen }) => seen.received)).toEqual(Array(200).fill(ITEMS));
  expect(results.map(({ seen }) => seen.reason).sort()).toEqual(results.map(({ reason }) => reason).sort());
  expect(results.every(({ clean }) => clean)).toBe(true);
}, 60_000);

test("200 closes of ours towards Python clients, too", async () => {
  const server = await startServer({}, (peer) => handle(peer, "test:item"));
  const infos: CloseInfo[] = [];
  server.on("handshakecomplete", (client) => {
    for (const item of ITEMS) client.sendMessage("test:item", item);
    void client.close(`close ${client.cid}`).then((info) => infos.push(info));
  });
  const seen = await repeat(200, () => pythonClient(server.addr));
  expect(seen.map(({ received }) => received)).toEqual(Array(200).fill(ITEMS));
  await server.shutdown();
  expect(infos.every(({ clean }) => clean)).toBe(true);
  expect(infos.map(({ reason }) => reason).sort()).toEqual(seen.map(({ reason }) => reason).sort());
}, 60_000);

describe("reasons of aborts arrive at a Python server", () => {
  test.each<[string, PythonOptions]>([
    ["protoversionmismatch", { protoversion: 3 }],
    ["packetregmismatch", { names: { "test:other": 64 } }],
    ["unknownpacket", { names: NAMES, raw: packet(99, 0) }],
  ])("%s", async (reason, options) => {
    const server = await pythonServer(options);
    const results = await repeat(20, async () => {
      const client = makeClient({
        addr: server.addr,
        cfg: { "net.registry.unknownpacketaction": "closeconnection" },
      });
      const seen = server.closed();
      const started = client.start().catch(() => {});
      const info = await client.waitForClose();
      await started;
      return { info, seen: await seen };
    });
    for (const { info, seen } of results) {
      expect(info).toMatchObject({ reason, clean: false });
      expect(seen.reason).toBe(reason);
    }
  });
});

describe("a Python peer that closes", () => {
  test("a server: its packets and its reason arrive, though it is gone at once", async () => {
    const server = await pythonServer({ names: NAMES, sends: ITEMS, closeWith: "enough" });
    const results = await repeat(20, async () => {
      const received: unknown[] = [];
      const client = track(new Client({ addr: server.addr }));
      handle(client, "test:item", (msg) => void received.push(msg));
      await client.start();
      return { received, info: await client.waitForClose() };
    });
    for (const { received, info } of results) {
      expect(received).toEqual(ITEMS);
      expect(info).toEqual({ reason: "enough", error: undefined, clean: true });
    }
  });

  test("a client: its packets and its reason arrive", async () => {
    const received: unknown[] = [];
    const server = await startServer({}, (peer) =>
      handle(peer, "test:item", (msg) => void received.push(msg)),
    );
    const closed = next(server, "close");
    await pythonClient(server.addr, { sends: ITEMS, closeWith: "enough" });
    const [, { reason }] = await closed;
    expect(reason).toBe("enough");
    expect(received).toEqual(ITEMS);
  });
});

describe("a Python client that closes without having read all, and a write of ours fails", () => {
  test.each(ENDINGS)("%s: what it sent before arrives", async (_, ending, info) => {
    const received: unknown[] = [];
    const server = track(new Server({ addr: LOCAL, cfg: { "net.compress.enabled": false } }));
    handle(server, "test:item", (msg, cid) => {
      received.push(msg);
      // All of it comes between a read and a write of the server, which the answer makes at the end of this turn.
      if (msg === 0) {
        peer.write(...LAST, ...ending);
        peer.socket.destroy();
      }
      server.sendMessage("test:item", msg, cid as number);
    });
    await server.start();
    const complete = next(server, "handshakecomplete");
    const peer = await RawPeer.activeClient(server.addr);
    const [client] = await complete;
    peer.socket.pause();
    client.sendMessage("test:item", UNREAD);
    await client.flush();
    const closed = next(server, "close");
    peer.write(packet(64, 0));
    expect((await closed)[1]).toMatchObject(info);
    expect(received).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });
});

describe("a close between our own peers", () => {
  test("the stream of the side that closes ends after the other's, and both are clean", async () => {
    const listening = await rawServer();
    const client = makeClient({ addr: listening.addr });
    const starting = client.start();
    const peer = await listening.accepted();
    await peer.serveHandshake(NAMES);
    await starting;
    const closing = client.close("done");
    expect(await peer.closeReason({ answer: false })).toBe("done");
    peer.write(packet(64, "late"));
    // All that was sent is read before the end is seen, so that an early one would be noticed here.
    const ended = jest.fn();
    void peer.ended().then(ended);
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
    expect(ended).not.toHaveBeenCalled();
    peer.end();
    expect(await closing).toEqual({ reason: "done", error: undefined, clean: true });
    await peer.ended();
  });

  test("a peer that announces its own close is not kept waiting", async () => {
    const listening = await rawServer();
    const client = makeClient({ addr: listening.addr });
    const starting = client.start();
    const peer = await listening.accepted();
    await peer.serveHandshake(NAMES);
    await starting;
    const closing = client.close("mine");
    // In pieces, behind a packet that crosses, and the other side waits for the end as well.
    const crossing = Buffer.concat([packet(64, "late"), closeconn("yours")]);
    for (const byte of crossing) peer.write(Uint8Array.of(byte));
    expect(await peer.closeReason({ answer: false })).toBe("mine");
    await peer.ended();
    peer.end();
    expect(await closing).toMatchObject({ reason: "mine" });
  });

  test("closes that cross end at once, each with its own reason", async () => {
    const clock = new ManualClock();
    const { server, client, remote } = await startPair({ server: { clock }, client: { clock } });
    const infos = await Promise.all([
      client.close("client's"),
      server.closeConnection(remote.cid, "server's"),
    ]);
    expect(infos.map(({ reason }) => reason)).toEqual(["client's", "server's"]);
    expect(clock.timers).toBe(0);
  });

  test("closes that cross within handlers, packets that wait included", async () => {
    const clock = new ManualClock();
    const { client, remote } = await startPair({
      server: { clock },
      client: { clock },
      setUp: (peer) =>
        handle(peer, "test:quit", (_, cid) => {
          if (cid !== null) void peer.closeConnection(cid, "kicked");
        }),
    });
    for (let count = 0; count < 100; count++) client.sendMessage("test:quit", "x".repeat(5000));
    const info = await client.close("quit");
    expect(info.reason).toBe("quit");
    expect((await remote.close()).reason).toBe("kicked");
  });

  test("a shutdown with 1,000 clients takes a round trip, and no timer", async () => {
    const net = new TestNetwork();
    const server = net.server({
      cfg: { "net.limits.pending": 1000, "net.limits.pending.address": 1000 },
    });
    const clients = Array.from({ length: 1000 }, () => net.client());
    for (const client of clients) net.connect(client, server);
    await Promise.all(clients.map((client) => client.waitForConnection()));
    expect(await server.shutdown()).toEqual({ clean: 1000, unclean: 0 });
    const infos = await Promise.all(clients.map((client) => client.waitForClose()));
    expect(infos.every(({ clean, reason }) => clean && reason === "servershutdown")).toBe(true);
    expect(net.clock.timers).toBe(0);
  });

  test("who speaks another protocol is not waited for", async () => {
    const server = await startServer();
    const peer = await RawPeer.connect(server.addr);
    await peer.packet();
    peer.write(Buffer.from("GET / HTTP/1.1\r\n\r\n"));
    expect(await peer.closeReason({ answer: false })).toBe("notpeng3dnet");
    await peer.ended();
  });

  test("a peer that has lost its place among the packets is waited for until net.timeout.close", async () => {
    const clock = new ManualClock();
    const server = await startServer({ clock });
    const peer = await RawPeer.activeClient(server.addr);
    const closed = next(server, "close");
    peer.write(Buffer.alloc(4));
    expect(await peer.closeReason({ answer: false })).toBe("malformedpacket");
    peer.write(closeconn("too late to be understood"));
    clock.advance(5);
    expect((await closed)[1]).toMatchObject({ reason: "malformedpacket", clean: false });
    await peer.ended();
  });

  test("a peer whose end came before the close is called clean by no one", async () => {
    const server = track(new Server({ addr: LOCAL }));
    server.registry.register(new Packet(server.registry, server), "test:item");
    await server.runAsync();
    const peer = await RawPeer.activeClient(server.addr);
    const [remote] = await next(server, "handshakecomplete");
    // Packets that wait for process() keep it open.
    peer.write(packet(64, "waits"));
    peer.end();
    while (remote.conn.metrics.queued === 0) await new Promise(setImmediate);
    for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
    expect(remote.conn.open).toBe(true);
    expect(await remote.close("late")).toEqual({ reason: "late", error: undefined, clean: false });
  });
});
