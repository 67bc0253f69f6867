// How a WebSocket ends: what each end is told, in the stream, and by codes and texts.

import type { Socket } from "node:net";
import { deflateSync } from "node:zlib";
import { encode } from "@msgpack/msgpack";
import { ConnectionLostError, NotPeng3dnetError, Server } from "@peng3dnet/core";
import { ManualClock } from "@peng3dnet/core/testing";
import { serveWebSocket } from "@peng3dnet/websocket";
import { onCleanup, track } from "../../../core/test/support/cleanup.js";
import { ENDINGS, LAST, UNREAD } from "../../../core/test/support/last-words.js";
import { handle, next } from "../../../core/test/support/peers.js";
import { sessionOf } from "../../../core/test/support/session.js";
import {
  accept,
  CLOSECONN,
  closeconn,
  packet,
  settype,
  value,
  frame as wireFrame,
} from "../../../core/test/support/wire.js";
import {
  addressOf,
  Echo,
  echoServer,
  frame,
  httpServer,
  upgraded,
  webSocketClient,
} from "../support/http.js";
import { WirePeer } from "../support/wire-peer.js";

async function serve() {
  const server = await echoServer();
  const { address } = await serveWebSocket(server, { port: 0 });
  return { server, address };
}

/** A server, and a client by hand that has got through the handshake. */
async function pair() {
  const { server, address } = await serve();
  const accepted = next(server, "handshakecomplete");
  const peer = await WirePeer.active(address);
  const [client] = await accepted;
  return { server, client, peer, closed: next(server, "close") };
}

test("the server's reason comes in the stream, then its end, and then in the close frame", async () => {
  const { client, peer, closed } = await pair();
  void client.close("kicked for spamming");
  const told = await peer.packet();
  expect([told.id, value(told)]).toEqual([CLOSECONN, { reason: "kicked for spamming" }]);
  peer.ws.send(closeconn(null));
  peer.ws.send(new Uint8Array(0));
  await peer.until(() => peer.ended);
  expect(await peer.closed).toEqual({ code: 4000, reason: "kicked for spamming" });
  expect((await closed)[1]).toEqual({ reason: "kicked for spamming", error: undefined, clean: true });
});

test("a long reason is cut to what a close frame holds, by whole characters, and escaped", async () => {
  const { client, peer } = await pair();
  void client.close(`a\n${"€".repeat(60)}`);
  await peer.packet();
  peer.ws.send(closeconn(null));
  peer.ws.send(new Uint8Array(0));
  expect(await peer.closed).toEqual({ code: 4000, reason: `a\\n${"€".repeat(40)}` });
});

test("a close without a reason is told with 1000", async () => {
  const { client, peer } = await pair();
  void client.close();
  await peer.packet();
  peer.ws.send(closeconn(null));
  peer.ws.send(new Uint8Array(0));
  expect(await peer.closed).toEqual({ code: 1000, reason: "" });
});

test("a client's reason reaches the server, which ends its stream only then", async () => {
  const { peer, closed } = await pair();
  peer.ws.send(closeconn("bye"));
  await peer.until(() => peer.ended);
  expect(peer.ws.readyState).toBe(peer.ws.OPEN);
  peer.ws.send(new Uint8Array(0));
  expect(await peer.closed).toEqual({ code: 4000, reason: "bye" });
  expect((await closed)[1]).toEqual({ reason: "bye", error: undefined, clean: true });
});

test("clients of ours and the server close cleanly, whoever does it", async () => {
  const { server, address } = await serve();
  const first = await webSocketClient(address);
  expect(await first.close("bye")).toMatchObject({ reason: "bye", clean: true });
  const second = await webSocketClient(address);
  expect(await server.shutdown({ reason: "maintenance" })).toEqual({ clean: 1, unclean: 0 });
  expect(await second.waitForClose()).toMatchObject({ reason: "maintenance", clean: true });
});

test.each([
  ["without a code", undefined],
  ["with 1000", 1000],
  ["with 1001, as a page does that is left", 1001],
  ["with a reason of ours", 4000],
])("a WebSocket that is closed %s has ended its stream", async (_name, code) => {
  const { peer, closed } = await pair();
  peer.ws.close(code);
  expect((await closed)[1]).toEqual({ reason: "socketclose", error: undefined, clean: false });
});

test.each([[1002], [1011], [4001], [4002]])("a WebSocket that is closed with %d is broken", async (code) => {
  const { peer, closed } = await pair();
  peer.ws.close(code, "so what\u202e");
  const [, info] = await closed;
  expect(info.reason).toBe("socketclose");
  expect(info.error).toBeInstanceOf(ConnectionLostError);
  expect(info.error?.message).toContain(`closed the WebSocket with ${code} (so what\\u202e)`);
});

