// What a client's end says on the wire, and what it makes of the frames that come.

import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { type Clock, NotPeng3dnetError, nodePlatform, type Transport } from "@peng3dnet/core";
import { type WebSocket, WebSocketServer } from "ws";
import { onCleanup } from "../../../core/test/support/cleanup.js";
import { acceptance, listenBare } from "../support/bare-end.js";
import { connected } from "../support/connected.js";
import { addressOf, httpServer } from "../support/http.js";

const LENGTHS = [
  ...Array.from({ length: 300 }, (_, index) => index + 1),
  ...[16_383, 16_384, 16_385, 16_509, 16_510, 32_768, 32_893, 32_894],
  ...[65_535, 65_536, 65_537, 100_001, 262_208],
];

/** Writes a piece, and waits for room. */
async function written(transport: Transport, drained: () => Promise<unknown>, bytes: Uint8Array) {
  transport.write(bytes);
  while (transport.busy) await drained();
}

test.each([0, 1, 2, 3])(
  "a server of ws receives all lengths as they were sent, from memory that begins %i bytes behind a word",
  async (shift) => {
    const http = await httpServer();
    const acceptor = new WebSocketServer({ server: http, handleProtocols: () => "peng3dnet.2" });
    const accepted = once(acceptor, "connection") as Promise<[WebSocket]>;
    const { transport } = await connected(`ws://127.0.0.1:${addressOf(http)[1]}/`);
    const [ws] = await accepted;
    onCleanup(() => ws.terminate());
    const received: Buffer[] = [];
    const all = new Promise<void>((resolve) => {
      ws.on("message", (data: Buffer) => {
        if (data.length === 0) resolve();
        else received.push(data);
      });
    });
    const pieces = LENGTHS.map((length) => randomBytes(length + shift).subarray(shift));
    const before = pieces.map((piece) => Buffer.from(piece));
    const room = () => new Promise((resolve) => setImmediate(resolve));
    for (const piece of pieces) await written(transport, room, piece);
    transport.end();
    await all;
    expect(Buffer.concat(received).equals(Buffer.concat(before))).toBe(true);
    // Others may send the same bytes, as a broadcast does.
    expect(pieces.every((piece, index) => piece.equals(before[index] as Buffer))).toBe(true);
    expect(received.slice(0, 300).map((data) => data.length)).toEqual(LENGTHS.slice(0, 300));
    expect(Math.max(...received.map((data) => data.length))).toBeLessThan(17_000);
  },
);

test("every frame is masked by a key of its own: messages, pings, pongs, the end and the close", async () => {
  const { url, connected: server } = await listenBare();
  const { transport } = await connected(url);
  const end = await server;
  const zeros = new Uint8Array(40_000);
  for (let count = 0; count < 100; count++) transport.write(zeros.subarray(0, 50 + count));
  transport.write(zeros);
  transport.ping?.();
  end.socket.write(Buffer.from([0x89, 0x03, 1, 2, 3]));
  const pong = await end.frame(0x8a);
  expect([...pong.payload]).toEqual([1, 2, 3]);
  transport.end();
  end.socket.write(Buffer.from([0x82, 0x00]));
  await end.frame(0x88);
  const keys = end.frames.map(({ key }) => key?.toString("hex"));
  expect(keys).not.toContain(undefined);
  expect(new Set(keys).size).toBe(keys.length);
  expect(keys.length).toBeGreaterThanOrEqual(100 + 3 + 4);
  // Zeros show the key, so that a payload that was not masked would be seen.
  for (const { first, key, wire, payload } of end.frames) {
    if (first !== 0x82) continue;
    expect(payload.every((byte) => byte === 0)).toBe(true);
    if (wire.length >= 4) expect(wire.subarray(0, 4)).toEqual(key);
  }
  expect(end.frames.at(-2)).toMatchObject({ first: 0x82, payload: Buffer.alloc(0) });
});

test("what is written may be overwritten as soon as write returns true, which it does of any length", async () => {
  const { url, connected: server } = await listenBare();
  const { transport } = await connected(url);
  const end = await server;
  end.socket.pause();
  const lengths = [100, 20_000, 300, 300_000];
  const piece = new Uint8Array(300_000);
  let count = 0;
  while (!transport.busy) {
    const part = piece.subarray(0, lengths[count % lengths.length]);
    part.fill(++count);
    expect(transport.write(part)).toBe(true);
  }
  expect(transport.backlog).toBeGreaterThan(0);
  piece.fill(255);
  transport.end();
  end.socket.resume();
  const frames = await end.until((all) => all.at(-1)?.payload.length === 0);
  const received = Buffer.concat(frames.map(({ payload }) => payload));
  let at = 0;
  for (let index = 0; index < count; index++) {
    const length = lengths[index % lengths.length] as number;
    expect(received.subarray(at, at + length).equals(Buffer.alloc(length, index + 1))).toBe(true);
    at += length;
  }
  expect(received.length).toBe(at);
});

