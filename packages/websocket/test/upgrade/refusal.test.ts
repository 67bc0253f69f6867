// Refused requests whose answer does not leave: their connections do not stay.

import { once } from "node:events";
import type { Server as HttpServer } from "node:http";
import { connect, type Socket } from "node:net";
import { type Address, Server } from "@peng3dnet/core";
import { serveWebSocket } from "@peng3dnet/websocket";
import { track, trackSocket } from "../../../core/test/support/cleanup.js";
import { Echo, httpServer, refusal, upgradeRequest } from "../support/http.js";

beforeEach(() => {
  // Sockets go on by themselves; what Node waits for is no timer of a program.
  jest.useFakeTimers({
    doNotFake: ["Date", "hrtime", "nextTick", "performance", "queueMicrotask", "setImmediate", "setInterval"],
  });
});
afterEach(() => {
  jest.useRealTimers();
});

/** Longer than what the kernel takes for a peer that does not read. */
const LONG = 32 * 1024 * 1024;

/** A server that refuses requests for WebSockets of other pages, on an http server that has a long page. */
async function refusing() {
  const server = track(new Server({ addr: "127.0.0.1:0", packets: [Echo] }));
  await server.start();
  const page = Buffer.alloc(LONG);
  const http = await httpServer((_request, response) => response.end(page));
  const { address } = await serveWebSocket(server, { server: http });
  return { server, http, address };
}

/** Asks for the page, and for a WebSocket right behind it, and reads nothing. */
function deaf(address: Address): Socket {
  const [host, port] = address;
  const socket = trackSocket(connect({ host, port }));
  socket.on("error", () => {});
  socket.pause();
  socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  socket.write(upgradeRequest(host, "Origin: https://other.example"));
  return socket;
}

function connections(http: HttpServer): Promise<number> {
  return new Promise((resolve, reject) =>
    http.getConnections((error, count) => (error === null ? resolve(count) : reject(error))),
  );
}

async function connectionsAre(http: HttpServer, count: number): Promise<void> {
  while ((await connections(http)) !== count) await new Promise((resolve) => setImmediate(resolve));
}

test("who has not read what was to be sent before a refusal is cut off after five seconds", async () => {
  const { server, http, address } = await refusing();
  const dropped = once(server as never, "drop");
  deaf(address);
  await dropped;
  jest.advanceTimersByTime(4999);
  expect(await connections(http)).toBe(1);
  jest.advanceTimersByTime(1);
  await connectionsAre(http, 0);
});

test("a refusal that was sent leaves no timer behind", async () => {
  const { http, address } = await refusing();
  const { status } = await refusal(address, { headers: { origin: "https://other.example" } });
  expect(status).toBe(403);
  await connectionsAre(http, 0);
  expect(jest.getTimerCount()).toBe(0);
});
