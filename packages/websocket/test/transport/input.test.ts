// What comes over a WebSocket is worked off as it comes, and in turns.

import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import {
  type Clock,
  Config,
  nodePlatform,
  Server,
  silentLogger,
  type Transport,
  type TransportHandler,
} from "@peng3dnet/core";
import { serveWebSocket, webSocketAcceptor } from "@peng3dnet/websocket";
import { onCleanup, track } from "../../../core/test/support/cleanup.js";
import { next } from "../../../core/test/support/peers.js";
import { accept, packet, settype, value } from "../../../core/test/support/wire.js";
import { addressOf, Echo, echoServer, frame, httpServer, upgraded } from "../support/http.js";
import { WirePeer } from "../support/wire-peer.js";

/** A frame of a client that states another length than it has, in 64 bits. */
function unfinished(first: number, length: number, there: Uint8Array): Buffer {
  const header = Buffer.alloc(14);
  header[0] = first;
  header[1] = 0x80 | 127;
  header.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([header, there]);
}

test("packets are worked off before their message, or its frame, is there to its end", async () => {
  const server = await echoServer();
  const { address } = await serveWebSocket(server, { port: 0 });
  const id = server.registry.getID("test:echo");
  const heard: unknown[] = [];
  const all = new Promise<void>((resolve) => {
    server.on(Echo, (message) => {
      heard.push(message);
      if (message === "second") resolve();
    });
  });
  const socket = await upgraded(address);
  const first = Buffer.concat([settype(), accept(), packet(id, "first")]);
  socket.write(Buffer.concat([frame(0x02, first), unfinished(0x80, 100_000, packet(id, "second"))]));
  await all;
  expect(heard).toEqual(["first", "second"]);
});

test("a packet that is too long before the handshake is refused while its message comes", async () => {
  const server = await echoServer();
  const { address } = await serveWebSocket(server, { port: 0 });
  const socket = await upgraded(address);
  const told = new Promise<void>((resolve) => {
    let received = "";
    socket.on("data", (chunk: Buffer) => {
      received += chunk.toString("latin1");
      if (received.includes("packettoolong")) resolve();
    });
  });
  socket.write(unfinished(0x82, 500_000, packet(2, "x".repeat(10_000)).subarray(0, 9000)));
  await told;
});

test("unfinished messages count for what all connections may have that is not worked off", async () => {
  const server = await echoServer({ "net.limits.unprocessed.total": 1_000_000 });
  const { address } = await serveWebSocket(server, { port: 0 });
  const half = packet(server.registry.getID("test:echo"), new Uint8Array(600_000));
  const closed = next(server, "close");
  for (const payload of [half, half]) {
    const socket = await upgraded(address);
    socket.write(Buffer.concat([frame(0x82, settype()), frame(0x82, accept())]));
    socket.write(unfinished(0x82, half.length, payload.subarray(0, 599_000)));
  }
  expect((await closed)[1].reason).toBe("serverfull");
});

test("what a pause holds back is told, also that it is less, and after it the end, though this side has ended before", async () => {
  const server = await httpServer();
  const told: string[] = [];
  let wake = (): void => {};
  /** Resolves once that was told last. */
  const last = async (what: string): Promise<void> => {
    while (told.at(-1) !== what)
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
  };
  const note = (what: string): void => {
    told.push(what);
    wake();
  };
  let accepted: Socket | undefined;
  server.once("connection", (one: Socket) => {
    accepted = one;
  });
  let transport: Transport | undefined;
  const handler: TransportHandler = {
    ready: () => {},
    refused: (error) => note(String(error)),
    readTarget: () => undefined,
    data: ({ length }) => {
      if (told.length === 0) transport?.pause();
      note(`data ${length}`);
    },
    holds: (bytes) => note(`holds ${bytes}`),
    drained: () => {},
    ended: () => note("ended"),
    closed: (error) => note(`closed ${error}`),
    crashed: (error) => note(String(error)),
  };
  const listening = await webSocketAcceptor({ server }).listen({
    clock: nodePlatform.clock,
    logger: silentLogger,
    address: addressOf(server),
    cfg: new Config({}),
    offer: (_address, open) => {
      transport = open();
      transport.start(handler);
    },
    failed: (error) => note(String(error)),
    signal: new AbortController().signal,
    closingPacket: () => new Uint8Array(0),
  });
  onCleanup(() => listening.close());
  const socket = await upgraded(addressOf(server));
  const over = once(accepted as Socket, "close");
  socket.on("end", () => socket.end());
  // What is written at once is read at once. Messages so long are told by themselves.
  const close = frame(0x88, Buffer.from([1000 >> 8, 1000 & 255]));
  socket.write(Buffer.concat([frame(0x82, Buffer.alloc(17_000)), frame(0x82, Buffer.alloc(5000)), close]));
  await last("holds 5000");
  transport?.end();
  await over;
  // What this side's end leads to.
  await new Promise((resolve) => setImmediate(resolve));
  expect(told).toEqual(["data 17000", "holds 5000"]);
  transport?.resume();
  await last("closed undefined");
  expect(told.slice(2)).toEqual(["data 5000", "holds 0", "ended", "closed undefined"]);
});

