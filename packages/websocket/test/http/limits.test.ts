// What a peer can cost before and after it has a WebSocket: each bound, and what the peer is told.

import { randomBytes } from "node:crypto";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { connect, type Socket } from "node:net";
import {
  type Address,
  type ClientOnServer,
  NotPeng3dnetError,
  Server,
  ServerFullError,
  SlowConsumerError,
  TimedOutError,
} from "@peng3dnet/core";
import { ManualClock } from "@peng3dnet/core/testing";
import { serveWebSocket } from "@peng3dnet/websocket";
import { onCleanup, track, trackSocket } from "../../../core/test/support/cleanup.js";
import { next } from "../../../core/test/support/peers.js";
import { accept, packet, settype, value } from "../../../core/test/support/wire.js";
import {
  addressOf,
  dial,
  Echo,
  echoed,
  echoServer,
  frame,
  httpServer,
  refusal,
  upgraded,
  upgradeRequest,
  webSocketClient,
} from "../support/http.js";
import { WirePeer } from "../support/wire-peer.js";

/** A bare connection, and what comes over it. */
function bare([host, port]: Address, localAddress = "127.0.0.1", localPort?: number) {
  const socket = trackSocket(connect({ host, port, localAddress, localPort }));
  let text = "";
  socket.on("data", (chunk: Buffer) => {
    text += chunk.toString("latin1");
  });
  socket.on("error", () => {});
  return {
    socket,
    connected: new Promise<void>((resolve) => socket.once("connect", () => resolve())),
    closed: new Promise<string>((resolve) => socket.once("close", () => resolve(text))),
  };
}

/** A server on a clock that the test turns. */
async function clockedServer() {
  const clock = new ManualClock();
  const server = track(new Server({ addr: "127.0.0.1:0", packets: [Echo], clock }));
  server.on(Echo, (message, { client }) => void client.sendMessage(Echo, message));
  await server.start();
  return { server, clock };
}

