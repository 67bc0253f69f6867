// What a connector connects to, and what it tells where no connection comes about.

import { createServer as createHttpServer, type IncomingMessage } from "node:http";
import { createServer, type Socket } from "node:net";
import {
  Client,
  ConfigError,
  type ConfigOverrides,
  ConnectionRefusedError,
  InvalidAddressError,
  TimedOutError,
  TlsConfigError,
  UnsupportedAddressError,
  WebSocketConnectError,
  WebSocketSubprotocolError,
} from "@peng3dnet/core";
import { ManualClock } from "@peng3dnet/core/testing";
import { serveWebSocket, type WebSocketConnectorOptions, webSocketConnector } from "@peng3dnet/websocket";
import { onCleanup, track, trackNetServer } from "../../../core/test/support/cleanup.js";
import { acceptance, listenBare } from "../support/bare-end.js";
import { connectRequest } from "../support/connected.js";
import { Echo, echoed, echoServer, listening } from "../support/http.js";

/** What `start` of a client rejects with. */
async function refusal(
  url: string,
  cfg: ConfigOverrides = {},
  options: WebSocketConnectorOptions = {},
): Promise<Error> {
  const client = track(new Client({ connector: webSocketConnector(url, options), cfg }));
  return client.start().then(
    () => {
      throw new Error("it connected");
    },
    (error: Error) => error,
  );
}

test("packets go both ways, by the host of the URL and not by the address of the client", async () => {
  const server = await echoServer();
  const { address } = await serveWebSocket(server, { port: 0, path: "/play" });
  const connector = webSocketConnector(new URL(`http://localhost:${address[1]}/play?room=7`));
  const client = track(new Client({ packets: [Echo], connector, addr: ["nowhere.invalid", 1] }));
  await client.start();
  expect(client.addr).toEqual(["localhost", address[1]]);
  const value = { text: "x".repeat(100_000), bytes: new Uint8Array(1000) };
  expect(await echoed(client, value)).toEqual(value);
  expect(await client.close("bye")).toMatchObject({ reason: "bye", clean: true });
});

test("addresses are URLs of WebSockets", () => {
  const addressOf = (url: string | URL) => webSocketConnector(url).address;
  expect(addressOf("wss://game.example/play")).toEqual(["game.example", 443]);
  expect(addressOf("ws://game.example")).toEqual(["game.example", 80]);
  expect(addressOf("https://game.example:8443/#part")).toEqual(["game.example", 8443]);
  expect(addressOf(new URL("http://[::1]:9/"))).toEqual(["::1", 9]);
  for (const url of ["/play", "game.example/play", ["game.example", 80], undefined])
    expect(() => webSocketConnector(url as string)).toThrow(InvalidAddressError);
  for (const url of ["localhost:8080", "ftp://game.example"])
    expect(() => webSocketConnector(url)).toThrow(UnsupportedAddressError);
});

test("where nothing listens, the error is that of TCP", async () => {
  const closed = createServer();
  await new Promise<void>((resolve) => closed.listen(0, "127.0.0.1", resolve));
  const { port } = closed.address() as { port: number };
  await new Promise((resolve) => closed.close(resolve));
  const error = await refusal(`ws://127.0.0.1:${port}/play?token=secret`);
  expect(error).toBeInstanceOf(ConnectionRefusedError);
  expect(error.message).toContain(`nothing listens on 127.0.0.1:${port}`);
  expect(error.message).not.toContain("secret");
});