test("what waits for its turn is told, also that nothing does any more", async () => {
  const server = await httpServer();
  const clock = slowClock();
  const told: number[] = [];
  let data = 0;
  let transport: Transport | undefined;
  const all = new Promise<void>((resolve, reject) => {
    const handler: TransportHandler = {
      ready: () => {},
      refused: reject,
      readTarget: () => undefined,
      data: ({ length }) => {
        data += length;
        if (data === 100 * 17_000) setImmediate(resolve);
      },
      holds: (bytes) => void told.push(bytes),
      drained: () => {},
      ended: () => {},
      closed: reject,
      crashed: reject,
    };
    void webSocketAcceptor({ server })
      .listen({
        clock,
        logger: silentLogger,
        address: addressOf(server),
        cfg: new Config({}),
        offer: (_address, open) => {
          transport = open();
          transport.start(handler);
        },
        failed: reject,
        signal: new AbortController().signal,
        closingPacket: () => new Uint8Array(0),
      })
      .then((listening) => onCleanup(() => listening.close()));
  });
  const socket = await upgraded(addressOf(server));
  clock.slow = true;
  socket.write(Buffer.concat(Array.from({ length: 100 }, () => frame(0x82, Buffer.alloc(17_000)))));
  await all;
  expect(Math.max(...told)).toBeGreaterThan(0);
  expect(told.at(-1)).toBe(0);
});

test("frames may be cut anywhere", async () => {
  const server = await echoServer();
  const { address } = await serveWebSocket(server, { port: 0 });
  const id = server.registry.getID("test:echo");
  const heard: unknown[] = [];
  const all = new Promise<void>((resolve) => {
    server.on(Echo, (message) => {
      heard.push(message);
      if (message === "last") resolve();
    });
  });
  const socket = await upgraded(address);
  socket.setNoDelay();
  const long = "x".repeat(200);
  const bytes = packet(id, long);
  const stream = Buffer.concat([
    frame(0x82, settype()),
    frame(0x82, accept()),
    frame(0x89, Buffer.from("a ping")),
    frame(0x02, bytes.subarray(0, 5)),
    frame(0x8a),
    frame(0x00, bytes.subarray(5, 150)),
    frame(0x00),
    frame(0x89),
    frame(0x80, bytes.subarray(150)),
    unfinished(0x82, packet(id, "last").length, packet(id, "last")),
  ]);
  for (const byte of stream) {
    socket.write(Uint8Array.of(byte));
    // Each goes into a read of its own.
    await new Promise((resolve) => setImmediate(resolve));
  }
  await all;
  expect(heard).toEqual([long, "last"]);
});

test.each([[1], [63], [64], [65], [125], [126], [1000], [65_535], [65_536], [300_000]])(
  "a message of %d bytes is unmasked, wherever it begins",
  async (length) => {
    const server = await echoServer();
    const { address } = await serveWebSocket(server, { port: 0 });
    const peer = await WirePeer.active(address);
    const bytes = randomBytes(length);
    for (let shift = 0; shift < 4; shift++) {
      peer.ws.send(packet(server.registry.getID("test:echo"), "x".repeat(shift)));
      peer.ws.send(packet(server.registry.getID("test:echo"), bytes));
      expect(value(await peer.packet())).toBe("x".repeat(shift));
      expect(Buffer.compare(value(await peer.packet()) as Uint8Array, bytes)).toBe(0);
    }
  },
);

