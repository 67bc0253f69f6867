// Which pages may connect.

import { type Logger, Server } from "@peng3dnet/core";
import { type Origins, serveWebSocket } from "@peng3dnet/websocket";
import { track } from "../../core/test/support/cleanup.js";
import { dial, echoServer, refusal } from "./support/http.js";

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
  ["of no address", undefined, "nonsense", "nonsense"],
  ["with a path", undefined, "https://game.example/path", "game.example"],
  ["listed with another scheme", ["https://other.example"], "http://other.example", "game.example"],
  ["what a function does not allow", () => false, "https://game.example", "game.example"],
  ["what a function allows later", (async () => true) as never, "https://game.example", "game.example"],
])("a page is refused: %s", async (_name, origins, origin, host) => {
  const { status, text } = await refusal(await serve(origins), { headers: { origin, host } });
  expect(status).toBe(403);
  expect(text).toContain("option origins");
});

test("a function that throws refuses, and is reported", async () => {
  const errors: string[] = [];
  const logger: Logger = { debug() {}, info() {}, warn() {}, error: (line) => errors.push(line) };
  const server = track(new Server({ addr: "127.0.0.1:0", logger }));
  const origins = (): boolean => {
    throw new Error("no database");
  };
  const { address } = await serveWebSocket(server, { port: 0, origins });
  expect((await refusal(address, { headers: { origin: "https://a.example" } })).status).toBe(500);
  expect(errors).toEqual([expect.stringContaining("no database")]);
});

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
  expect(errors).toEqual([
    "the option origins threw: no database",
    "the option origins threw: no database (happened 10 times so far)",
  ]);
});