test("a short message that the kernel could not take is not overwritten by the next one of another client", async () => {
  const stuck = await listenBare();
  const free = await listenBare();
  const { transport } = await connected(stuck.url);
  const other = await connected(free.url);
  const end = await stuck.connected;
  end.socket.pause();
  const piece = new Uint8Array(10_000);
  let count = 0;
  while (!transport.busy) {
    piece.fill(++count);
    transport.write(piece);
  }
  other.transport.write(new Uint8Array(10_000).fill(255));
  await (await free.connected).frame(0x82);
  transport.end();
  end.socket.resume();
  const frames = await end.until((all) => all.at(-1)?.payload.length === 0);
  expect(frames.length).toBe(count + 1);
  const last = frames.at(-2)?.payload;
  expect(last?.equals(Buffer.alloc(10_000, count))).toBe(true);
});

test("bytes that come in one piece with the answer of the handshake are told, in order", async () => {
  const { url } = await listenBare((request, socket) => {
    const behind = Buffer.concat([Buffer.from([0x82, 3, 1, 2, 3, 0x82, 1, 4, 0x82]), Buffer.from([2, 5])]);
    socket.write(Buffer.concat([Buffer.from(acceptance(request)), behind]));
    setImmediate(() => socket.write(Buffer.from([6, 0x82, 0])));
  });
  const { told } = await connected(url);
  await told.until("ended");
  const data = told.all.filter((what) => (what as unknown[])[0] === "data") as unknown[][];
  expect(data.flatMap((what) => what.slice(1))).toEqual([1, 2, 3, 4, 5, 6]);
});

test("so are they where they are many, and more are read later", async () => {
  const payloads = Array.from({ length: 20 }, (_, index) => randomBytes(2000 + index * 100));
  const { url } = await listenBare((request, socket) => {
    socket.write(Buffer.concat([Buffer.from(acceptance(request)), ...payloads.map(plain)]));
    socket.write(Buffer.from([0x82, 0]));
  });
  const { told } = await connected(url);
  await told.until("ended");
  const data = told.all.filter((what) => (what as unknown[])[0] === "data") as [string, ...number[]][];
  expect(Buffer.from(data.flatMap(([, ...bytes]) => bytes)).equals(Buffer.concat(payloads))).toBe(true);
});

test("a message in fragments is told as it comes, with pings and empty frames between them", async () => {
  const { url, connected: server } = await listenBare();
  const { transport, told } = await connected(url);
  const { socket } = await server;
  socket.write(Buffer.from([0x02, 2, 1, 2, 0x89, 0, 0x00, 0, 0x00, 1, 3, 0x8a, 0, 0x80, 2, 4, 5, 0x82, 0]));
  await told.until("ended");
  const data = told.all.filter((what) => (what as unknown[])[0] === "data") as unknown[][];
  expect(data.flatMap((what) => what.slice(1))).toEqual([1, 2, 3, 4, 5]);
  expect(transport.signsOfLife).toBe(1);
});