/** A clock by which everything takes long, once `slow` is set. */
function slowClock(): Clock & { slow: boolean } {
  let extra = 0;
  const { clock } = nodePlatform;
  return {
    slow: false,
    now() {
      if (this.slow) extra += 3;
      return clock.now() + extra;
    },
    setTimeout: (call, milliseconds) => clock.setTimeout(call, milliseconds),
    clearTimeout: (timer) => clock.clearTimeout(timer),
  };
}

describe.each([
  ["pings", frame(0x89)],
  ["pongs", frame(0x8a)],
])("a read full of %s", (_name, one) => {
  test("is worked off in turns with what others send, and to its end", async () => {
    const clock = slowClock();
    const server = track(new Server({ addr: "127.0.0.1:0", packets: [Echo], clock }));
    await server.start();
    const { address } = await serveWebSocket(server, { port: 0 });
    const id = server.registry.getID("test:echo");
    const heard: unknown[] = [];
    const all = new Promise<void>((resolve) => {
      server.on(Echo, (message) => {
        heard.push(message);
        if (heard.length === 2) resolve();
      });
    });
    const accepted = next(server, "handshakecomplete");
    const socket = await upgraded(address);
    socket.write(Buffer.concat([frame(0x82, settype()), frame(0x82, accept())]));
    const [{ sock }] = await accepted;
    const other = await WirePeer.active(address);
    const before = sock?.bytesRead;
    clock.slow = true;
    socket.write(
      Buffer.concat([...Array.from({ length: 10_000 }, () => one), frame(0x82, packet(id, "behind"))]),
    );
    for (let turn = 0; turn < 100_000 && sock?.bytesRead === before; turn++)
      await new Promise((resolve) => setImmediate(resolve));
    other.ws.send(packet(id, "other"));
    await all;
    expect(heard).toEqual(["other", "behind"]);
  });
});

test("all that was read is worked off although the peer is gone meanwhile", async () => {
  const clock = slowClock();
  const server = track(new Server({ addr: "127.0.0.1:0", packets: [Echo], clock }));
  await server.start();
  const { address } = await serveWebSocket(server, { port: 0 });
  const heard: unknown[] = [];
  server.on(Echo, (message) => void heard.push(message));
  const accepted = next(server, "handshakecomplete");
  const closed = next(server, "close");
  const socket = await upgraded(address);
  socket.write(Buffer.concat([frame(0x82, settype()), frame(0x82, accept())]));
  await accepted;
  clock.slow = true;
  const packets = Array.from({ length: 500 }, (_, index) =>
    frame(0x82, packet(server.registry.getID("test:echo"), index)),
  );
  socket.end(Buffer.concat([...packets, frame(0x88, Buffer.of(1000 >> 8, 1000 & 255))]));
  expect((await closed)[1]).toMatchObject({ reason: "socketclose", error: undefined });
  expect(heard).toEqual(Array.from({ length: 500 }, (_, index) => index));
});

test("a message in 257 frames, though each is empty: 1008", async () => {
  const server = await echoServer();
  const { address } = await serveWebSocket(server, { port: 0 });
  const peer = await WirePeer.active(address);
  for (let count = 0; count < 257; count++) peer.ws.send(new Uint8Array(0), { fin: false });
  expect(await peer.closed).toEqual({ code: 1008, reason: "a message has more than 256 frames" });
});

test("a length of 2^63: 1009, and before the handshake, too", async () => {
  const server = await echoServer();
  const { address } = await serveWebSocket(server, { port: 0 });
  const socket = await upgraded(address);
  const closed = next(server, "close");
  const header = unfinished(0x82, 0, new Uint8Array(0));
  header[2] = 0x80;
  socket.write(header);
  const [, { reason, error }] = await closed;
  expect(reason).toBe("notpeng3dnet");
  expect(error?.message).toContain("closed with 1009: a message has more than");
});

test("a request with an expectation is answered once, and nothing behind it is read", async () => {
  const server = await echoServer();
  const { address } = await serveWebSocket(server, { port: 0 });
  const socket = connect(address[1], address[0]);
  let answers = "";
  socket.setEncoding("latin1").on("data", (text: string) => {
    answers += text;
  });
  socket.write("GET / HTTP/1.1\r\nHost: x\r\nExpect: x\r\n\r\n".repeat(3));
  await once(socket, "end");
  expect(answers.match(/^HTTP\/1\.1 /gm)).toHaveLength(1);
  expect(answers).toMatch(/connection: close/i);
});
