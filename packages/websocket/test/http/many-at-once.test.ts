// Requests that hundreds have sent, and that come in one turn of the event loop: others are served meanwhile.

import { connect, type Socket } from "node:net";
import { type Address, Server } from "@peng3dnet/core";
import { ManualClock } from "@peng3dnet/core/testing";
import { serveWebSocket } from "@peng3dnet/websocket";
import { onCleanup, track, trackSocket } from "../../../core/test/support/cleanup.js";
import { dial, Echo, frame, httpServer, upgradeRequest } from "../support/http.js";

const COUNT = 60;
/** What is served in a turn by a clock that goes on by a millisecond with each look. */
const FEW = 12;

/** Each look at it takes a millisecond. */
class SlowClock extends ManualClock {
  #looks = 0;
  override now(): number {
    return super.now() + ++this.#looks;
  }
}

/** Connections that are there, and were accepted. */
async function socketsTo(address: Address): Promise<Socket[]> {
  const [host, port] = address;
  const sockets = await Promise.all(
    Array.from({ length: COUNT }, async () => {
      const socket = trackSocket(connect({ host, port, allowHalfOpen: true }));
      socket.on("error", () => {});
      await new Promise<void>((resolve) => socket.once("connect", () => resolve()));
      return socket;
    }),
  );
  // One more that is answered shows that all were accepted.
  await answered(address);
  return sockets;
}

/** Resolves once a request has got an answer, whatever it is. */
async function answered([host, port]: Address): Promise<void> {
  const socket = trackSocket(connect({ host, port }));
  socket.on("error", () => {});
  socket.write(upgradeRequest(host));
  await new Promise((resolve) => socket.once("data", resolve));
}

/** All that comes until the other end closes. */
function answer(socket: Socket): Promise<string> {
  let all = "";
  socket.setEncoding("latin1");
  socket.on("data", (text: string) => {
    all += text;
  });
  return new Promise((resolve) => socket.once("close", () => resolve(all)));
}

/** A server whose WebSockets and refusals are counted: how many came in each turn of the event loop. */
async function countingServer() {
  const server = track(new Server({ addr: "127.0.0.1:0", packets: [Echo], clock: new SlowClock() }));
  let turn = 0;
  const perTurn = new Map<number, number>();
  const refusedPerTurn = new Map<number, number>();
  let next = setImmediate(function count() {
    turn++;
    next = setImmediate(count);
  });
  onCleanup(() => clearImmediate(next));
  const all = new Promise<void>((resolve) => {
    let opened = 0;
    server.on("connection", () => {
      perTurn.set(turn, (perTurn.get(turn) ?? 0) + 1);
      if (++opened === COUNT + 1) resolve();
    });
  });
  server.on("drop", () => refusedPerTurn.set(turn, (refusedPerTurn.get(turn) ?? 0) + 1));
  await server.start();
  return {
    server,
    all,
    most: () => Math.max(...perTurn.values()),
    mostRefused: () => Math.max(...refusedPerTurn.values()),
  };
}

test.each(["a port of its own", "an http server's port"])(
  "on %s, those that come at once get their WebSockets a few in each turn of the event loop",
  async (where) => {
    const { server, all, most } = await countingServer();
    const door = where === "a port of its own" ? { port: 0 } : { server: await httpServer() };
    const { address } = await serveWebSocket(server, door);
    const sockets = await socketsTo(address);
    const [host] = address;
    for (const socket of sockets) socket.write(upgradeRequest(host));
    await all;
    expect(most()).toBeLessThanOrEqual(FEW);
  },
);

const PING = frame(0x89, Buffer.from("here"));

test.each<[string, string, Buffer]>([
  ["a port of its own", "has frames behind it", PING],
  ["a port of its own", "has nothing behind it", Buffer.alloc(0)],
  ["an http server's port", "has frames behind it", PING],
])(
  "on %s, a request that %s gets its WebSocket though its client has ended its stream before its turn",
  async (where, _what, behind) => {
    const { server, all } = await countingServer();
    const door = where === "a port of its own" ? { port: 0 } : { server: await httpServer() };
    const { address } = await serveWebSocket(server, door);
    const sockets = await socketsTo(address);
    const answers = sockets.map((socket) => {
      socket.end(Buffer.concat([Buffer.from(upgradeRequest(address[0])), behind]));
      return answer(socket);
    });
    await all;
    for (const text of await Promise.all(answers)) expect(text).toMatch(/^HTTP\/1\.1 101 /);
  },
);

