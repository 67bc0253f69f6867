// What a WebSocket's transport says on the wire, and what it makes of what comes: clause 7 of the protocol.

import type { Socket } from "node:net";
import {
  ConnectionLostError,
  InputOverflowError,
  NotPeng3dnetError,
  WebSocketTransport,
  type WebSocketTransportOptions,
} from "@peng3dnet/browser";
import { ManualClock } from "@peng3dnet/peer/testing";
import { WebSocket } from "ws";
import { type BareEnd, listenBare } from "../support/bare-server.js";
import { Unpausable } from "../support/classes.js";
import { Told } from "../support/told.js";

interface Scene {
  readonly transport: WebSocketTransport;
  readonly told: Told;
  readonly end: BareEnd;
}

/** A transport that is ready, and the other end of its WebSocket. */
async function connect(
  options: WebSocketTransportOptions = {},
  type: new (url: string, protocols: string) => WebSocket = WebSocket,
): Promise<Scene> {
  const { connected, url } = await listenBare();
  const transport = new WebSocketTransport(new type(url, "peng3dnet.2"), options);
  const told = new Told();
  transport.start(told);
  const end = await connected;
  await told.until("ready");
  return { transport, told, end };
}

const bytes = (...values: number[]): Uint8Array => Uint8Array.of(...values);

test("a write is one binary message, and an empty one ends the stream", async () => {
  const { transport, end } = await connect();
  transport.write(bytes(1, 2, 3));
  transport.write(bytes());
  transport.write(bytes(4));
  transport.end();
  await end.ended();
  expect(end.heard).toEqual([Buffer.of(1, 2, 3), Buffer.of(4), Buffer.of()]);
});

test("what is written may be overwritten as soon as write returns true", async () => {
  // A mask of zeros lets `ws` send what it was given as it is, and a stream that waits, later.
  class Unmasked extends WebSocket {
    constructor(url: string, protocols: string) {
      super(url, protocols, { generateMask: () => {} });
    }
  }
  const { transport, end } = await connect({}, Unmasked);
  end.socket.pause();
  const piece = new Uint8Array(100_000);
  let count = 0;
  while (!transport.busy) {
    piece.fill(count++);
    expect(transport.write(piece)).toBe(true);
  }
  piece.fill(255);
  end.socket.resume();
  transport.end();
  await end.ended();
  const received = Buffer.concat(end.heard as Buffer[]);
  expect(received.length).toBe(count * piece.length);
  for (let at = 0; at < count; at++) {
    const part = received.subarray(at * piece.length, (at + 1) * piece.length);
    expect(part.equals(Buffer.alloc(piece.length, at & 255))).toBe(true);
  }
});

test("long output leaves in messages that are short enough for a slow receiver to hear that something comes", async () => {
  const { transport, end } = await connect();
  const piece = new Uint8Array(100_000).map((_, at) => at);
  transport.write(piece);
  transport.end();
  await end.ended();
  expect(Buffer.concat(end.heard as Buffer[]).equals(piece)).toBe(true);
  expect(Math.max(...end.heard.map((message) => (message as Buffer).length))).toBeLessThanOrEqual(16 * 1024);
});

test("messages that come one right after the other are told as one piece, in order, long ones by themselves", async () => {
  const { transport, told, end } = await connect();
  const stream = (end.socket as unknown as { readonly _socket: Socket })._socket;
  stream.cork();
  for (const length of [1, 2, 3]) end.socket.send(new Uint8Array(length).fill(length));
  end.socket.send(new Uint8Array(20_000).fill(4));
  for (const value of [5, 6]) end.socket.send(bytes(value));
  end.socket.send(bytes());
  stream.uncork();
  await told.until("ended");
  const pieces = told.all.filter((what) => (what as unknown[])[0] === "data") as unknown[][];
  expect(pieces.flatMap((piece) => piece.slice(1))).toEqual([
    1,
    2,
    2,
    3,
    3,
    3,
    ...Array(20_000).fill(4),
    5,
    6,
  ]);
  // What is read at once is the kernel's choice, but for what came first.
  expect(pieces[0]).toEqual(["data", 1, 2, 2, 3, 3, 3]);
  expect(told.all.at(-1)).toEqual(["ended"]);
  transport.destroy();
});

