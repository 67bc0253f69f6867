// WebSockets beside TCP in one server, beside pages in one http server, and on a port of their own.

import { randomBytes } from "node:crypto";
import { createServer } from "node:http";
import { connect, type Socket } from "node:net";
import { Client, ConfigError, InvalidStateError, ListenError, type Logger, Server } from "@peng3dnet/core";
import { ManualClock } from "@peng3dnet/core/testing";
import { type ServeWebSocketOptions, serveWebSocket, webSocketAcceptor } from "@peng3dnet/websocket";
import { WebSocketServer } from "ws";
import { track, trackSocket } from "../../core/test/support/cleanup.js";
import { next } from "../../core/test/support/peers.js";
import { permit } from "../../core/test/support/permission.js";
import { packet, value } from "../../core/test/support/wire.js";
import {
  addressOf,
  closeOf,
  dial,
  Echo,
  echoed,
  echoServer,
  httpServer,
  listening,
  refusal,
  upgradeRequest,
  webSocketClient,
} from "./support/http.js";
import { WirePeer } from "./support/wire-peer.js";

test("clients over TCP and over WebSocket are clients of one server, and one broadcast reaches all", async () => {
  const server = await echoServer();
  const http = await httpServer();
  await serveWebSocket(server, { server: http });
  const tcp = track(new Client({ addr: server.addr, packets: [Echo] }));
  await tcp.start();
  const clients = [tcp, await webSocketClient(addressOf(http)), await webSocketClient(addressOf(http))];
  for (const client of clients) expect(await echoed(client, { a: [1, "€"] })).toEqual({ a: [1, "€"] });
  expect(server.clients.size).toBe(3);
  const news = clients.map((client) => new Promise((resolve) => client.on(Echo, resolve)));
  expect(server.broadcast(Echo, "to all")).toBe(3);
  expect(await Promise.all(news)).toEqual(["to all", "to all", "to all"]);
});

test("packets of all lengths arrive, both ways", async () => {
  const plain = { "net.compress.enabled": false };
  const server = await echoServer(plain);
  const { address } = await serveWebSocket(server, { port: 0 });
  const client = await webSocketClient(address, {}, plain);
  const around = (middle: number): number[] => Array.from({ length: 40 }, (_, index) => middle - 35 + index);
  for (const length of [0, 1, ...around(126), ...around(65_536), 300_000, 1_000_000]) {
    const bytes = randomBytes(length);
    // Compared as one: a byte at a time takes seconds.
    expect(Buffer.compare(bytes, (await echoed(client, bytes)) as Uint8Array)).toBe(0);
  }
});

test("what answers to messages that come at once leaves as one message, in order", async () => {
  // Where the machine is slow, the time of a turn may be over in between.
  const server = await echoServer({}, { clock: new ManualClock() });
  const { address } = await serveWebSocket(server, { port: 0 });
  const peer = await WirePeer.active(address);
  const messages: Buffer[] = [];
  peer.ws.on("message", (data: Buffer) => messages.push(data));
  const stream = (peer.ws as unknown as { readonly _socket: Socket })._socket;
  const values = Array.from({ length: 16 }, (_, index) => index);
  stream.cork();
  for (const number of values) peer.ws.send(packet(server.registry.getID("test:echo"), number));
  stream.uncork();
  const answers: unknown[] = [];
  while (answers.length < values.length) answers.push(value(await peer.packet()));
  expect(answers).toEqual(values);
  expect(messages).toHaveLength(1);
});

test("long output leaves in messages that are short enough for a slow receiver to hear that something comes", async () => {
  const server = await echoServer({ "net.compress.enabled": false });
  const { address } = await serveWebSocket(server, { port: 0 });
  const accepted = next(server, "handshakecomplete");
  const peer = await WirePeer.active(address);
  const [client] = await accepted;
  const lengths: number[] = [];
  peer.ws.on("message", (data: Buffer) => lengths.push(data.length));
  client.sendMessage("test:echo", new Uint8Array(100_000).fill(7));
  expect(value(await peer.packet())).toEqual(new Uint8Array(100_000).fill(7));
  expect(Math.max(...lengths)).toBeLessThanOrEqual(16 * 1024);
});

