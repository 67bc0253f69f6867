// Requests for WebSockets that wait for their turn on an http server's port: how many may, what they hold, how they end.

import type { Server as HttpServer, IncomingMessage } from "node:http";
import { connect, type Socket } from "node:net";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { type Address, type ConfigOverrides, Server } from "@peng3dnet/core";
import { ManualClock } from "@peng3dnet/core/testing";
import { type ServeWebSocketOptions, serveWebSocket } from "@peng3dnet/websocket";
import { track, trackSocket } from "../../../core/test/support/cleanup.js";
import { Echo, frame, httpServer, upgradeRequest } from "../support/http.js";

setFlagsFromString("--expose-gc");
const gc = runInNewContext("gc") as () => void;

const COUNT = 60;

/** Each look at it takes a millisecond: some ten requests are answered in a turn of the event loop. */
class SlowClock extends ManualClock {
  #looks = 0;
  override now(): number {
    return super.now() + ++this.#looks;
  }
}

/** A server whose WebSockets are on an http server's port. */
async function shared(cfg: ConfigOverrides = {}, options: ServeWebSocketOptions = {}) {
  const clock = new SlowClock();
  const server = track(new Server({ addr: "127.0.0.1:0", packets: [Echo], clock, cfg }));
  await server.start();
  const http = await httpServer();
  const { address, close } = await serveWebSocket(server, { ...options, server: http });
  const opened: string[] = [];
  const drops: { readonly reason: string; readonly opened: number }[] = [];
  server.on("connection", ({ addr }) => opened.push(addr[0]));
  server.on("drop", ({ reason }) => drops.push({ reason, opened: opened.length }));
  return { server, http, address, close, opened, drops };
}

function connections(http: HttpServer): Promise<number> {
  return new Promise((resolve, reject) =>
    http.getConnections((error, count) => (error === null ? resolve(count) : reject(error))),
  );
}

/** Resolves once so many connections are there. */
async function connectionsAre(http: HttpServer, count: number): Promise<void> {
  while ((await connections(http)) !== count) await new Promise((resolve) => setImmediate(resolve));
}

/** Connections that were accepted. */
async function socketsTo([host, port]: Address, http: HttpServer, count = COUNT): Promise<Socket[]> {
  const before = await connections(http);
  const sockets = Array.from({ length: count }, () => {
    const socket = trackSocket(connect({ host, port, allowHalfOpen: true }));
    return socket.on("error", () => {});
  });
  await connectionsAre(http, before + count);
  return sockets;
}

/** The first line that comes; nothing if the connection ends before. */
function status(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    socket.once("data", (chunk: Buffer) => resolve(chunk.toString("latin1").slice(9, 12)));
    socket.once("close", () => resolve(""));
  });
}

describe("those that wait count as connections", () => {
  test.each<[string, ConfigOverrides]>([
    ["of their address", { "net.limits.connections.address": 30 }],
    ["in all", { "net.limits.connections": 30 }],
  ])("%s: more are refused with 503 before those have had their turn", async (_what, cfg) => {
    const { http, address, opened, drops } = await shared(cfg);
    const sockets = await socketsTo(address, http);
    const answers = sockets.map(status);
    for (const socket of sockets) socket.write(upgradeRequest(address[0]));
    const all = await Promise.all(answers);
    expect(all.filter((code) => code === "101")).toHaveLength(30);
    expect(all.filter((code) => code === "503")).toHaveLength(30);
    expect(opened).toHaveLength(30);
    expect(drops.map(({ reason }) => reason)).toEqual(new Array(30).fill("serverfull"));
    expect(drops[0]?.opened).toBeLessThan(30);
  });

  test("but not once they are gone", async () => {
    const { server, http, address } = await shared({ "net.limits.connections.address": COUNT });
    for (let round = 0; round < 3; round++) {
      const sockets = await socketsTo(address, http);
      const some = new Promise<void>((resolve) => server.on("connection", () => resolve()));
      for (const socket of sockets) socket.write(upgradeRequest(address[0]));
      await some;
      for (const socket of sockets) socket.resetAndDestroy();
      await connectionsAre(http, 0);
    }
    const sockets = await socketsTo(address, http);
    const answers = sockets.map(status);
    for (const socket of sockets) socket.write(upgradeRequest(address[0]));
    expect(await Promise.all(answers)).toEqual(new Array(COUNT).fill("101"));
  });
});