test("an end of the other side is told, and this side goes on", async () => {
  const { transport, told, end } = await connect();
  end.socket.send(bytes(1));
  end.socket.send(bytes());
  await told.until("ended");
  transport.write(bytes(2));
  transport.end();
  expect(await end.closed()).toEqual({ code: 1000, reason: "" });
  expect(end.heard.slice(0, 2)).toEqual([Buffer.of(2), Buffer.of()]);
  expect(await told.closeError()).toBeUndefined();
  expect(told.all).toEqual([["ready"], ["data", 1], ["ended"], ["closed", undefined]]);
});

test("a reason of the session's stands in the close frame", async () => {
  const { transport, told, end } = await connect();
  end.socket.send(bytes());
  await told.until("ended");
  transport.closing("kicked");
  transport.end();
  expect(await end.closed()).toEqual({ code: 4000, reason: "kicked" });
});

test("a reason is cut to what a close frame takes, and shows what cannot be seen", async () => {
  const { transport, end } = await connect();
  transport.closing(`\u202e${"\u00fc".repeat(100)}`);
  transport.destroy();
  const { code, reason } = await end.closed();
  expect(code).toBe(4000);
  expect(reason).toBe(`\\u202e${"\u00fc".repeat(58)}`);
});

test("what is broken off without a reason has the code 4001", async () => {
  const { transport, told, end } = await connect();
  transport.destroy();
  expect(await end.closed()).toEqual({ code: 4001, reason: "" });
  expect(await told.closeError()).toBeUndefined();
});

test.each([
  [1000, "done"],
  [1001, ""],
  [4000, "kicked"],
])("a close in order (%i) without an end is one", async (code, reason) => {
  const { transport, told, end } = await connect();
  end.socket.send(bytes(1));
  end.socket.close(code, reason);
  await told.until("ended");
  transport.end();
  expect(await told.closeError()).toBeUndefined();
  expect(told.all).toEqual([["ready"], ["data", 1], ["ended"], ["closed", undefined]]);
});

test("what is written after the other side has closed is told to be lost", async () => {
  const { transport, told, end } = await connect();
  end.socket.close();
  await told.until("ended");
  await end.closed();
  transport.write(bytes(1));
  transport.end();
  expect(await told.closeError()).toBeInstanceOf(ConnectionLostError);
});

test.each([
  [4001, "", "code 4001 (broken off by the other end)"],
  [4002, "slow", "code 4002 (the other end cannot hold more back), slow"],
  [1009, "", "code 1009 (a message was too long)"],
  [3210, "\u001b[2J", "code 3210, \\u001b[2J"],
])("a close that is none in order (%i) is an error that says so", async (code, reason, text) => {
  const { told, end } = await connect();
  end.socket.close(code, reason);
  const error = await told.closeError();
  expect(error).toBeInstanceOf(ConnectionLostError);
  expect(error?.message).toContain(text);
});

test("a connection that breaks is an error", async () => {
  const { told, end } = await connect();
  end.socket.terminate();
  expect((await told.closeError())?.message).toContain("code 1006 (the connection broke)");
});

test("a text message is refused with 1003", async () => {
  const { told, end } = await connect();
  end.socket.send("hello");
  expect(await told.closeError()).toBeInstanceOf(NotPeng3dnetError);
  expect(await end.closed()).toEqual({ code: 1003, reason: "notpeng3dnet" });
});

test("a message after the end is refused with 1002", async () => {
  const { told, end } = await connect();
  end.socket.send(bytes());
  end.socket.send(bytes(1));
  expect(await told.closeError()).toBeInstanceOf(NotPeng3dnetError);
  expect(await end.closed()).toEqual({ code: 1002, reason: "notpeng3dnet" });
});

test("where a runtime does not let close with such a code, the reason is told with 4000", async () => {
  class AsInBrowsers extends WebSocket {
    override close(code?: number, reason?: string): void {
      if (code !== undefined && code !== 1000 && code < 3000) throw new RangeError("not for pages");
      super.close(code, reason);
    }
  }
  const { told, end } = await connect({}, AsInBrowsers);
  end.socket.send("hello");
  expect(await told.closeError()).toBeInstanceOf(NotPeng3dnetError);
  expect(await end.closed()).toEqual({ code: 4000, reason: "notpeng3dnet" });
});