test("the native socket is that of TCP, as on all other connections", async () => {
  const server = await echoServer();
  const { address } = await serveWebSocket(server, { port: 0 });
  const accepted = next(server, "handshakecomplete");
  await webSocketClient(address);
  const [{ conn }] = await accepted;
  expect(conn.socket?.remotePort).toBe(conn.remoteAddress[1]);
});

test("a server with nothing but WebSockets", async () => {
  const http = await httpServer();
  const server = track(new Server({ packets: [Echo], acceptor: webSocketAcceptor({ server: http }) }));
  server.on(Echo, (message, { client }) => void client.sendMessage(Echo, message));
  await server.start();
  expect(await echoed(await webSocketClient(addressOf(http)), 1)).toBe(1);
});

describe("beside pages", () => {
  test("two servers share an http server by path, and pages are served as ever", async () => {
    const http = await httpServer((_request, response) => void response.end("a page"));
    const [chess, go] = [await echoServer(), await echoServer()];
    await serveWebSocket(chess, { server: http, path: "/chess" });
    await serveWebSocket(go, { server: http, path: "/go" });
    await webSocketClient(addressOf(http), { path: "/chess" });
    await webSocketClient(addressOf(http), { path: "/go?room=1" });
    await webSocketClient(addressOf(http), { path: "/go" });
    expect([chess.clients.size, go.clients.size]).toEqual([1, 2]);
    const [, port] = addressOf(http);
    expect(await (await fetch(`http://127.0.0.1:${port}/chess`)).text()).toBe("a page");
  });

  test("who counts the bytes of the http server's sockets is in nobody's way", async () => {
    const http = await httpServer((_request, response) => void response.end("a page"));
    let counted = 0;
    http.on("connection", (socket: Socket) => {
      socket.on("data", (chunk: Buffer) => {
        counted += chunk.length;
      });
    });
    const server = await echoServer();
    await serveWebSocket(server, { server: http });
    const client = await webSocketClient(addressOf(http));
    const before = counted;
    const bytes = randomBytes(100_000);
    expect(Buffer.compare(bytes, (await echoed(client, bytes)) as Uint8Array)).toBe(0);
    expect(counted - before).toBeGreaterThan(100_000);
    expect(await client.close()).toMatchObject({ clean: true });
  });

  test("where opening fails once the upgrade is answered, the connection is broken off", async () => {
    const http = await httpServer();
    http.on("upgrade", (_request, socket) => {
      socket.off = () => {
        throw new Error("not this one");
      };
    });
    const server = await echoServer();
    const failed = new Promise((resolve) => server.on("handlerError", resolve));
    await serveWebSocket(server, { server: http });
    const [host, port] = addressOf(http);
    const socket = trackSocket(connect({ host, port }));
    let text = "";
    socket.on("data", (chunk: Buffer) => {
      text += chunk.toString("latin1");
    });
    socket.on("error", () => {});
    socket.write(upgradeRequest(host));
    await new Promise((resolve) => socket.once("close", resolve));
    expect(text).not.toContain("503");
    expect(await failed).toMatchObject({ message: "not this one" });
    expect(server.clients.size).toBe(0);
  });

  test("a path that nobody serves is answered with 404", async () => {
    const http = await httpServer();
    const server = await echoServer();
    await serveWebSocket(server, { server: http, path: "/play" });
    const { status, text } = await refusal(addressOf(http), { path: "/other" });
    expect([status, text]).toEqual([404, "There is no WebSocket at this path.\n"]);
  });

  test("another path is left to other listeners of upgrades", async () => {
    const http = await httpServer();
    const server = await echoServer();
    await serveWebSocket(server, { server: http, path: "/play" });
    http.on("upgrade", ({ url }, socket) => {
      if (url === "/theirs") socket.end("HTTP/1.1 418 I'm a teapot\r\nConnection: close\r\n\r\ntheirs");
    });
    const { status, text } = await refusal(addressOf(http), { path: "/theirs" });
    expect([status, text]).toEqual([418, "theirs"]);
    expect(await echoed(await webSocketClient(addressOf(http), { path: "/play" }), 1)).toBe(1);
  });

  test.each(["before", "behind"])(
    "a listener %s that answers its path, too, is told of once",
    async (place) => {
      const http = await httpServer();
      const warnings: string[] = [];
      const logger: Logger = { debug() {}, info() {}, warn: (line) => warnings.push(line), error() {} };
      const server = track(new Server({ addr: "127.0.0.1:0", packets: [Echo], logger }));
      const theirs = (): unknown => new WebSocketServer({ server: http, path: "/theirs" });
      if (place === "before") theirs();
      await serveWebSocket(server, { server: http, path: "/play" });
      if (place === "behind") theirs();
      for (let times = 0; times < 2; times++)
        await expect(webSocketClient(addressOf(http), { path: "/play" })).rejects.toThrow();
      expect(warnings).toEqual([expect.stringMatching(/"upgrade" .* "\/play", .* noServer: true$/)]);
    },
  );

  test("a path is taken once, and free again after close", async () => {
    const http = await httpServer();
    const server = await echoServer();
    const first = await serveWebSocket(server, { server: http });
    await expect(serveWebSocket(server, { server: http })).rejects.toThrow(ListenError);
    await first.close();
    await serveWebSocket(server, { server: http });
    expect(await echoed(await webSocketClient(addressOf(http)), 1)).toBe(1);
  });

  test("close takes no more, and leaves those who are there and the http server alone", async () => {
    const http = await httpServer((_request, response) => void response.end("a page"));
    const server = await echoServer();
    const ways = await serveWebSocket(server, { server: http });
    const client = await webSocketClient(addressOf(http));
    const listeners = http.listenerCount("upgrade") + http.listenerCount("connection");
    await ways.close();
    expect(http.listenerCount("upgrade") + http.listenerCount("connection")).toBe(listeners - 2);
    // Without a listener, a request for an upgrade is a request as any other.
    expect((await refusal(addressOf(http))).text).toBe("a page");
    expect(await echoed(client, 2)).toBe(2);
  });

  test("shutting the server down closes the clients with its reason, and not the http server", async () => {
    const http = await httpServer((_request, response) => void response.end("a page"));
    const server = await echoServer();
    await serveWebSocket(server, { server: http });
    const client = await webSocketClient(addressOf(http));
    expect(await server.shutdown()).toEqual({ clean: 1, unclean: 0 });
    expect(await client.waitForClose()).toMatchObject({ reason: "servershutdown", clean: true });
    expect((await refusal(addressOf(http))).text).toBe("a page");
    await expect(serveWebSocket(server, { server: http })).rejects.toThrow(InvalidStateError);
  });

  test("the http server may begin to listen later", async () => {
    const http = createServer();
    const server = await echoServer();
    const ways = await serveWebSocket(server, { server: http });
    await listening(http);
    expect(ways.address).toEqual(addressOf(http));
    expect(await echoed(await webSocketClient(ways.address), 1)).toBe(1);
  });

  test("the server tells the real port once the http server listens", async () => {
    const http = createServer();
    const server = track(
      new Server({ addr: "game.example:80", packets: [Echo], acceptor: webSocketAcceptor({ server: http }) }),
    );
    await server.start();
    expect(server.addr).toEqual(["game.example", 80]);
    const other = await server.addAcceptor(webSocketAcceptor({ server: http, path: "/other" }));
    await listening(http);
    expect(server.addr).toEqual(addressOf(http));
    expect(other.address).toEqual(addressOf(http));
  });
});