test.each([
  [200, {}, /answered 200; there is no WebSocket at this path/],
  [
    400,
    {},
    /answered 400; the server wants another subprotocol than .* answers all upgrades; .* set the option bridge$/,
  ],
  [401, {}, /answered 401; it wants a name and a password, or a token; the option headers sends one$/],
  [403, {}, /answered 403; the server does not admit it; its option origins/],
  [404, {}, /answered 404; there is no WebSocket at this path/],
  [503, {}, /answered 503; the server is full/],
  [502, {}, /: the server answered 502$/],
  [302, { Location: "https://b.example/" }, /answered 302; it leads to https:\/\/b\.example\/; connect to/],
])("a server that answers %d, and opens nothing", async (status, headers, message) => {
  const http = await listening(
    createHttpServer((_request, response) =>
      response.writeHead(status, { ...headers }).end("x".repeat(100_000)),
    ),
  );
  const gone = new Promise<void>((resolve) => {
    http.on("connection", (socket: Socket) => socket.on("close", resolve));
  });
  const { port } = http.address() as { port: number };
  const error = await refusal(`ws://127.0.0.1:${port}/play?token=secret`);
  expect(error).toBeInstanceOf(WebSocketConnectError);
  expect(error).toMatchObject({ code: "P3D_ERR_WEBSOCKET_CONNECT" });
  expect(error.message).toMatch(message);
  expect(error.message).toContain(`cannot open ws://127.0.0.1:${port}/play: `);
  await gone;
});

test("an origin that the server does not admit", async () => {
  const server = await echoServer();
  const { address } = await serveWebSocket(server, { port: 0 });
  const url = `ws://127.0.0.1:${address[1]}/`;
  const error = await refusal(url, {}, { headers: { Origin: "https://elsewhere.example" } });
  expect(error.message).toContain("answered 403; the server does not admit it");
  const connector = webSocketConnector(url, { headers: { Origin: `http://127.0.0.1:${address[1]}` } });
  await track(new Client({ connector, packets: [Echo] })).start();
});

test.each([
  ["none", ""],
  ["another one", "chat"],
])("a server that selects no subprotocol of ours, but %s", async (_name, selected) => {
  const { url, connected } = await listenBare((request, socket) => {
    socket.write(acceptance(request, { "Sec-WebSocket-Protocol": selected }));
  });
  const error = await refusal(url);
  expect(error).toBeInstanceOf(WebSocketSubprotocolError);
  expect(error.message).toContain("did not select the subprotocol peng3dnet.2");
  expect(error.message).toContain("set the option bridge");
  expect((error.cause as Error).message).toMatch(/subprotocol/);
  const { socket } = await connected;
  await new Promise((resolve) => socket.destroyed || socket.once("close", resolve));
});

test("a server that selects a subprotocol, though a bridge is offered none", async () => {
  const { url } = await listenBare();
  const error = await refusal(url, {}, { bridge: true });
  expect(error).toBeInstanceOf(WebSocketSubprotocolError);
  expect(error.message).toContain("leave the option bridge out");
});

test("a server of ours that is taken for a bridge", async () => {
  const { address } = await serveWebSocket(await echoServer(), { port: 0 });
  const error = await refusal(`ws://127.0.0.1:${address[1]}/`, {}, { bridge: true });
  expect(error).toBeInstanceOf(WebSocketConnectError);
  expect(error.message).toMatch(/answered 400; .* leave the option bridge out$/);
});

test("an answer to another request than this one", async () => {
  const { url } = await listenBare((request, socket) => {
    socket.write(acceptance(request, { "Sec-WebSocket-Accept": "c29tZXRoaW5nIGVsc2U=" }));
  });
  const error = await refusal(url);
  expect(error).toBeInstanceOf(WebSocketConnectError);
  expect(error).not.toBeInstanceOf(WebSocketSubprotocolError);
  expect(error.message).toMatch(/Sec-WebSocket-Accept .*; .*correct the address$/);
});

test.each([
  ["is too long", `HTTP/1.1 200 OK\r\nA: ${"b".repeat(20_000)}\r\n`, /the head of the answer is too long; /],
  ["breaks a rule", "HTTP/1.1 200 OK\r\nno header\r\n", /breaks a rule of HTTP \(.*Invalid header token\); /],
])("a head of an answer that %s", async (_name, head, message) => {
  const { url } = await listenBare((_request, socket) => void socket.write(head));
  const error = await refusal(url);
  expect(error).toBeInstanceOf(WebSocketConnectError);
  expect(error.message).toMatch(message);
  expect((error.cause as { code?: string }).code).toMatch(/^HPE_/);
});