test("what comes while paused is held back up to maxHeld, and told later", async () => {
  const { transport, told, end } = await connect({ maxHeld: 10_000 }, Unpausable);
  transport.pause();
  for (let round = 0; round < 9; round++) end.socket.send(new Uint8Array(900).fill(round));
  end.socket.send(bytes());
  await new Promise((resolve) => end.socket.once("pong", resolve) && end.socket.ping());
  expect(told.bytes).toBe(0);
  transport.resume();
  await told.until("ended");
  expect(told.bytes).toBe(8100);
});

test.each([
  ["long messages", 2, 6000],
  ["a hundred of a byte", 100, 1],
])("beyond maxHeld, the connection is closed with 4002 (%s)", async (_name, count, length) => {
  const { transport, told, end } = await connect({ maxHeld: 10_000 }, Unpausable);
  transport.pause();
  for (let round = 0; round < count; round++) end.socket.send(new Uint8Array(length));
  const error = await told.closeError();
  expect(error).toBeInstanceOf(InputOverflowError);
  expect(error).toMatchObject({ code: "P3D_ERR_INPUT_OVERFLOW", closeReason: "inputoverflow" });
  expect(error?.message).toContain("raise maxHeld");
  expect(await end.closed()).toEqual({ code: 4002, reason: "inputoverflow: more came than maxHeld allows" });
});

test("a WebSocket that fills up is busy, and tells when it is no more by timers of its clock", async () => {
  const clock = new ManualClock();
  const { transport, told, end } = await connect({ clock });
  end.socket.pause();
  while (!transport.busy) transport.write(new Uint8Array(100_000));
  expect(transport.backlog).toBeGreaterThan(256 * 1024);
  end.socket.resume();
  transport.end();
  await end.ended();
  expect(transport.busy).toBe(true);
  clock.advance(0.1);
  expect(told.all).toContainEqual(["drained"]);
  expect([transport.busy, transport.backlog, clock.timers]).toEqual([false, 0, 0]);
});

test("messages of the other side are occasions to look, too, for timers may be slow", async () => {
  const { transport, told, end } = await connect({ clock: new ManualClock() });
  end.socket.pause();
  while (!transport.busy) transport.write(new Uint8Array(100_000));
  end.socket.resume();
  transport.end();
  await end.ended();
  end.socket.send(bytes(1));
  await told.until("drained");
});

test("over a bridge, to close is the end", async () => {
  const { transport, told, end } = await connect({ bridge: true });
  transport.write(bytes(1));
  transport.end();
  await end.closed();
  // No empty message, which a bridge would pass on as nothing.
  expect(end.heard).toEqual([Buffer.of(1), { code: 1000, reason: "" }]);
  expect(await told.closeError()).toBeUndefined();
  expect(told.all).toEqual([["ready"], ["ended"], ["closed", undefined]]);
});

test("over a bridge, one that leaves after its last write closes, and sends no empty message either", async () => {
  const { transport, end } = await connect({ bridge: true });
  transport.write(bytes(1));
  transport.destroyAfterWrite();
  await end.closed();
  expect(end.heard).toEqual([Buffer.of(1), { code: 1000, reason: "" }]);
});

test("what comes before it is started is told afterwards", async () => {
  const { connected, url } = await listenBare();
  const socket = new WebSocket(url, "peng3dnet.2");
  const transport = new WebSocketTransport(socket);
  const end = await connected;
  end.socket.send(bytes(1));
  end.socket.close();
  await end.closed();
  const told = new Told();
  transport.start(told);
  await told.until("ended");
  expect(told.all).toEqual([["ready"], ["data", 1], ["ended"]]);
  transport.destroy();
});

test("destroyed while it connects, it tells nothing but closed, and lets go of the WebSocket", async () => {
  const { url } = await listenBare();
  const socket = new WebSocket(url, "peng3dnet.2");
  const transport = new WebSocketTransport(socket);
  const told = new Told();
  transport.start(told);
  transport.destroy();
  await new Promise((resolve) => socket.on("close", resolve));
  expect(told.all).toEqual([["closed", undefined]]);
});