describe("on a port of its own", () => {
  test("it says where, answers what is no WebSocket, and is closed with the server", async () => {
    const server = await echoServer();
    const { address } = await serveWebSocket(server, { port: 0, path: "/play" });
    const client = await webSocketClient(address, { path: "/play" });
    const answer = await fetch(`http://127.0.0.1:${address[1]}/`);
    expect([answer.status, await answer.text()]).toEqual([426, "This port serves WebSockets only.\n"]);
    expect((await refusal(address)).status).toBe(404);
    await server.shutdown();
    expect((await client.waitForClose()).reason).toBe("servershutdown");
    await expect(dial(address)).rejects.toThrow("ECONNREFUSED");
  });

  test("close frees the port, and leaves those who are there", async () => {
    const server = await echoServer();
    const first = await serveWebSocket(server, { port: 0 });
    const client = await webSocketClient(first.address);
    await first.close();
    const second = await serveWebSocket(server, { port: first.address[1] });
    expect(second.address).toEqual(first.address);
    expect(await echoed(client, 1)).toBe(1);
    expect(await echoed(await webSocketClient(second.address), 2)).toBe(2);
  });

  test("a port that is in use", async () => {
    const server = await echoServer();
    const { address } = await serveWebSocket(server, { port: 0 });
    const again = serveWebSocket(server, { port: address[1], host: "127.0.0.1" });
    await expect(again).rejects.toThrow(ListenError);
    await expect(again).rejects.toThrow(`${address[1]}: the port is in use`);
  });

  test("no port for who has no permission of Node's for the network", async () => {
    const server = await echoServer();
    permit({ known: true, allowed: false });
    await expect(serveWebSocket(server, { port: 0, host: "127.0.0.1" })).rejects.toThrow(
      "cannot listen for WebSockets on 127.0.0.1:0: Node runs with --permission",
    );
  });

  test("any path, where it is said so", async () => {
    const server = await echoServer();
    const { address } = await serveWebSocket(server, { port: 0, path: "*" });
    expect(await echoed(await webSocketClient(address, { path: "/any/where?x" }), 1)).toBe(1);
  });
});

