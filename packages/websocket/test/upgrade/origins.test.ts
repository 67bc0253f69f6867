// Which pages may connect.

import type { IncomingMessage } from "node:http";
import { ConfigError, type Logger, Server } from "@peng3dnet/core";
import {
  type Origins,
  type ServeWebSocketOptions,
  serveWebSocket,
  webSocketAcceptor,
} from "@peng3dnet/websocket";
import { track } from "../../../core/test/support/cleanup.js";
import { next } from "../../../core/test/support/peers.js";
import { addressOf, type DialOptions, dial, echoServer, httpServer, refusal } from "../support/http.js";

async function serve(origins?: Origins) {
  const server = await echoServer();
  const { address } = await serveWebSocket(server, { port: 0, origins });
  return address;
}

test.each<[string, Origins | undefined, string | undefined, string | undefined]>([
  ["no page", undefined, undefined, undefined],
  ["of the same host", undefined, "https://game.example", "game.example"],
  ["of the same host, in capitals", undefined, "https://game.example", "Game.Example"],
  ["of the same host and port", undefined, "http://game.example:8080", "game.example:8080"],
  ["of the same host, whose port goes without saying", undefined, "https://game.example", "game.example:443"],
  ["listed", ["https://other.example"], "https://other.example", "game.example"],
  ["listed with a slash", ["https://Other.example/"], "https://other.example", "game.example"],
  ["of the same host, beside others", ["https://other.example"], "https://game.example", "game.example"],
  ["a file, where that is listed", ["null"], "null", "game.example"],
  ["an app's, listed", ["capacitor://localhost"], "capacitor://localhost", "game.example"],
  ["an app's, listed with a slash", ["tauri://Localhost/"], "tauri://localhost", "game.example"],
  ["a program's for the desktop, listed", ["app://game"], "app://game", "game.example"],
  ["an extension's, listed", ["chrome-extension://abc"], "chrome-extension://abc", "game.example"],
  ["any, where all may", "*", "https://other.example", "game.example"],
  ["what a function allows", (origin) => origin.endsWith(".example"), "https://a.example", "game.test"],
])("a page is let in: %s", async (_name, origins, origin, host) => {
  const headers = { ...(host !== undefined && { host }), ...(origin !== undefined && { origin }) };
  const ws = await dial(await serve(origins), { headers });
  expect(ws.protocol).toBe("peng3dnet.2");
});

test.each<[string, Origins | undefined, string, string]>([
  ["of another host", undefined, "https://other.example", "game.example"],
  ["of a host below", undefined, "https://evil.game.example", "game.example"],
  ["of a host whose name begins the same", undefined, "https://game.example.evil", "game.example"],
  ["of another port", undefined, "http://game.example:8080", "game.example"],
  ["of a port that only goes without saying for https", undefined, "http://game.example", "game.example:443"],
  ["a file", undefined, "null", "null"],
  ["an app's, of the same host", undefined, "capacitor://localhost", "localhost"],
  ["an app's, of another host than listed", ["app://game"], "app://other", "game.example"],
  ["an app's, of another scheme than listed", ["app://game"], "tauri://game", "game.example"],
  ["of no address", undefined, "nonsense", "nonsense"],
  ["with a path", undefined, "https://game.example/path", "game.example"],
  ["listed with another scheme", ["https://other.example"], "http://other.example", "game.example"],
  ["what a function does not allow", () => false, "https://game.example", "game.example"],
])("a page is refused: %s", async (_name, origins, origin, host) => {
  const { status, text } = await refusal(await serve(origins), { headers: { origin, host } });
  expect(status).toBe(403);
  expect(text).toContain("option origins");
});

test.each<[string, () => unknown, string]>([
  [
    "throws",
    () => {
      throw new Error("no database");
    },
    "no database",
  ],
  ["answers later", async () => true, "true or false at once"],
  ["answers later, and fails", () => Promise.reject(new Error("late")), "true or false at once"],
  ["answers with something else", () => "https://a.example", "returned string"],
])("a function that %s refuses, and is reported as handlers are", async (_name, origins, message) => {
  const server = track(new Server({ addr: "127.0.0.1:0" }));
  const { address } = await serveWebSocket(server, { port: 0, origins: origins as () => boolean });
  const failed = next(server, "handlerError");
  const dropped = next(server, "drop");
  expect((await refusal(address, { headers: { origin: "https://a.example" } })).status).toBe(500);
  const [error, { where }] = await failed;
  expect([(error as Error).message, where]).toEqual([expect.stringContaining(message), "the option origins"]);
  expect((await dropped)[0].reason).toBe("internalerror");
});