describe("before the upgrade, on a port of its own", () => {
  test("a connection that says nothing, or too little, is cut when the time for a handshake is over", async () => {
    const { server, clock } = await clockedServer();
    const { address } = await serveWebSocket(server, { port: 0 });
    const silent = bare(address);
    const slow = bare(address);
    await Promise.all([silent.connected, slow.connected]);
    slow.socket.write("GET / HTTP/1.1\r\nHost: a");
    // Another one that is served shows that these were accepted.
    await dial(address);
    clock.advance(9.9);
    expect([silent.socket.closed, slow.socket.closed]).toEqual([false, false]);
    clock.advance(0.2);
    expect(await Promise.all([silent.closed, slow.closed])).toEqual(["", ""]);
    // The other one has said nothing since its upgrade.
    expect(server.metrics.rejectedBy).toEqual({ handshaketimeout: 3 });
  });

  test("each of two that come from one port to two addresses is cut when its own time is over", async () => {
    const { server, clock } = await clockedServer();
    const { address } = await serveWebSocket(server, { host: "0.0.0.0", port: 0 });
    const [, port] = address;
    const first = bare(["127.0.0.1", port]);
    await first.connected;
    // Shows that the first one was accepted.
    await dial(["127.0.0.1", port]);
    clock.advance(5);
    const second = bare(["127.0.0.2", port], "127.0.0.1", first.socket.localPort);
    await second.connected;
    await dial(["127.0.0.1", port]);
    const dropped: unknown[] = [];
    server.on("drop", ({ addr, reason }) => void dropped.push(addr[1], reason));
    clock.advance(5.1);
    expect(await first.closed).toBe("");
    expect(dropped).toEqual([second.socket.localPort, "handshaketimeout"]);
    clock.advance(5);
    expect(await second.closed).toBe("");
    expect(dropped.slice(2)).toEqual([dropped[0], "handshaketimeout"]);
  });

  test("the time that an upgrade takes counts for the handshake", async () => {
    const { server, clock } = await clockedServer();
    const { address } = await serveWebSocket(server, { port: 0 });
    const late = bare(address);
    await late.connected;
    const other = await dial(address);
    clock.advance(8);
    const accepted = next(server, "connection");
    late.socket.write(upgradeRequest("a"));
    const [client] = await accepted;
    // The other one has its time to itself.
    other.terminate();
    await next(server, "close");
    const closed = next(server, "close");
    clock.advance(3);
    const [cut, { reason }] = await closed;
    expect([cut.cid, reason]).toEqual([client.cid, "handshaketimeout"]);
    expect(server.clients.size).toBe(0);
  });

  test("those that have not upgraded are limited for each address; the oldest one goes", async () => {
    const server = await echoServer({ "net.limits.pending.address": 2 });
    const { address } = await serveWebSocket(server, { port: 0 });
    const [first, second] = [bare(address), bare(address)];
    await Promise.all([first.connected, second.connected]);
    const elsewhere = bare(address, "127.0.0.2");
    await elsewhere.connected;
    const third = bare(address);
    expect(await first.closed).toBe("");
    expect([second.socket.closed, third.socket.closed, elsewhere.socket.closed]).toEqual([
      false,
      false,
      false,
    ]);
  });

  test("and in all", async () => {
    const server = await echoServer({ "net.limits.pending": 2 });
    const { address } = await serveWebSocket(server, { port: 0 });
    const first = bare(address, "127.0.0.2");
    await first.connected;
    for (const other of [bare(address, "127.0.0.3"), bare(address, "127.0.0.4")]) await other.connected;
    expect(await first.closed).toBe("");
  });

  test("one that has upgraded makes room", async () => {
    const server = await echoServer({ "net.limits.pending.address": 1 });
    const { address } = await serveWebSocket(server, { port: 0 });
    const clients = [await webSocketClient(address), await webSocketClient(address)];
    for (const client of clients) expect(await echoed(client, 1)).toBe(1);
  });

  test("headers that are too long are answered with 431", async () => {
    const server = await echoServer();
    const { address } = await serveWebSocket(server, { port: 0 });
    const { socket, closed } = bare(address);
    socket.write(upgradeRequest("a", `Cookie: ${"x".repeat(17_000)}`));
    expect(await closed).toContain("HTTP/1.1 431 ");
    expect(await echoed(await webSocketClient(address), 1)).toBe(1);
  });

  test("of requests that come at once, only the first one is looked at", async () => {
    const server = await echoServer();
    const { address } = await serveWebSocket(server, { port: 0 });
    const { socket, closed } = bare(address);
    const asked: unknown[] = [];
    const seen = (message: unknown): void => void asked.push(message);
    subscribe("http.server.request.start", seen);
    onCleanup(() => void unsubscribe("http.server.request.start", seen));
    socket.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n".repeat(1000));
    expect((await closed).match(/HTTP\/1\.1 \d+/g)).toEqual(["HTTP/1.1 426"]);
    expect(asked).toHaveLength(1);
  });

  test("what comes right behind the request belongs to the WebSocket", async () => {
    const server = await echoServer();
    const { address } = await serveWebSocket(server, { port: 0 });
    const heard = new Promise((resolve) => server.on(Echo, resolve));
    const { socket } = bare(address);
    const id = server.registry.getID("test:echo");
    const request = Buffer.from(upgradeRequest("a"));
    const behind = [settype(), accept(), packet(id, "behind")].map((bytes) => frame(0x82, bytes));
    // The request in two pieces, the second of which has what follows.
    socket.write(request.subarray(0, -3));
    await new Promise((resolve) => setImmediate(resolve));
    socket.write(Buffer.concat([request.subarray(-3), ...behind]));
    expect(await heard).toBe("behind");
  });

  test("a connection that ends within its request is closed", async () => {
    const server = await echoServer();
    const { address } = await serveWebSocket(server, { port: 0 });
    const { socket, closed } = bare(address);
    socket.end("GET / HTTP/1.1\r\nHost: a");
    expect(await closed).toBe("");
  });

  test("a request with a body, and others behind it, are answered once", async () => {
    const server = await echoServer();
    const { address } = await serveWebSocket(server, { port: 0 });
    const { socket, closed } = bare(address);
    socket.write("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc".repeat(3));
    expect((await closed).match(/HTTP\/1\.1 \d+/g)).toEqual(["HTTP/1.1 426"]);
  });
});