test("what was told stays as it is while more comes", async () => {
  const { url, connected: server } = await listenBare();
  const { transport, told } = await connected(url);
  const pieces: Uint8Array[] = [];
  told.data = (chunk) => void pieces.push(transport.reusesChunks ? chunk.slice() : chunk);
  const { socket } = await server;
  const payloads = Array.from({ length: 400 }, (_, index) => randomBytes(1 + ((index * 37) % 3000)));
  for (const [index, payload] of payloads.entries()) {
    const header =
      payload.length < 126 ? [0x82, payload.length] : [0x82, 126, payload.length >> 8, payload.length & 255];
    socket.write(Buffer.concat([Buffer.from(header), payload]));
    if (index % 7 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  socket.write(Buffer.from([0x82, 0]));
  await told.until("ended");
  expect(Buffer.concat(pieces).equals(Buffer.concat(payloads))).toBe(true);
});

test.each([
  ["a message that is masked", "a frame is masked", Buffer.from([0x82, 0x81, 0, 0, 0, 0, 7])],
  ["a ping that is masked", "a frame is masked", Buffer.from([0x89, 0x80, 0, 0, 0, 0])],
  ["a reserved bit, as compression sets it", "a reserved bit is set", Buffer.from([0xc2, 1, 0])],
  ["a fragment that continues nothing", "a frame does not follow the one before", Buffer.from([0x80, 1, 0])],
])("%s breaks a rule: 1002, and notpeng3dnet here", async (_name, text, bytes) => {
  const { url, connected: server } = await listenBare();
  const { told } = await connected(url);
  const end = await server;
  end.socket.write(Buffer.concat([Buffer.from([0x82, 1, 9]), bytes]));
  const { payload } = await end.frame(0x88);
  expect(payload).toEqual(Buffer.concat([Buffer.from([1002 >> 8, 1002 & 255]), Buffer.from(text)]));
  end.socket.end();
  const error = await told.closeError();
  expect(error).toBeInstanceOf(NotPeng3dnetError);
  expect(error?.message).toContain(`1002: ${text}`);
  expect(told.all.slice(0, 2)).toEqual([["ready"], ["data", 9]]);
});

test("a close frame of the server ends its stream, with its text", async () => {
  const { url, connected: server } = await listenBare();
  const { transport, told } = await connected(url);
  const end = await server;
  end.socket.write(Buffer.concat([Buffer.from([0x88, 5, 4000 >> 8, 4000 & 255]), Buffer.from("bye")]));
  await told.until("ended");
  const close = await end.frame(0x88);
  expect(close.payload.readUInt16BE(0)).toBe(4000);
  end.socket.end();
  transport.end();
  expect(await told.closeError()).toBeUndefined();
});

test("behind a bridge, closing is the end: no empty message is sent", async () => {
  const { url, connected: server } = await listenBare((request, socket) => {
    socket.write(acceptance(request, { "Sec-WebSocket-Protocol": "" }));
  });
  const { transport, told } = await connected(url, { bridge: true });
  const end = await server;
  expect(end.request).not.toMatch(/sec-websocket-protocol/i);
  transport.write(Uint8Array.of(1));
  transport.end();
  const close = await end.frame(0x88);
  expect(close.payload).toEqual(Buffer.from([1000 >> 8, 1000 & 255]));
  expect(end.frames.map(({ first }) => first)).toEqual([0x82, 0x88]);
  // What is on its way from the other side still comes.
  end.socket.end(Buffer.from([0x82, 1, 5, 0x88, 2, 1000 >> 8, 1000 & 255]));
  expect(await told.closeError()).toBeUndefined();
  expect(told.all).toEqual([["ready"], ["data", 5], ["ended"], ["closed", undefined]]);
});

test("it knows the other end's address, its socket, and what the kernel has of its output", async () => {
  const { url, port } = await listenBare();
  const { transport } = await connected(url);
  expect(transport.remoteAddress).toEqual(["127.0.0.1", port]);
  expect(transport.socket).toMatchObject({ remotePort: port });
  const waiting = await transport.unacknowledged?.();
  expect(waiting).toBe(process.platform === "linux" ? 0 : undefined);
});

/** A frame of a server. */
function plain(payload: Uint8Array): Buffer {
  const { length } = payload;
  return Buffer.concat([Buffer.from([0x82, 126, length >> 8, length & 255]), payload]);
}

describe("what has to wait is not overwritten by what another client reads", () => {
  /** Two clients, and what has the second one read over all that the first one has read. */
  async function twoClients(clock?: Clock) {
    const waiting = await listenBare();
    const reading = await listenBare();
    const first = await connected(waiting.url, {}, {}, clock);
    const second = await connected(reading.url);
    const overwrite = async (): Promise<void> => {
      (await reading.connected).socket.write(plain(new Uint8Array(60_000).fill(255)));
      const enough = second.told.bytes + 60_000;
      while (second.told.bytes < enough) await new Promise((resolve) => setImmediate(resolve));
    };
    return { ...first, end: await waiting.connected, overwrite };
  }

  test("behind a pause", async () => {
    const { transport, told, end, overwrite } = await twoClients();
    const pieces: Buffer[] = [];
    const paused = new Promise<void>((resolve) => {
      told.data = (chunk) => {
        pieces.push(Buffer.from(chunk));
        transport.pause();
        resolve();
      };
    });
    const payloads = [randomBytes(100), randomBytes(20_000), randomBytes(30_000)];
    end.socket.write(Buffer.concat(payloads.map(plain)));
    await paused;
    await overwrite();
    const all = Buffer.concat(payloads);
    while (pieces.reduce((sum, { length }) => sum + length, 0) < all.length) {
      transport.resume();
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(Buffer.concat(pieces).equals(all)).toBe(true);
  });

  test("for its turn", async () => {
    let now = 0;
    // By this one, everything takes long.
    const clock: Clock = { ...nodePlatform.clock, now: () => (now += 3) };
    const { told, end, overwrite } = await twoClients(clock);
    const pieces: Buffer[] = [];
    let overwritten: Promise<void> | undefined;
    told.data = (chunk) => {
      pieces.push(Buffer.from(chunk));
      overwritten ??= overwrite();
    };
    const payloads = Array.from({ length: 300 }, () => randomBytes(200));
    end.socket.write(Buffer.concat(payloads.map(plain)));
    end.socket.write(Buffer.from([0x82, 0]));
    await told.until("ended");
    await overwritten;
    expect(Buffer.concat(pieces).equals(Buffer.concat(payloads))).toBe(true);
    expect(pieces.length).toBeGreaterThan(3);
  });

  test("beginnings of frames", async () => {
    const { told, end, overwrite } = await twoClients();
    const pieces: Buffer[] = [];
    told.data = (chunk) => void pieces.push(Buffer.from(chunk));
    const payload = randomBytes(1000);
    const wire = plain(payload);
    for (const [from, to] of [
      [0, 3],
      [3, 500],
      [500, wire.length],
    ] as const) {
      end.socket.write(wire.subarray(from, to));
      await overwrite();
    }
    end.socket.write(Buffer.from([0x82, 0]));
    await told.until("ended");
    expect(Buffer.concat(pieces).equals(payload)).toBe(true);
  });
});