const INTERIM = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";

test("a server that announces its answer, and then opens the WebSocket", async () => {
  const { url } = await listenBare((request, socket) => {
    socket.write(INTERIM.repeat(16) + acceptance(request));
  });
  await webSocketConnector(url).connect(connectRequest((transport) => onCleanup(() => transport.destroy())));
});

test("a server that announces its answer again and again is given up", async () => {
  const { url, connected } = await listenBare((_request, socket) => void socket.write(INTERIM.repeat(2000)));
  const error = await refusal(url);
  expect(error).toBeInstanceOf(WebSocketConnectError);
  expect(error.message).toContain(`cannot open ${url}: more than 16 answers came that only announce one`);
  const { socket } = await connected;
  await new Promise((resolve) => socket.destroyed || socket.once("close", resolve));
});

test("a server of TCP at the port", async () => {
  const { addr } = await echoServer();
  const error = await refusal(`ws://127.0.0.1:${addr[1]}/`);
  expect(error).toBeInstanceOf(WebSocketConnectError);
  expect(error.message).toContain(
    "no HTTP; correct the port, connect over TCP, or begin the address with wss://",
  );
});

test.each([
  ["ends", (socket: Socket) => socket.end()],
  ["is reset", (socket: Socket) => socket.resetAndDestroy()],
])("a connection that %s within the handshake", async (_name, leave) => {
  const { url } = await listenBare((_request, socket) => void leave(socket));
  const error = await refusal(url);
  expect(error).toBeInstanceOf(WebSocketConnectError);
  expect(error.message).toContain("the connection ended within the opening handshake");
});

test("a server that does not answer is given up after net.timeout.handshake", async () => {
  const { url, connected } = await listenBare(() => {});
  const clock = new ManualClock();
  const client = track(new Client({ connector: webSocketConnector(url), clock }));
  const starting = client.start();
  const { socket } = await connected;
  const gone = new Promise((resolve) => socket.once("close", resolve));
  clock.advance(600);
  await expect(starting).rejects.toThrow(TimedOutError);
  await expect(starting).rejects.toThrow(`${url} did not answer within 10 s (net.timeout.handshake)`);
  await gone;
});

test("an attempt that is given up while the server thinks about it closes its socket", async () => {
  const { url, connected } = await listenBare(() => {});
  const client = track(new Client({ connector: webSocketConnector(url) }));
  const starting = client.start();
  const { socket } = await connected;
  const gone = new Promise((resolve) => socket.once("close", resolve));
  client.stop();
  await expect(starting).rejects.toThrow("aborted");
  await gone;
});

test("an attempt that was given up before opens nothing", async () => {
  let connections = 0;
  const server = trackNetServer(createServer(() => void connections++));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  const abort = new AbortController();
  abort.abort(new Error("enough"));
  const request = { ...connectRequest(() => {}), signal: abort.signal };
  const connecting = webSocketConnector(`ws://127.0.0.1:${port}/`).connect(request);
  await expect(connecting).rejects.toMatchObject({ code: "P3D_ERR_ABORTED", cause: new Error("enough") });
  expect(connections).toBe(0);
});

test("what refuses the transport has its error back, and nothing stays open", async () => {
  const { url, connected } = await listenBare();
  const error = new Error("not now");
  const request = connectRequest(() => {
    throw error;
  });
  await expect(webSocketConnector(url).connect(request)).rejects.toBe(error);
  const { socket } = await connected;
  await new Promise((resolve) => socket.destroyed || socket.once("close", resolve));
});