describe("those that are not let in", () => {
  test("for their long headers count no more", async () => {
    const { http, address } = await shared({ "net.limits.connections": COUNT }, { origins: "*" });
    const long = await socketsTo(address, http);
    const refusals = long.map(status);
    for (const socket of long)
      socket.write(upgradeRequest(address[0], `Origin: https://${"x".repeat(5000)}`));
    expect((await Promise.all(refusals)).filter((code) => code === "431").length).toBeGreaterThan(COUNT / 2);
    for (const socket of long) socket.resetAndDestroy();
    await connectionsAre(http, 0);
    const sockets = await socketsTo(address, http);
    const answers = sockets.map(status);
    for (const socket of sockets) socket.write(upgradeRequest(address[0]));
    expect(await Promise.all(answers)).toEqual(new Array(COUNT).fill("101"));
  });

  test("since the application has destroyed their sockets a moment ago are no failure", async () => {
    const { server, http, address, opened, drops } = await shared();
    const accepted: Socket[] = [];
    http.on("connection", (socket: Socket) => void accepted.push(socket));
    const faults: unknown[] = [];
    server.on("handlerError", (error) => void faults.push(error));
    const sockets = await socketsTo(address, http);
    // The first ones had no need to wait.
    const some = new Promise<void>((resolve) =>
      server.on("connection", () => {
        if (opened.length !== 15) return;
        for (const socket of accepted) socket.destroy();
        resolve();
      }),
    );
    for (const socket of sockets) socket.write(upgradeRequest(address[0]));
    await some;
    await connectionsAre(http, 0);
    expect([faults, drops, opened.length]).toEqual([[], [], 15]);
  });
});

describe("what a request that waits holds", () => {
  /** How many of the requests are there still, at the moment when the first of them has its WebSocket, and others wait. */
  async function heldOf(options: ServeWebSocketOptions): Promise<number> {
    const { server, http, address } = await shared({}, options);
    const requests: WeakRef<IncomingMessage>[] = [];
    http.prependListener("upgrade", (request: IncomingMessage) => void requests.push(new WeakRef(request)));
    const sockets = await socketsTo(address, http);
    const held = new Promise<number>((resolve) => {
      let opened = 0;
      server.on("connection", () => {
        // The first ones had no need to wait.
        if (++opened !== 15) return;
        gc();
        resolve(requests.filter((request) => request.deref() !== undefined).length);
      });
    });
    const answers = sockets.map(status);
    for (const socket of sockets) socket.write(upgradeRequest(address[0], `X: ${"x".repeat(8000)}`));
    const count = await held;
    expect(await Promise.all(answers)).toEqual(new Array(COUNT).fill("101"));
    return count;
  }

  test("is no header that does not decide", async () => {
    expect(await heldOf({})).toBeLessThan(COUNT / 4);
  });

  test("is all of it where a function of the application decides", async () => {
    expect(await heldOf({ origins: () => true })).toBeGreaterThan(COUNT / 2);
  });

  test("is a long value, too, where a function of the application decides", async () => {
    const { http, address } = await shared({}, { origins: (origin) => origin.length > 5000 });
    const sockets = await socketsTo(address, http);
    const answers = sockets.map(status);
    for (const socket of sockets)
      socket.write(upgradeRequest(address[0], `Origin: https://${"x".repeat(5000)}`));
    expect(await Promise.all(answers)).toEqual(new Array(COUNT).fill("101"));
  });

  test("is no long value of those that decide: 431", async () => {
    const { http, address, drops } = await shared({}, { origins: "*" });
    const sockets = await socketsTo(address, http);
    const answers = sockets.map(status);
    for (const socket of sockets)
      socket.write(upgradeRequest(address[0], `Origin: https://${"x".repeat(5000)}`));
    const all = await Promise.all(answers);
    expect(all.filter((code) => code === "101").length).toBeLessThan(COUNT / 4);
    expect(all.filter((code) => code === "431").length).toBeGreaterThan((COUNT * 3) / 4);
    expect(new Set(drops.map(({ reason }) => reason))).toEqual(new Set(["badupgrade"]));
  });
});

const PING = frame(0x89, Buffer.from("here"));

describe.each<[string, (socket: Socket) => void]>([
  ["stay", () => {}],
  ["end", (socket) => socket.end()],
  ["have bytes behind them, and end", (socket) => socket.end(PING)],
  ["have bytes behind them, and are reset", (socket) => socket.write(PING, () => socket.resetAndDestroy())],
  ["are reset", (socket) => socket.resetAndDestroy()],
])("of those that wait and %s, all connections are closed in the end", (_what, leave) => {
  test.each<[string, (of: Awaited<ReturnType<typeof shared>>) => unknown]>([
    ["when the server is stopped", ({ server }) => server.stop()],
    ["when it is shut down", ({ server }) => server.shutdown()],
    [
      "when the http server is closed, and then the server",
      async ({ http, server }) => {
        http.close();
        await server.shutdown();
      },
    ],
  ])("%s", async (_when, close) => {
    const all = await shared();
    const sockets = await socketsTo(all.address, all.http);
    const some = new Promise<void>((resolve) => all.server.on("connection", () => resolve()));
    for (const socket of sockets) socket.write(upgradeRequest(all.address[0]));
    for (const socket of sockets) socket.resume();
    await some;
    for (const socket of sockets) leave(socket);
    const closing = close(all);
    // The server's deadlines, which would end the others, are by a clock that stands still.
    for (const socket of sockets) socket.end();
    await closing;
    await connectionsAre(all.http, 0);
    await all.server.join();
  });
});