test("a connection that breaks without a close frame", async () => {
  const { peer, closed } = await pair();
  peer.ws.terminate();
  const [, info] = await closed;
  expect(info.error).toBeInstanceOf(ConnectionLostError);
});

/** A server whose packets wait until the test has them processed. */
async function waitingServer() {
  const server = track(
    new Server({ addr: "127.0.0.1:0", packets: [Echo], cfg: { "net.limits.unprocessed.packets": 4 } }),
  );
  const heard: unknown[] = [];
  server.on(Echo, (message) => void heard.push(message));
  await server.runAsync();
  const { address } = await serveWebSocket(server, { port: 0 });
  const echo = (message: unknown) => packet(server.registry.getID("test:echo"), message);
  return { server, address, heard, echo };
}

/** Resolves once `done` holds. */
async function until(done: () => boolean): Promise<void> {
  while (!done()) await new Promise((resolve) => setImmediate(resolve));
}

test.each([
  ["in a message each", (packets: Buffer[]) => packets.map((one) => frame(0x82, one))],
  ["in one message", (packets: Buffer[]) => [frame(0x82, Buffer.concat(packets))]],
])("all that came before a close is worked off, also what a pause holds back: %s", async (_name, frames) => {
  const { server, address, heard, echo } = await waitingServer();
  const accepted = next(server, "handshakecomplete");
  const closed = next(server, "close");
  const socket = await upgraded(address);
  socket.write(Buffer.concat([frame(0x82, settype()), frame(0x82, accept())]));
  const [{ sock }] = await accepted;
  const packets = Array.from({ length: 200 }, (_, index) => echo(index));
  // What is written at once is read at once: the close frame, too.
  socket.write(Buffer.concat([...frames(packets), frame(0x88, Buffer.from([1000 >> 8, 1000 & 255]))]));
  await until(() => sock?.closed === true);
  expect(heard).toEqual([]);
  server.processAsync();
  expect((await closed)[1].reason).toBe("socketclose");
  expect(heard).toEqual(Array.from({ length: 200 }, (_, index) => index));
});

describe("what does not keep to the rules is closed with a code that says so", () => {
  test("a text message: 1003", async () => {
    const { peer, closed } = await pair();
    peer.ws.send("hello");
    expect(await peer.closed).toEqual({
      code: 1003,
      reason: "a text message came; peng3dnet sends binary ones",
    });
    const [, info] = await closed;
    expect(info.reason).toBe("notpeng3dnet");
    expect(info.error).toBeInstanceOf(NotPeng3dnetError);
  });

  test.each([
    ["a message", Buffer.from("x")],
    ["another end", Buffer.alloc(0)],
  ])("%s after the end of its sender's stream: 1002", async (_name, message) => {
    // It does not end its own stream as long as a packet waits.
    const { server, address, echo } = await waitingServer();
    const accepted = next(server, "handshakecomplete");
    const peer = await WirePeer.active(address);
    await accepted;
    peer.ws.send(echo(1));
    peer.ws.send(Buffer.alloc(0));
    peer.ws.send(message);
    expect((await peer.closed).code).toBe(1002);
  });

  test("a stream that is no peng3dnet: its reason, as over TCP", async () => {
    const { peer, closed } = await pair();
    peer.ws.send("GET / HTTP/1.1\r\n\r\n", { binary: true });
    expect(value(await peer.packet())).toEqual({ reason: "packettoolong" });
    peer.ws.send(Buffer.alloc(0));
    expect(await peer.closed).toEqual({ code: 4000, reason: "packettoolong" });
    expect((await closed)[1].reason).toBe("packettoolong");
  });

  test.each([
    ["a frame without a mask", "a frame is not masked", Buffer.from([0x82, 0x01, 0x00])],
    ["a reserved bit, as compression sets it", "a reserved bit is set", frame(0xc2, Buffer.from("x"))],
    ["an unknown opcode", "there are no frames of kind 3", frame(0x83, Buffer.from("x"))],
    [
      "a fragment that continues nothing",
      "a frame does not follow the one before",
      frame(0x80, Buffer.from("x")),
    ],
    ["a ping in fragments", "a control frame is in pieces", frame(0x09, Buffer.from("x"))],
    [
      "a message within another one",
      "a frame does not follow the one before",
      Buffer.concat([frame(2), frame(2)]),
    ],
    ["a control frame of a kind there is not", "there are no frames of kind 11", frame(0x8b)],
    ["a ping that is too long", "a control frame is too long", frame(0x89, Buffer.alloc(126))],
  ])("%s: 1002", async (_name, text, bytes) => {
    const { server, address } = await serve();
    const closed = next(server, "close");
    const socket = await upgraded(address);
    let received = Buffer.alloc(0);
    const ended = new Promise<void>((resolve) => socket.once("end", resolve));
    socket.on("data", (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
    });
    socket.write(bytes);
    await ended;
    const close = Buffer.concat([
      Buffer.from([0x88, 2 + text.length, 1002 >> 8, 1002 & 255]),
      Buffer.from(text),
    ]);
    expect(received.subarray(-close.length)).toEqual(close);
    const [, info] = await closed;
    expect(info.error).toBeInstanceOf(NotPeng3dnetError);
  });
});