test.each<[string, ServeWebSocketOptions, DialOptions, string]>([
  ["the page", {}, { headers: { origin: "https://a.example" } }, "badorigin"],
  ["the subprotocol", {}, { protocols: ["other"] }, "badupgrade"],
  ["the path", {}, { path: "/other" }, "badupgrade"],
  [
    "the page, behind a proxy",
    { trustedProxies: ["loopback"] },
    { headers: { origin: "https://a.example", "x-forwarded-for": "192.0.2.7" } },
    "badorigin",
  ],
])("who is refused for %s is told by the event drop, and counted", async (_name, options, dialed, reason) => {
  const server = await echoServer();
  const { address } = await serveWebSocket(server, { port: 0, ...options });
  const dropped = next(server, "drop");
  await refusal(address, dialed);
  const host = options.trustedProxies === undefined ? "127.0.0.1" : "192.0.2.7";
  expect((await dropped)[0]).toEqual({ addr: [host, expect.any(Number)], reason });
  expect(server.metrics.rejectedBy).toEqual({ [reason]: 1 });
});

test("on somebody's http server, who asks at a path that nobody has is told and counted, too", async () => {
  const server = await echoServer();
  const http = await httpServer();
  await serveWebSocket(server, { server: http, path: "/play" });
  const dropped = next(server, "drop");
  expect((await refusal(addressOf(http), { path: "/pla" })).status).toBe(404);
  expect((await dropped)[0].reason).toBe("badupgrade");
});

test.each([["a port of its own"], ["somebody's http server"]])(
  "a function may end the connection itself, on %s: nobody is let in, and nothing is reported",
  async (where) => {
    const server = await echoServer();
    const http = where === "a port of its own" ? undefined : await httpServer();
    const failed = jest.fn();
    server.on("handlerError", failed);
    const origins = (_origin: string, { socket }: IncomingMessage): boolean => {
      socket.destroy();
      return true;
    };
    const ways = await serveWebSocket(server, {
      ...(http === undefined ? { port: 0 } : { server: http }),
      origins,
    });
    await expect(dial(ways.address, { headers: { origin: "https://a.example" } })).rejects.toThrow();
    expect(failed).not.toHaveBeenCalled();
    expect(server.clients.size).toBe(0);
  },
);

test("a function may close what takes WebSockets: who is asked for is not let in any more", async () => {
  const server = await echoServer();
  const http = await httpServer();
  const origins = (): boolean => {
    void ways.close();
    return true;
  };
  const ways = await serveWebSocket(server, { server: http, origins });
  const dropped = next(server, "drop");
  const { status } = await refusal(addressOf(http), { headers: { origin: "https://a.example" } });
  expect([status, (await dropped)[0].reason]).toEqual([503, "servershutdown"]);
  expect(server.clients.size).toBe(0);
});

test("an origin with a wildcard is refused where it is written", () => {
  const origins = ["https://*.game.example"];
  expect(() => webSocketAcceptor({ origins })).toThrow(ConfigError);
  expect(() => webSocketAcceptor({ origins })).toThrow("hand in a function");
});

test.each([["app://"], ["file:///index.html"], ["file://host"], ["app://game/path"], ["app:game"]])(
  "%s is no origin",
  (origin) => {
    expect(() => webSocketAcceptor({ origins: [origin] })).toThrow("is no origin");
  },
);

test.each<[string, Origins]>([
  [
    "throws",
    () => {
      throw new Error("no database");
    },
  ],
  ["rejects", (async () => Promise.reject(new Error("no database"))) as never],
])("a function that %s each time is not reported each time", async (_name, origins) => {
  const errors: string[] = [];
  const logger: Logger = { debug() {}, info() {}, warn() {}, error: (line) => errors.push(line) };
  const server = track(new Server({ addr: "127.0.0.1:0", logger }));
  const { address } = await serveWebSocket(server, { port: 0, origins });
  for (let count = 0; count < 12; count++)
    await refusal(address, { headers: { origin: "https://a.example" } });
  expect(errors).toHaveLength(2);
  expect(errors[0]).toMatch(
    /^the option origins: \w*Error: (no database|the function has to return true or false)/,
  );
  expect(errors[1]).toMatch(/\(happened 10 times so far\)$/);
});