test("on a port of its own, those that come at once are read a few in each turn of the event loop, whatever they ask for", async () => {
  const { server, mostRefused } = await countingServer();
  const { address } = await serveWebSocket(server, { port: 0, path: "/here" });
  const sockets = await socketsTo(address);
  const answers = sockets.map((socket) => {
    socket.write(upgradeRequest(address[0]));
    socket.once("end", () => socket.end());
    return answer(socket);
  });
  for (const text of await Promise.all(answers)) expect(text).toMatch(/^HTTP\/1\.1 404 /);
  expect(mostRefused()).toBeLessThanOrEqual(FEW);
});

test("those behind a proxy have their turns by their own addresses", async () => {
  const { server, all } = await countingServer();
  const { address } = await serveWebSocket(server, { port: 0, trustedProxies: ["127.0.0.1"] });
  const order: string[] = [];
  server.on("connection", ({ addr }) => order.push(addr[0]));
  const sockets = await socketsTo(address);
  for (const [index, socket] of sockets.entries()) {
    const from = index === COUNT - 1 ? "203.0.113.7" : "198.51.100.1";
    socket.write(upgradeRequest(address[0], `X-Forwarded-For: ${from}`));
  }
  await all;
  expect(order.indexOf("203.0.113.7")).toBeLessThan(2 * FEW);
});

test("once an http server's port is closed to WebSockets, those who wait for their turn are refused", async () => {
  const { server } = await countingServer();
  // Requests that come once it is closed are this listener's.
  const http = await httpServer((_request, response) => response.writeHead(404).end());
  const listening = await serveWebSocket(server, { server: http });
  let closed = false;
  let late = 0;
  const sockets = await socketsTo(listening.address);
  const reasons: string[] = [];
  server.on("drop", ({ reason }) => reasons.push(reason));
  let opened = 0;
  server.on("connection", () => {
    opened++;
    if (closed) late++;
    // Those who came until the time was spent had no need to wait.
    if (opened !== FEW + 1) return;
    void listening.close().then(() => {
      closed = true;
    });
  });
  const answers = sockets.map((socket) => {
    socket.write(upgradeRequest(listening.address[0]));
    return new Promise<string>((resolve) =>
      socket.once("data", (text: Buffer) => resolve(text.toString("latin1"))),
    );
  });
  const texts = await Promise.all(answers);
  expect(late).toBe(0);
  const refused = texts.filter((text) => text.startsWith("HTTP/1.1 503 ")).length;
  expect(refused).toBeGreaterThan(0);
  expect(reasons).toEqual(new Array(refused).fill("servershutdown"));
});

test("those that wait for their turn when their port is closed are cut, and those that had it stay", async () => {
  const server = track(new Server({ addr: "127.0.0.1:0", packets: [Echo], clock: new SlowClock() }));
  await server.start();
  const { address, close } = await serveWebSocket(server, { port: 0 });
  const [host, port] = address;
  const received: string[] = [];
  const answered: Promise<void>[] = [];
  const sockets = await Promise.all(
    Array.from({ length: COUNT }, async (_, index) => {
      const socket = trackSocket(connect({ host, port }));
      received[index] = "";
      socket.on("data", (chunk) => {
        received[index] += chunk.toString("latin1");
      });
      socket.on("error", () => {});
      answered.push(
        new Promise((resolve) => {
          socket.once("data", () => resolve());
          socket.once("close", () => resolve());
        }),
      );
      await new Promise<void>((resolve) => socket.once("connect", () => resolve()));
      return socket;
    }),
  );
  // One more that is served shows that all were accepted.
  await dial(address);
  let opened = 0;
  const closed = new Promise<void>((resolve) => {
    server.on("connection", () => {
      if (++opened === 1) setImmediate(() => void close().then(resolve));
    });
  });
  for (const socket of sockets) socket.write(upgradeRequest(host));
  await closed;
  const stay = opened;
  expect(stay).toBeLessThan(COUNT / 2);
  await Promise.all(answered);
  expect(opened).toBe(stay);
  expect(received.filter((text) => text === "")).toHaveLength(COUNT - stay);
  expect(received.filter((text) => text.startsWith("HTTP/1.1 101 "))).toHaveLength(stay);
});