test("the time since TCP connected counts for the handshake", async () => {
  const { url, connected } = await listenBare();
  const clock = new ManualClock();
  const told: number[] = [];
  const request = { ...connectRequest((_transport, at) => void told.push(at ?? Number.NaN)), clock };
  const before = clock.now();
  const connecting = webSocketConnector(url).connect(request);
  await connected;
  clock.advance(5);
  await connecting;
  expect(told).toEqual([before]);
});

test("headers of one's own go along, and name and password of the URL", async () => {
  const requests: IncomingMessage[] = [];
  const http = createHttpServer();
  http.on("upgrade", (request: IncomingMessage, socket: Socket) => {
    requests.push(request);
    socket.end("HTTP/1.1 403 Forbidden\r\n\r\n");
  });
  await listening(http);
  const { port } = http.address() as { port: number };
  const headers = { Authorization: "Bearer token", "X-Team": "red", Host: "game.example" };
  await refusal(`ws://127.0.0.1:${port}/`, {}, { headers });
  await refusal(`ws://user:word@127.0.0.1:${port}/`);
  expect(requests[0]?.headers).toMatchObject({
    authorization: "Bearer token",
    "x-team": "red",
    host: "game.example",
    "sec-websocket-protocol": "peng3dnet.2",
  });
  expect(requests[0]?.headers).not.toHaveProperty("sec-websocket-extensions");
  expect(requests[1]?.headers.authorization).toBe(`Basic ${btoa("user:word")}`);
});

test.each<[string, object, RegExp]>([
  ["bridge", { bridge: "yes" }, /true or false/],
  ["headers", { headers: "Origin: x" }, /an object of texts by name/],
  ["headers", { headers: ["Origin"] }, /an object of texts by name/],
  ["headers", { headers: new Map([["Origin", "x"]]) }, /an object of texts by name/],
  ["headers", { headers: new Headers({ Origin: "x" }) }, /an object of texts by name/],
  ["headers", { headers: { Origin: 7 } }, /the header Origin has a text/],
  ["headers", { headers: { "no name": "x" } }, /no name/],
  ["headers", { headers: { Origin: "a\r\nb: c" } }, /Invalid character/],
  ["headers", { headers: { "Sec-WebSocket-Extensions": "x" } }, /belongs to the opening handshake/],
  ["headers", { headers: { Trailer: "Origin" } }, /belongs to the opening handshake/],
  ["headers", { headers: { connection: "close" } }, /belongs to the opening handshake/],
])("the option %s of %j is refused at once", (key, options, message) => {
  const make = (): unknown => webSocketConnector("ws://game.example", options);
  expect(make).toThrow(ConfigError);
  expect(make).toThrow(expect.objectContaining({ key, message: expect.stringMatching(message) }));
});

test("with net.ssl.enabled, nothing is sent that is not encrypted", async () => {
  const error = await refusal("ws://127.0.0.1:9/", { "net.ssl.enabled": true });
  expect(error).toBeInstanceOf(TlsConfigError);
  expect(error.message).toContain("wss://");
});

test.each(["game.example:8080", "/play", "//game.example/play", "https://game.example/", "javascript:0"])(
  "what is no URL of a WebSocket is no address to go on at: %s",
  (address) => {
    const { redirected } = webSocketConnector("ws://game.example/play");
    expect(() => redirected?.(address)).toThrow(UnsupportedAddressError);
  },
);

test("from wss it goes on at wss alone, from ws at either", () => {
  const secure = webSocketConnector("wss://game.example/play");
  expect(() => secure.redirected?.("ws://b.example/")).toThrow("has to be, too");
  expect(secure.redirected?.("wss://b.example/").address).toEqual(["b.example", 443]);
  const plain = webSocketConnector("ws://game.example/play");
  expect(plain.redirected?.("wss://b.example/").address).toEqual(["b.example", 443]);
  expect(plain.redirected?.("WS://b.example:9/").address).toEqual(["b.example", 9]);
});
