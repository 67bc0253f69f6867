// pingServer against servers of all kinds: what it finds, how long it takes at most, and that nothing is left.

import { createServer as createHttpServer } from "node:http";
import { createServer, type Server as NetServer, type Socket } from "node:net";
import { Client, type ClientOptions, CONNTYPE_PING, TimedOutError } from "@peng3dnet/core";
import {
  enablePing,
  PingableClientMixin,
  PingClient,
  PingError,
  type PingServerOptions,
  pingServer,
} from "@peng3dnet/ping";
import { onCleanup } from "../../../core/test/support/cleanup.js";
import { startServer } from "../../../core/test/support/peers.js";
import { freePort } from "../../../core/test/support/raw-peer.js";
import { closeconn, frame, hello, packet } from "../../../core/test/support/wire.js";
import { recognise } from "../../src/asking/probe.js";

/** Listens with any server of Node's; its connections are cut after the test. */
async function listening(server: NetServer): Promise<string> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket.on("error", () => {}));
    socket.on("close", () => sockets.delete(socket));
  });
  onCleanup(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  const address = server.address();
  return `127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
}

/** A server that does the same with each connection. */
const socketServer = (serve: (socket: Socket) => void): Promise<string> => listening(createServer(serve));

async function failureOf(options: PingServerOptions): Promise<PingError> {
  const begin = performance.now();
  const error = await pingServer(options).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(PingError);
  expect((performance.now() - begin) / 1000).toBeLessThan((options.timeout ?? 10) + 2);
  return error as PingError;
}

test.each<[string, string, RegExp, (socket: Socket) => void]>([
  ["closes at once", "closed", /closed the connection without a word/, (socket) => socket.end()],
  ["resets at once", "closed", /closed the connection without a word/, (socket) => socket.resetAndDestroy()],
  ["says nothing", "timeout", /accepted the connection, but said nothing within 0.4 s/, () => {}],
  ["sends a banner", "notpeng3dnet", /its first bytes are "SSH-"/, (socket) => socket.write("SSH-2.0-x\r\n")],
  [
    "sends noise",
    "notpeng3dnet",
    /what it sent is no hello/,
    (socket) => socket.write(Buffer.alloc(64, 0xaa)),
  ],
  ["sends zeros", "notpeng3dnet", /what it sent is no hello/, (socket) => socket.write(Buffer.alloc(64))],
  [
    "sends the beginning of something",
    "timeout",
    /sent only 5 bytes, no whole hello, within 0.4 s$/,
    (socket) => socket.write(Buffer.from([0, 0, 0, 9, 1])),
  ],
  ["sends that and closes", "notpeng3dnet", /is no hello/, (socket) => socket.end(Buffer.from([0, 0, 0]))],
  [
    "sends another packet first",
    "notpeng3dnet",
    /first packet has id 9/,
    (socket) => socket.write(packet(9, 1)),
  ],
  ["speaks another version", "protocol", /version 3 of the protocol/, (socket) => socket.write(hello(3))],
  ["sends no pong", "timeout", /is a peng3dnet server, but sent no pong/, (socket) => socket.write(hello())],
  [
    "sends a pong that is too long",
    "protocol",
    /more than the 16390 allowed/,
    (socket) => socket.write(Buffer.concat([hello(), packet(65, { x: "a".repeat(17_000) })])),
  ],
  [
    "sends a broken pong",
    "protocol",
    /msgpack/,
    (socket) => socket.write(Buffer.concat([hello(), frame(65, Buffer.from([0xc1]))])),
  ],
  [
    "sends a ping",
    "protocol",
    /the server sent a ping/,
    (socket) => socket.write(Buffer.concat([hello(), packet(64, {})])),
  ],
  [
    "is full",
    "closed",
    /it is full/,
    (socket) => socket.end(Buffer.concat([hello(), closeconn("serverfull")])),
  ],
  [
    "closes without a reason",
    "closed",
    /without a reason/,
    (socket) => socket.end(Buffer.concat([hello(), closeconn(null)])),
  ],
])("names a server that %s", async (_, failure, message, serve) => {
  const addr = await socketServer(serve);
  const error = await failureOf({ addr, timeout: 0.4 });
  expect(error).toMatchObject({
    failure,
    code: "P3D_ERR_FAILED_PING",
    message: expect.stringMatching(message),
  });
});

test("names the time-out of the connection where that is shorter than the ping's", async () => {
  const short = { timeout: 5, cfg: { "net.timeout.handshake": 0.2 } };
  const silent = await failureOf({ addr: await socketServer(() => {}), ...short });
  expect(silent.message).toMatch(/accepted the connection, but said nothing within 0.2 s$/);
  expect(silent.failure).toBe("timeout");
  const slow = await failureOf({ addr: await socketServer((socket) => socket.write(hello())), ...short });
  expect(slow.message).toMatch(/is a peng3dnet server, but sent no pong within 5 s$/);
  const idle = { timeout: 5, cfg: { "net.timeout.idle": 0.2 } };
  const greeted = await failureOf({ addr: await socketServer((socket) => socket.write(hello())), ...idle });
  expect(greeted.message).toMatch(/sent no pong: nothing was received for 0.2 s \(net.timeout.idle\)$/);
  expect(greeted.failure).toBe("timeout");
});

test("a hello that comes byte by byte is not taken for another protocol", async () => {
  const addr = await socketServer((socket) => {
    const bytes = hello();
    let sent = 0;
    const timer = setInterval(() => socket.write(bytes.subarray(sent, ++sent)), 50);
    socket.on("close", () => clearInterval(timer));
  });
  const { failure, message } = await failureOf({ addr, timeout: 0.4 });
  expect([failure, message]).toEqual([
    "timeout",
    expect.stringMatching(/sent only \d bytes?, no whole hello,/),
  ]);
});

test("names a closed port, an unknown host, and a peng3dnet server that does not answer pings", async () => {
  expect(await failureOf({ addr: ["127.0.0.1", await freePort()] })).toMatchObject({ failure: "refused" });
  expect(await failureOf({ addr: "no-such-host.invalid" })).toMatchObject({ failure: "unresolvable" });
  const server = await startServer();
  expect(await failureOf({ addr: server.addr })).toMatchObject({
    failure: "closed",
    reason: "unknownconntype",
    message: expect.stringMatching(/does not answer pings/),
  });
});

test("names an HTTP server, which says nothing of its own accord", async () => {
  const addr = await listening(createHttpServer((_request, response) => response.end("hi")));
  expect(await failureOf({ addr, timeout: 2 })).toMatchObject({
    failure: "notpeng3dnet",
    message: `${addr} is an HTTP server, not a peng3dnet server`,
  });
});

test("asks a silent server after a quarter of a short time-out, so that it can answer", async () => {
  const addr = await listening(createHttpServer((_request, response) => response.end("hi")));
  expect(await failureOf({ addr, timeout: 0.9 })).toMatchObject({ failure: "notpeng3dnet" });
});

test("waits for a server that is slow to greet, and was asked what it speaks meanwhile", async () => {
  const addr = await socketServer((socket) => {
    // A probe is no settype.
    socket.once("data", (chunk) => chunk[0] === 0 && socket.write(packet(65, { slow: true })));
    setTimeout(() => socket.write(hello()), 800);
  });
  expect(await pingServer({ addr, timeout: 2 })).toMatchObject({ slow: true });
});

test.each<[string | number[], ReturnType<typeof recognise>]>([
  ["HTTP/1.1 400 Bad Request\r\n", "http"],
  ["<!DOCTYPE HTML>", "http"],
  ["<html>", "http"],
  ["220 mail.invalid ESMTP", "other"],
  [[0x15, 0x03, 0x03, 0, 2, 2, 10], "tls"],
  [[0x14, 0x03, 0x03], "tls"],
  [[0x16, 0x03, 0x01, 0, 4], "tls"],
  [[0x17, 0x03, 0x03], "tls"],
  [[0x18, 0x03, 0x03], "other"],
  [[0x16, 0x02, 0x01], "other"],
  ["http/1.0 400", "http"],
  [" HTTP/1.1 400", "other"],
  ["<3", "other"],
  ["220 <a@b.example>", "other"],
  [[0xff, 0xff], "other"],
  [[], "other"],
  [[...hello()], undefined],
  [[...hello()].slice(0, 10), undefined],
  [[...hello()].slice(0, 9), "other"],
  [[1, ...hello()].slice(0, 12), "other"],
  [[1, ...hello().subarray(1)], "other"],
  [[...packet(9, 1)], "other"],
])("recognises %p as %s", (bytes, expected) => {
  expect(recognise(Buffer.from(bytes as string))).toBe(expected);
});

test("gives up when its signal fires: before, while it connects, and while it waits", async () => {
  const addr = await socketServer((socket) => socket.write(hello()));
  const aborted = { code: "P3D_ERR_ABORTED" };
  await expect(pingServer({ addr, signal: AbortSignal.abort() })).rejects.toMatchObject(aborted);
  await expect(pingServer({ addr, signal: AbortSignal.timeout(0) })).rejects.toMatchObject(aborted);
  await expect(pingServer({ addr, signal: AbortSignal.timeout(100) })).rejects.toMatchObject(aborted);
});

test.each([30 * 24 * 3600, Number.POSITIVE_INFINITY])(
  "takes its time with a timeout of %d s",
  async (timeout) => {
    const server = await startServer({}, (peer) => enablePing(peer));
    expect(await pingServer({ addr: server.addr, timeout })).toMatchObject({ delay: expect.any(Number) });
  },
);

test("refuses options that cannot be used", async () => {
  await expect(pingServer({ addr: ":" })).rejects.toMatchObject({ code: "P3D_ERR_INVALID_HOST" });
  for (const timeout of [-1, Number.NaN, "10" as never]) {
    const refused = { code: "P3D_ERR_CONFIG", key: "timeout" };
    await expect(pingServer({ timeout })).rejects.toMatchObject(refused);
  }
  await expect(pingServer({ data: { x: "a".repeat(2000) } })).rejects.toMatchObject({
    code: "P3D_ERR_PING_DATA",
  });
  await expect(
    pingServer({ addr: "127.0.0.1:1", cfg: { "net.ssl.enabled": true, "net.ssl.cafile": "/none/ca.pem" } }),
  ).rejects.toMatchObject({ code: "P3D_ERR_TLS_CONFIG" });
});

test("a time-out of 0 is no time at all, and null is no limit", async () => {
  const server = await startServer({}, (peer) => enablePing(peer));
  const failed = pingServer({ addr: server.addr, timeout: 0 });
  await expect(failed).rejects.toBeInstanceOf(TimedOutError);
  await expect(failed).rejects.toMatchObject({ failure: "timeout" });
  expect(await pingServer({ addr: server.addr, timeout: null })).toHaveProperty("oldmsg");
});

test("measures on a monotonic clock, whatever the server echoes and the wall clock does", async () => {
  const wall = jest.spyOn(Date, "now");
  const server = await startServer({}, (peer) =>
    enablePing(peer, () => {
      wall.mockReturnValue(5_000);
      return { oldmsg: { time: 1e18 }, delay: -5, recvtime: 0 };
    }),
  );
  const { delay, recvtime } = await pingServer({ addr: server.addr });
  wall.mockRestore();
  expect(delay).toBeGreaterThan(0);
  expect(delay).toBeLessThan(5);
  expect(recvtime).toBeCloseTo(5, 5);
});

test("the client allows what a ping takes, and its end takes part of the time at most", async () => {
  const server = await startServer({}, (peer) => enablePing(peer));
  const { addr } = server;
  const given: ClientOptions[] = [];
  class Noting extends PingClient {
    constructor(options: ClientOptions = {}) {
      super(options);
      given.push(options);
    }
  }
  const configOf = async (options: PingServerOptions): Promise<ClientOptions["cfg"]> => {
    await pingServer({ addr, clientcls: Noting, ...options }).catch(() => {});
    return given.at(-1)?.cfg;
  };
  const limits = {
    "net.limits.packetlength": 16_390,
    "net.limits.inflated": 16_384,
    "net.heartbeat.interval": 0,
  };
  const times = (handshake: number, close: number) => ({
    "net.timeout.handshake": handshake,
    "net.timeout.close": close,
  });
  expect(await configOf({})).toEqual({ ...limits, ...times(10, 1) });
  expect(await configOf({ timeout: 2 })).toEqual({ ...limits, ...times(2, 0.5) });
  expect(await configOf({ timeout: null })).toEqual({ ...limits, ...times(0, 1) });
  expect(await configOf({ timeout: 0 })).toEqual({ ...limits, ...times(0, 1) });
  const own = { "net.timeout.close": 7, "net.debug.print.recv": false };
  expect(await configOf({ cfg: own })).toEqual({ ...limits, ...times(10, 1), ...own });
  expect(given[0]).toMatchObject({ addr, conntype: CONNTYPE_PING });
  // For a class that has a connector of its own.
  expect(given[0]).not.toHaveProperty("connector");
});

test("a server is asked what it speaks when it has been silent for a second, or for a quarter of a shorter time-out", async () => {
  const set = jest.spyOn(globalThis, "setTimeout");
  const server = await startServer({}, (peer) => enablePing(peer));
  const waits = async (timeout: number | null): Promise<unknown[]> => {
    set.mockClear();
    // The end of the connection has the same share, unless it is given another one.
    await pingServer({ addr: server.addr, timeout, cfg: { "net.timeout.close": 7 } });
    return set.mock.calls.map(([, milliseconds]) => milliseconds);
  };
  expect(await waits(2.4)).toContain(600);
  expect(await waits(60)).toContain(1000);
  expect(await waits(null)).toContain(1000);
  set.mockRestore();
});

test("unknown options are refused", async () => {
  await expect(pingServer({ adress: "localhost" } as PingServerOptions)).rejects.toThrow(/adress/);
});

test.each<[string, object]>([
  ["cfg", { cfg: null }],
  ["cfg", { cfg: 5 }],
  ["connector", { connector: null }],
  ["WebSocket", { addr: "ws://127.0.0.1:9", WebSocket: null }],
])("an option %s that is none is refused, and not taken for the default", async (name, options) => {
  const pinging = pingServer({ addr: "127.0.0.1:9", ...options } as PingServerOptions);
  const error: unknown = await pinging.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(TypeError);
  expect((error as TypeError).message).toMatch(new RegExp(`the option "?${name}"? `));
});

test("a class of clients that cannot ping is refused", async () => {
  await expect(pingServer({ addr: "127.0.0.1:9", clientcls: Client as never })).rejects.toThrow(
    "the option clientcls takes a class that PingableClientMixin has made",
  );
});

test("uses the class of client and the engine that it is given", async () => {
  const server = await startServer({}, (peer) => enablePing(peer));
  const events: string[] = [];
  class Own extends PingableClientMixin(Client) {
    override onPong(): void {
      events.push("onPong");
    }
  }
  const peng = { sendEvent: (event: string) => void events.push(event) };
  await pingServer({ addr: server.addr, clientcls: Own, peng });
  expect(events).toContain("onPong");
  expect(events).toContain("peng3dnet:client.close");
});

test("takes the address from the config", async () => {
  const server = await startServer({}, (peer) => enablePing(peer, { motd: "hi" }));
  const cfg = { "net.client.addr": server.addr };
  expect(await pingServer({ cfg })).toMatchObject({ motd: "hi" });
});