test.each<[string, ServeWebSocketOptions]>([
  ["server", {}],
  ["server", { host: "127.0.0.1" }],
  ["server", { server: {} as never }],
  ["server", { server: null as never }],
  ["port", { server: createServer(), port: 1 }],
  ["port", { port: null as never }],
  ["port", { port: "80" as never }],
  ["host", { port: 0, host: null as never }],
  ["host", { port: 0, host: 127 as never }],
  ["tls", { server: createServer(), tls: {} }],
  ["tls", { port: 0, tls: {} }],
  ["tls", { port: 0, tls: true as never }],
  ["path", { port: 0, path: "play" }],
  ["path", { port: 0, path: "/play?x" }],
  ["origins", { port: 0, origins: ["game.example"] }],
  ["origins", { port: 0, origins: ["https://game.example/path"] }],
  ["origins", { port: 0, origins: "https://game.example" as never }],
  ["subprotocol", { port: 0, subprotocol: "none" as never }],
  ["trustedProxies", { port: 0, trustedProxies: ["proxy.example"] }],
  ["trustedProxies", { port: 0, trustedProxies: ["10.0.0.0/33"] }],
  ["trustedProxies", { port: 0, trustedProxies: "10.0.0.1" as never }],
  ["trustedProxies", { port: 0, trustedProxies: null as never }],
  ["trustedProxies", { port: 0, trustedProxies: null as never, encryptedByProxy: true }],
  ["encryptedByProxy", { port: 0, encryptedByProxy: true }],
  ["encryptedByProxy", { port: 0, trustedProxies: ["loopback"], encryptedByProxy: "yes" as never }],
])("an option %s that cannot be used is named: %j", async (key, options) => {
  const server = await echoServer();
  const error = await serveWebSocket(server, options).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ConfigError);
  expect((error as ConfigError).key).toBe(key);
});

test.each([null, {}, createServer()])("what is no server takes no WebSockets", async (server) => {
  const serving = serveWebSocket(server as never, { port: 0 });
  await expect(serving).rejects.toThrow(new TypeError("serveWebSocket takes a Server, and then its options"));
});

test("an upgrade without the subprotocol is answered with what to do", async () => {
  const server = await echoServer();
  const { address } = await serveWebSocket(server, { port: 0 });
  for (const protocols of [[], ["binary"]]) {
    const { status, text } = await refusal(address, { protocols });
    expect(status).toBe(400);
    expect(text).toContain("Offer the subprotocol peng3dnet.2");
  }
  const ws = await dial(address, { protocols: ["binary", "peng3dnet.2"] });
  expect(ws.protocol).toBe("peng3dnet.2");
  const closed = closeOf(ws);
  server.stop();
  expect(await closed).toEqual({ code: 4000, reason: "socketclose" });
});

test("where it is optional, those that offer none are let in, and those that offer another one are not", async () => {
  const server = await echoServer();
  const { address } = await serveWebSocket(server, { port: 0, subprotocol: "optional" });
  expect((await refusal(address, { protocols: ["binary"] })).status).toBe(400);
  const client = await webSocketClient(address, { protocols: [] });
  expect(await echoed(client, 1)).toBe(1);
});