test("beside pages, the time from accept counts, but not that of pages over the same connection", async () => {
  const { server, clock } = await clockedServer();
  const http = await httpServer((_request, response) => void response.end("a page"));
  await serveWebSocket(server, { server: http });
  const [late, reader] = [bare(addressOf(http)), bare(addressOf(http))];
  await Promise.all([late.connected, reader.connected]);
  const page = new Promise((resolve) => reader.socket.once("data", resolve));
  reader.socket.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await page;
  clock.advance(9);
  let accepted = next(server, "connection");
  late.socket.write(upgradeRequest("a"));
  const [lateClient] = await accepted;
  accepted = next(server, "connection");
  reader.socket.write(upgradeRequest("a"));
  const [readerClient] = await accepted;
  const closed = next(server, "close");
  clock.advance(2);
  const [client, { reason }] = await closed;
  expect([client.cid, reason]).toEqual([lateClient.cid, "handshaketimeout"]);
  expect(server.clients.has(readerClient.cid)).toBe(true);
});

describe("requests that are none", () => {
  test.each([
    ["a version that nobody has", { "Sec-WebSocket-Version": "8" }, 426],
    ["no key", { "Sec-WebSocket-Key": "short" }, 400],
    ["another upgrade", { Upgrade: "h2c" }, 400],
    ["subprotocols that cannot be read", { "Sec-WebSocket-Protocol": "peng3dnet.2,," }, 400],
    ["a subprotocol twice", { "Sec-WebSocket-Protocol": "peng3dnet.2, peng3dnet.2" }, 400],
  ])("%s", async (_name, changed, status) => {
    const server = await echoServer();
    const errors: unknown[] = [];
    server.on("handlerError", (error) => errors.push(error));
    const { address } = await serveWebSocket(server, { port: 0 });
    const { socket, closed } = bare(address);
    let request = upgradeRequest("a");
    for (const [name, to] of Object.entries(changed))
      request = request.replace(new RegExp(`${name}: .*`), `${name}: ${to}`);
    socket.write(request);
    expect(await closed).toContain(`HTTP/1.1 ${status} `);
    expect([server.clients.size, errors]).toEqual([0, []]);
  });

  test("another method", async () => {
    const server = await echoServer();
    const { address } = await serveWebSocket(server, { port: 0 });
    const { socket, closed } = bare(address);
    socket.write(upgradeRequest("a").replace("GET", "POST"));
    expect(await closed).toContain("HTTP/1.1 405 ");
  });
});

test("compression that a client offers is not agreed upon", async () => {
  const server = await echoServer();
  const { address } = await serveWebSocket(server, { port: 0 });
  const ws = await dial(address, { perMessageDeflate: true });
  expect(ws.extensions).toBe("");
});

test("a server that is full answers 503, and counts it", async () => {
  const server = await echoServer({ "net.limits.connections": 1 });
  const { address } = await serveWebSocket(server, { port: 0 });
  await webSocketClient(address);
  const dropped = next(server, "drop");
  const { status, headers } = await refusal(address);
  expect([status, headers["retry-after"]]).toEqual([503, "5"]);
  expect((await dropped)[0].reason).toBe("serverfull");
});

describe("messages", () => {
  test("longer than the longest packet: 1009", async () => {
    const server = await echoServer({ "net.limits.packetlength": 500_000 });
    const { address } = await serveWebSocket(server, { port: 0 });
    const accepted = next(server, "close");
    const peer = await WirePeer.active(address);
    const echo = server.registry.getID("test:echo");
    peer.ws.send(packet(echo, new Uint8Array(499_900)));
    const answer = await peer.packet();
    expect(answer.id).toBe(echo);
    peer.ws.send(new Uint8Array(500_005));
    expect((await peer.closed).code).toBe(1009);
    expect((await accepted)[1].error).toBeInstanceOf(NotPeng3dnetError);
  });

  test("many packets in one, and one packet in pieces and fragments", async () => {
    const server = await echoServer();
    const { address } = await serveWebSocket(server, { port: 0 });
    const peer = await WirePeer.active(address);
    const echo = packet(server.registry.getID("test:echo"), "x".repeat(20));
    peer.ws.send(Buffer.concat(Array.from({ length: 1000 }, () => echo)));
    for (let count = 0; count < 1000; count++) expect((await peer.packet()).bytes).toEqual(echo);
    for (const byte of echo) peer.ws.send(Uint8Array.of(byte));
    expect((await peer.packet()).bytes).toEqual(echo);
    for (let at = 0; at < echo.length; at++) {
      peer.ws.send(echo.subarray(at, at + 1), { fin: at === echo.length - 1 });
      peer.ws.ping();
    }
    expect((await peer.packet()).bytes).toEqual(echo);
  });

  test("in more than 256 fragments: 1008", async () => {
    const server = await echoServer();
    const { address } = await serveWebSocket(server, { port: 0 });
    const peer = await WirePeer.active(address);
    for (let count = 0; count < 257; count++) peer.ws.send(Uint8Array.of(1), { fin: false });
    expect((await peer.closed).code).toBe(1008);
  });

  test("a million that are empty: the second one ends it", async () => {
    const server = await echoServer();
    const { address } = await serveWebSocket(server, { port: 0 });
    const peer = await WirePeer.active(address);
    const closed = next(server, "close");
    const empty = Buffer.concat(Array.from({ length: 10_000 }, () => frame(0x82)));
    const socket = await upgraded(address);
    for (let count = 0; count < 100; count++) socket.write(empty);
    await closed;
    peer.ws.send(packet(server.registry.getID("test:echo"), 1));
    await peer.packet();
    expect(server.clients.size).toBe(1);
  });
});

