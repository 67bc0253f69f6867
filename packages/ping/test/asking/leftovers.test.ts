// What a ping leaves open, which is nothing, and whom it asks what they speak.

import { createServer, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { webSocketConnector } from "@peng3dnet/browser";
import { type Address, InvalidStateError, Server } from "@peng3dnet/core";
import { enablePing, PingClient, PingError, pingServer } from "@peng3dnet/ping";
import { webSocketAcceptor } from "@peng3dnet/websocket";
import { WebSocket } from "ws";
import { bareTls, clientTls } from "../../../core/test/support/certificates.js";
import { onCleanup, track } from "../../../core/test/support/cleanup.js";
import { freePort } from "../../../core/test/support/raw-peer.js";
import { hello } from "../../../core/test/support/wire.js";
import { probe } from "../../src/asking/probe.js";
import { webSocketUrl } from "../../src/asking/web-socket.js";

/** A server, its connections so far, and what waits until all of them have been closed by the other end. */
async function listening(serve: (socket: Socket) => void) {
  const ends: Promise<void>[] = [];
  const server = createServer((socket) => {
    ends.push(new Promise((closed) => void socket.on("close", () => closed())));
    socket.on("error", () => {});
    socket.resume();
    serve(socket);
  });
  onCleanup(() => void server.close());
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  const { port } = server.address() as { readonly port: number };
  return { addr: ["127.0.0.1", port] as Address, ends };
}

test("a server that stays silent is asked once, and both connections end with the ping", async () => {
  const { addr, ends } = await listening(() => {});
  await expect(pingServer({ addr, timeout: 0.8 })).rejects.toMatchObject({ failure: "timeout" });
  expect(ends).toHaveLength(2);
  await Promise.all(ends);
});

test("one that has said something is not asked, nor one whose ping is over", async () => {
  const greeting = await listening((socket) => void socket.write(hello()));
  await expect(pingServer({ addr: greeting.addr, timeout: 0.8 })).rejects.toMatchObject({
    failure: "timeout",
  });
  expect(greeting.ends).toHaveLength(1);
  await Promise.all(greeting.ends);
  const cleared = jest.spyOn(globalThis, "clearTimeout");
  const set = jest.spyOn(globalThis, "setTimeout");
  const server = track(new Server({ addr: "127.0.0.1:0" }));
  enablePing(server);
  await server.start();
  await pingServer({ addr: server.addr, timeout: 2.4, cfg: { "net.timeout.close": 7 } });
  const at = set.mock.calls.findIndex(([, milliseconds]) => milliseconds === 600);
  expect(cleared.mock.calls.flat()).toContain(set.mock.results[at]?.value);
  jest.restoreAllMocks();
});

test.each([
  ["greets whoever asks", false, "accepted the connection, but said nothing"],
  ["has greeted before it answers as another does", true, "is a peng3dnet server, but sent no pong"],
])("one that %s is waited for", async (_, greets, message) => {
  let first: Socket | undefined;
  const { addr, ends } = await listening((socket) => {
    if (first === undefined) {
      first = socket;
      return;
    }
    if (!greets) {
      socket.write(hello());
      return;
    }
    first.write(hello());
    // What the client answers to the hello shows that it has it.
    first.once("data", () => socket.write("HTTP/1.1 400 Bad Request\r\n\r\n"));
  });
  const failed = pingServer({ addr, timeout: 0.8 });
  await expect(failed).rejects.toThrow(message);
  await expect(failed).rejects.toMatchObject({ failure: "timeout" });
  expect(ends).toHaveLength(2);
});

test("nobody is asked over TLS, whose handshake has shown what it is", async () => {
  let connections = 0;
  const server = createTlsServer(bareTls("server"));
  server.on("connection", () => void connections++);
  server.on("tlsClientError", () => {});
  onCleanup(() => void server.close());
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  const { port } = server.address() as { readonly port: number };
  const failed = pingServer({ addr: ["localhost", port], cfg: clientTls(), timeout: 0.8 });
  await expect(failed).rejects.toMatchObject({ failure: "timeout" });
  expect(connections).toBe(1);
});

test("a mistake that keeps the client from starting is told", async () => {
  class Mistaken extends PingClient {
    override async start(): Promise<void> {
      throw new InvalidStateError("not like this");
    }
  }
  const pinged = pingServer({ addr: "127.0.0.1:9", clientcls: Mistaken, timeout: 5 });
  await expect(pinged).rejects.toThrow("not like this");
});

test("nobody is asked over WebSocket, nor over a transport of one's own", async () => {
  const server = track(new Server({ acceptor: webSocketAcceptor({ path: "/play" }), addr: "127.0.0.1:0" }));
  enablePing(server, { motd: "hi" });
  await server.start();
  const addr = `ws://127.0.0.1:${server.addr[1]}/play`;
  const set = jest.spyOn(globalThis, "setTimeout");
  const common = { timeout: 2.4, cfg: { "net.timeout.close": 7 } } as const;
  expect(await pingServer({ addr, WebSocket, ...common })).toMatchObject({ motd: "hi" });
  const connector = webSocketConnector(addr, { WebSocket });
  expect(await pingServer({ connector, ...common })).toMatchObject({ motd: "hi" });
  // An address for the connector, whatever it looks like.
  expect(await pingServer({ connector, addr: "ws:80", ...common })).toMatchObject({ motd: "hi" });
  expect(set.mock.calls.map(([, milliseconds]) => milliseconds)).not.toContain(600);
  set.mockRestore();
});

test("what is wrong with options is told under their names", async () => {
  await expect(pingServer({ adress: "x" } as never)).rejects.toThrow(/pingServer/);
  await expect(pingServer({ addr: "127.0.0.1:9", WebSocket })).rejects.toMatchObject({ key: "WebSocket" });
});

test.each<[unknown, string | undefined]>([
  ["wss://one.example/", "wss://one.example/"],
  [" WS://one.example/", " WS://one.example/"],
  [new URL("ws://one.example/"), "ws://one.example/"],
  ["aws:8080", undefined],
  ["news:8080", undefined],
  [["ws:", 8080], undefined],
  [undefined, undefined],
])("%p is taken for the WebSocket %p", (addr, url) => {
  expect(webSocketUrl(addr)).toBe(url);
});

test("where the runtime has no WebSocket, that of the package ws is used", async () => {
  const server = track(new Server({ acceptor: webSocketAcceptor({ path: "/play" }), addr: "127.0.0.1:0" }));
  enablePing(server, { motd: "hi" });
  await server.start();
  const own = Object.getOwnPropertyDescriptor(globalThis, "WebSocket");
  Reflect.deleteProperty(globalThis, "WebSocket");
  try {
    expect(await pingServer({ addr: `ws://127.0.0.1:${server.addr[1]}/play` })).toMatchObject({ motd: "hi" });
  } finally {
    if (own !== undefined) Object.defineProperty(globalThis, "WebSocket", own);
  }
});

test("a question that is given up, or not taken, tells nothing, and leaves nothing on its signal", async () => {
  const { addr, ends } = await listening(() => {});
  expect(await probe(addr, AbortSignal.abort())).toBeUndefined();
  expect(await probe(["127.0.0.1", await freePort()], new AbortController().signal)).toBeUndefined();
  const controller = new AbortController();
  const removed = jest.spyOn(controller.signal, "removeEventListener");
  const probing = probe(addr, controller.signal);
  setImmediate(() => controller.abort());
  expect(await probing).toBeUndefined();
  expect(removed).toHaveBeenCalledWith("abort", expect.any(Function));
  await Promise.all(ends);
});

test("an error without a cause has none", () => {
  expect("cause" in new PingError("closed", "x")).toBe(false);
  expect(new PingError("closed", "x", { cause: 5 as never }).cause).toBe(5);
});
