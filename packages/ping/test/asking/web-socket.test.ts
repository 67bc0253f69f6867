// Pings over WebSocket, of servers that have no other port, and over any connector.

import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { webSocketConnector } from "@peng3dnet/browser";
import { Server } from "@peng3dnet/core";
import { enablePing, type PingError, pingServer } from "@peng3dnet/ping";
import { webSocketAcceptor } from "@peng3dnet/websocket";
import { WebSocket, WebSocketServer } from "ws";
import { onCleanup, track } from "../../../core/test/support/cleanup.js";
import { freePort } from "../../../core/test/support/raw-peer.js";
import { parseArguments } from "../../src/command/arguments.js";
import { run } from "../../src/command/run.js";

async function pages(path = "/play"): Promise<string> {
  const server = track(new Server({ acceptor: webSocketAcceptor({ path }), addr: "127.0.0.1:0" }));
  enablePing(server, { motd: "by WebSocket" });
  await server.start();
  return `ws://127.0.0.1:${server.addr[1]}${path}`;
}

const failureOf = (addr: string): Promise<string> =>
  pingServer({ addr, WebSocket, timeout: 5 }).then(
    () => "none",
    (error: PingError) => `${error.failure}: ${error.message}`,
  );

test.each(["a string", "a URL"])("a server with WebSockets alone answers to %s", async (kind) => {
  const url = await pages();
  const { motd, delay } = await pingServer({ addr: kind === "a URL" ? new URL(url) : url });
  expect([motd, delay >= 0]).toEqual(["by WebSocket", true]);
});

test("the class that opens WebSockets may be the program's own", async () => {
  const opened: string[] = [];
  class Noted extends WebSocket {
    constructor(url: string, protocols?: string | string[]) {
      super(url, protocols);
      opened.push(url);
    }
  }
  const url = await pages();
  await pingServer({ addr: url, WebSocket: Noted });
  expect(opened).toEqual([url]);
});

/** A server that speaks WebSocket and sends something to whoever comes. @returns its URL. */
async function hostile(message: Uint8Array, noted: (offered: string | undefined) => void): Promise<string> {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1", perMessageDeflate: { threshold: 0 } });
  onCleanup(() => {
    for (const socket of server.clients) socket.terminate();
    server.close();
  });
  server.on("connection", (socket, { headers }) => {
    noted(headers["sec-websocket-extensions"]);
    socket.on("error", () => {});
    socket.send(message);
  });
  await once(server, "listening");
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

// Where the runtime has a WebSocket of its own, that says what it takes.
const withoutOwn = "WebSocket" in globalThis ? test.skip : test;

withoutOwn("nothing is inflated or put together for a server that is hostile", async () => {
  const offered: unknown[] = [];
  const url = await hostile(new Uint8Array(3 * 1024 * 1024), (offer) => void offered.push(offer));
  const error = (await pingServer({ addr: url, timeout: 5 }).catch((failed: unknown) => failed)) as PingError;
  expect(offered).toEqual([undefined]);
  expect(error.failure).not.toBe("timeout");
  expect(error.message).not.toContain("said nothing");
});

test("a connector takes the ping over any transport", async () => {
  const connector = webSocketConnector(await pages(), { WebSocket });
  expect((await pingServer({ connector })).motd).toBe("by WebSocket");
});

test("a class for WebSockets is not passed over where none is opened", async () => {
  await expect(pingServer({ addr: "127.0.0.1:9", WebSocket })).rejects.toThrow('option "WebSocket"');
});

test("what went wrong is told", async () => {
  const url = await pages();
  expect(await failureOf(url.replace("/play", "/other"))).toMatch(
    /^unreachable: .*no WebSocket at this path/,
  );
  expect(await failureOf(`ws://127.0.0.1:${await freePort()}/play`)).toMatch(/^refused: .*nothing listens/);
  const http = createHttpServer((_request, response) => response.end("hello"));
  onCleanup(() => void http.close());
  await new Promise<void>((ready) => http.listen(0, "127.0.0.1", ready));
  const { port } = http.address() as AddressInfo;
  expect(await failureOf(`ws://127.0.0.1:${port}/`)).toMatch(/^unreachable: .*cannot open ws:\/\/127/);
});

test("the command takes the same addresses", async () => {
  const url = await pages();
  const printed: string[] = [];
  const code = await run(["--json", url], {
    out: (text) => void printed.push(text),
    err: (text) => void printed.push(text),
    terminal: false,
    colours: false,
    columns: () => 80,
    version: "0",
    signal: new AbortController().signal,
  });
  expect([code, JSON.parse(printed.join(""))]).toMatchObject([
    0,
    { target: url, ok: true, data: { motd: "by WebSocket" } },
  ]);
});

test.each([
  [["--ca", "ca.pem"], "--ca is for HOST[:PORT]"],
  [["--insecure"], "--insecure is for"],
  [["-4"], "-4 is for"],
])("%j is refused with a URL, and not passed over", (options, message) => {
  expect(() => parseArguments([...options, "wss://game.example/play"])).toThrow(message);
});