test("a server that is stopped breaks off with a reason that says so", async () => {
  const { server, peer } = await pair();
  server.stop();
  expect(await peer.closed).toEqual({ code: 4000, reason: "socketclose" });
});

test("a socket that the application destroys", async () => {
  const server = await echoServer();
  const http = await httpServer();
  await serveWebSocket(server, { server: http });
  const accepted = next(server, "handshakecomplete");
  await WirePeer.active(addressOf(http));
  const [client] = await accepted;
  const closed = next(server, "close");
  client.conn.socket?.destroy();
  expect((await closed)[1].error).toBeInstanceOf(ConnectionLostError);
});

test.each([[Number.POSITIVE_INFINITY], [1e10]])(
  "with net.timeout.close %d, the closing handshake takes no timer that Node has not",
  async (seconds) => {
    const server = await echoServer({ "net.timeout.close": seconds });
    const { address } = await serveWebSocket(server, { port: 0 });
    const timers = jest.spyOn(globalThis, "setTimeout");
    onCleanup(() => timers.mockRestore());
    const socket = await upgraded(address);
    const closing = new Promise<void>((resolve) => {
      socket.on("data", (chunk: Buffer) => {
        if (chunk.includes("socketclose")) resolve();
      });
    });
    socket.write(frame(0x82));
    await closing;
    const delays = timers.mock.calls.map(([, delay = 0]) => delay);
    expect(Math.max(...delays)).toBe(0x7fffffff);
  },
);

test("of a peer whose socket ended without a close frame, what waits for the rate of inflating is handled", async () => {
  const clock = new ManualClock();
  const cfg = { "net.limits.inflated.rate": 100_000 };
  const server = track(new Server({ addr: "127.0.0.1:0", packets: [Echo], cfg, clock }));
  const received: unknown[] = [];
  server.on(Echo, (message) => void received.push((message as Uint8Array).length));
  await server.start();
  const { address } = await serveWebSocket(server, { port: 0 });
  const accepted = next(server, "handshakecomplete");
  const peer = await WirePeer.active(address);
  const [client] = await accepted;
  const sizes = [60_000, 60_001, 60_002];
  const packets = sizes.map((size) => wireFrame(64, deflateSync(encode(new Uint8Array(size))), 1));
  peer.ws.send(Buffer.concat(packets));
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  while (!sessionOf(client.conn).paused) await turn();
  const closed = next(server, "close");
  (Reflect.get(peer.ws, "_socket") as Socket).end();
  while (server.clients.size > 0) await turn();
  clock.advance(1);
  expect((await closed)[1].error).toBeInstanceOf(ConnectionLostError);
  expect(received).toEqual(sizes);
});

describe("a client that breaks off without having read all, and a write of ours fails", () => {
  test.each(ENDINGS)("%s: what it sent before arrives", async (_, ending, info) => {
    const received: unknown[] = [];
    const server = track(new Server({ addr: ["127.0.0.1", 0], cfg: { "net.compress.enabled": false } }));
    handle(server, "test:item", (msg, cid) => {
      received.push(msg);
      // All of it comes between a read and a write of the server, which the answer makes at the end of this turn.
      if (msg === 0) {
        for (const bytes of [...LAST, ...ending]) peer.ws.send(bytes);
        peer.ws.terminate();
      }
      server.sendMessage("test:item", msg, cid as number);
    });
    await server.start();
    const { address } = await serveWebSocket(server, { port: 0 });
    const accepted = next(server, "handshakecomplete");
    const peer = await WirePeer.active(address);
    const [client] = await accepted;
    peer.ws.pause();
    client.sendMessage("test:item", UNREAD);
    await client.flush();
    const closed = next(server, "close");
    peer.ws.send(packet(64, 0));
    expect((await closed)[1]).toMatchObject(info);
    expect(received).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });
});