/** Resolves after so many turns of the event loop. */
async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** Resolves once `done` holds. */
async function until(done: () => boolean): Promise<void> {
  while (!done()) await turns(1);
}

describe("pings", () => {
  test("are answered with what they carry", async () => {
    const server = await echoServer();
    const { address } = await serveWebSocket(server, { port: 0 });
    const peer = await WirePeer.active(address);
    const pong = new Promise<Buffer>((resolve) => peer.ws.once("pong", resolve));
    peer.ws.ping("are you there?");
    expect((await pong).toString()).toBe("are you there?");
  });

  test("that come at once have one answer, to the last one", async () => {
    const server = await echoServer();
    const { address } = await serveWebSocket(server, { port: 0 });
    const socket = await upgraded(address);
    let received = Buffer.alloc(0);
    socket.on("data", (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
    });
    socket.write(
      Buffer.concat(Array.from({ length: 1000 }, (_, n) => frame(0x89, Buffer.from(`ping ${n}`)))),
    );
    await until(() => received.includes("ping 999"));
    expect(received.toString("latin1").match(/ping \d+/g)?.length).toBeLessThan(10);
  });

  test("of a peer that reads nothing queue no more than one answer", async () => {
    const server = await echoServer();
    const { address } = await serveWebSocket(server, { port: 0 });
    const accepted = next(server, "handshakecomplete");
    const peer = await WirePeer.active(address);
    const [client] = await accepted;
    peer.ws.pause();
    const native = await stuck(client);
    const before = native.writableLength;
    for (let round = 0; round < 200; round++) {
      for (let count = 0; count < 10; count++) peer.ws.ping(Buffer.alloc(125));
      await turns(2);
    }
    // What is told behind the pings shows that they were read.
    const heard = new Promise((resolve) => server.on(Echo, resolve));
    peer.ws.send(packet(server.registry.getID("test:echo"), "behind"));
    await heard;
    expect(native.writableLength - before).toBeLessThanOrEqual(127);
  });
});

/** Sends to a client that does not read, until its socket takes no more. */
async function stuck(client: ClientOnServer): Promise<Socket> {
  const native = client.sock;
  if (native === undefined) throw new Error("it has no socket");
  for (let full = 0; full < 20; full++) {
    if (native.writableLength === 0) {
      client.sendMessage("test:echo", randomBytes(8000));
      full = 0;
    }
    await turns(1);
  }
  return native;
}

test("what waits for one peer stays as it was, whatever is written to others", async () => {
  const server = await echoServer();
  const { address } = await serveWebSocket(server, { port: 0 });
  const accepted = next(server, "handshakecomplete");
  const slow = await WirePeer.active(address);
  const [client] = await accepted;
  slow.ws.pause();
  const sent: Uint8Array[] = [];
  const original = client.sendMessage.bind(client);
  Object.assign(client, {
    sendMessage: (ptype: string, bytes: Uint8Array) => {
      sent.push(bytes);
      return original(ptype, bytes);
    },
  });
  await stuck(client);
  const quick = await webSocketClient(address);
  for (let count = 0; count < 20; count++) await echoed(quick, randomBytes(8000));
  slow.ws.resume();
  for (const bytes of sent) expect(Buffer.compare(value(await slow.packet()) as Uint8Array, bytes)).toBe(0);
});

describe("a server that stops reading", () => {
  test("holds back what came, and no more than was read at once", async () => {
    const server = track(
      new Server({ addr: "127.0.0.1:0", packets: [Echo], cfg: { "net.limits.unprocessed.packets": 4 } }),
    );
    const heard: unknown[] = [];
    server.on(Echo, (message) => void heard.push(message));
    await server.runAsync();
    const { address } = await serveWebSocket(server, { port: 0 });
    const accepted = next(server, "connection");
    const peer = await WirePeer.active(address);
    const [client] = await accepted;
    const echo = packet(server.registry.getID("test:echo"), new Uint8Array(1000));
    // Until nothing more is taken: the kernel's buffers are full, on both sides.
    const stream = streamOf(peer);
    let sent = 0;
    for (let full = 0; full < 50; ) {
      if (stream.writableLength > 1_000_000) {
        full++;
        await turns(1);
        continue;
      }
      full = 0;
      peer.ws.send(echo);
      sent++;
      if (sent % 100 === 0) await turns(1);
    }
    expect(client.conn.metrics.bytesIn).toBeLessThanOrEqual(64 * 1024);
    server.processAsync();
    await until(() => heard.length === sent);
  });
});

/** The socket below a client's WebSocket. */
function streamOf({ ws }: WirePeer): Socket {
  return (ws as unknown as { readonly _socket: Socket })._socket;
}

test("a peer that does not read is broken off with slowconsumer", async () => {
  const server = await echoServer({ "net.limits.unsent": 1_000_000, "net.limits.unsent.highwater": 500_000 });
  const { address } = await serveWebSocket(server, { port: 0 });
  const accepted = next(server, "handshakecomplete");
  const peer = await WirePeer.active(address);
  const [client] = await accepted;
  peer.ws.pause();
  const closed = next(server, "close");
  const fill = (): void => {
    if (server.clients.has(client.cid)) client.sendMessage(Echo, randomBytes(100_000));
  };
  let over = false;
  void closed.then(() => {
    over = true;
  });
  while (!over) {
    fill();
    await turns(1);
  }
  const [, { reason, error }] = await closed;
  expect(reason).toBe("slowconsumer");
  expect(error).toBeInstanceOf(SlowConsumerError);
});

test("what waits in the socket of a peer that does not read counts as unsent, and is waited for", async () => {
  const server = await echoServer({ "net.compress.enabled": false });
  const { address } = await serveWebSocket(server, { port: 0 });
  const accepted = next(server, "handshakecomplete");
  const peer = await WirePeer.active(address);
  const [client] = await accepted;
  const { conn } = client;
  const socket = conn.socket as Socket;
  peer.ws.pause();
  // One write after the other, so that nothing waits but in the socket.
  while (socket.writableLength === 0) {
    client.sendMessage(Echo, randomBytes(100_000));
    server.pumpWriteBuffer(client.cid);
  }
  expect(conn.metrics.unsent).toBeGreaterThan(0);
  expect(conn.metrics.unsent).toBeLessThanOrEqual(socket.writableLength);
  await expect(conn.flush({ timeout: 0 })).rejects.toThrow(TimedOutError);
  peer.ws.resume();
  await conn.flush();
  expect(conn.metrics.unsent).toBe(0);
});

describe("what was read and is held back", () => {
  test("counts for all connections together: past that, the one with most ends", async () => {
    const server = track(
      new Server({
        addr: "127.0.0.1:0",
        packets: [Echo],
        cfg: { "net.limits.unprocessed.packets": 1, "net.limits.unprocessed.total": 100 * 1024 },
      }),
    );
    await server.runAsync();
    const { address } = await serveWebSocket(server, { port: 0 });
    const id = server.registry.getID(Echo.name);
    const ended: unknown[] = [];
    server.on("close", (_client, { error }) => void ended.push(error));
    // A packet that waits for process(), and right behind it a message that is not told until then.
    const first = frame(0x82, Buffer.concat([settype(), accept(), packet(id, "first")]));
    const held = frame(0x82, packet(id, "x".repeat(40_000)));
    const sockets: Socket[] = [];
    while (sockets.length < 5) {
      const socket = await upgraded(address);
      socket.write(Buffer.concat([first, held]));
      sockets.push(socket);
    }
    while (ended.length < 2) await new Promise((resolve) => setImmediate(resolve));
    expect(ended).toEqual([expect.any(ServerFullError), expect.any(ServerFullError)]);
    // Of the others, nothing is lost.
    let heard = 0;
    server.on(Echo, () => void heard++);
    server.processAsync();
    while (heard < 6) await new Promise((resolve) => setImmediate(resolve));
    expect(server.clients.size).toBe(3);
  });
});
