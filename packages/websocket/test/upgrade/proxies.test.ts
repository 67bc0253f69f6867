// Who a client is that comes by a proxy.

import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Address, SSLSEC_ENCRYPTED, SSLSEC_NONE } from "@peng3dnet/core";
import { type ServeWebSocketOptions, serveWebSocket } from "@peng3dnet/websocket";
import { WebSocket } from "ws";
import { onCleanup } from "../../../core/test/support/cleanup.js";
import { next } from "../../../core/test/support/peers.js";
import { dial, echoServer, refusal } from "../support/http.js";

/** The client that the server sees, of one who sends these headers. */
async function seen(options: ServeWebSocketOptions, headers: Record<string, string | string[]>) {
  const server = await echoServer();
  const { address } = await serveWebSocket(server, { port: 0, ...options });
  const accepted = next(server, "connection");
  await dial(address, { headers: headers as Record<string, string> });
  const [client] = await accepted;
  return client;
}

const host = async (options: ServeWebSocketOptions, forwarded: string | string[]): Promise<string> =>
  (await seen(options, { "x-forwarded-for": forwarded })).addr[0];

test.each<[string, readonly string[] | undefined, string | string[], string]>([
  ["nobody is believed by default", undefined, "203.0.113.5", "127.0.0.1"],
  ["a stranger is not believed", ["10.0.0.0/8"], "203.0.113.5", "127.0.0.1"],
  ["a proxy says who the client is", ["loopback"], "203.0.113.5", "203.0.113.5"],
  ["by its address", ["127.0.0.1"], "203.0.113.5", "203.0.113.5"],
  [
    "what the client itself wrote before is not believed",
    ["loopback"],
    "1.1.1.1, 203.0.113.5",
    "203.0.113.5",
  ],
  ["proxies in a row", ["loopback", "10.0.0.0/8"], "1.1.1.1, 203.0.113.5, 10.1.2.3", "203.0.113.5"],
  ["in several headers", ["loopback", "10.0.0.0/8"], ["1.1.1.1, 203.0.113.5", "10.1.2.3"], "203.0.113.5"],
  ["a proxy as a client", ["loopback", "10.0.0.0/8"], "10.1.2.3", "10.1.2.3"],
  ["a port is left out", ["loopback"], "203.0.113.5:4711", "203.0.113.5"],
  ["IPv6", ["loopback"], "2001:db8::1", "2001:db8::1"],
  ["IPv6 in brackets", ["loopback"], "[2001:db8::1]:4711", "2001:db8::1"],
  ["IPv4 as IPv6", ["loopback"], "::ffff:203.0.113.5", "203.0.113.5"],
  ["what is no address ends the chain", ["loopback"], "203.0.113.5, unknown", "127.0.0.1"],
  ["behind a proxy, too", ["loopback", "10.0.0.0/8"], "203.0.113.5, <script>, 10.1.2.3", "10.1.2.3"],
  ["nothing", ["loopback"], "", "127.0.0.1"],
])("%s", async (_name, trustedProxies, forwarded, expected) => {
  expect(await host({ trustedProxies }, forwarded)).toBe(expected);
});

test("a proxy over a socket of the file system", async () => {
  const folder = mkdtempSync(join(tmpdir(), "peng3dnet-"));
  const path = join(folder, "socket");
  const http = createServer();
  onCleanup(async () => {
    http.closeAllConnections();
    await new Promise((closed) => http.close(closed));
    rmSync(folder, { recursive: true });
  });
  await new Promise<void>((resolve) => http.listen(path, resolve));
  const server = await echoServer();
  const ways = await serveWebSocket(server, { server: http, trustedProxies: ["unix"] });
  expect(ways.address).toEqual([path, 0]);
  const accepted = next(server, "connection");
  const ws = new WebSocket(`ws+unix:${path}:/`, "peng3dnet.2", {
    headers: { "x-forwarded-for": "203.0.113.5" },
  });
  ws.on("error", () => {});
  onCleanup(() => ws.terminate());
  expect((await accepted)[0].addr).toEqual<Address>(["203.0.113.5", 0]);
});

test("limits by address go by the client's, and cannot be got round by a header of one's own", async () => {
  const server = await echoServer({ "net.limits.connections.address": 1 });
  const { address } = await serveWebSocket(server, { port: 0, trustedProxies: ["loopback"] });
  const from = (forwarded: string) => ({ headers: { "x-forwarded-for": forwarded } });
  await dial(address, from("203.0.113.5"));
  expect((await refusal(address, from("203.0.113.5"))).status).toBe(503);
  expect((await refusal(address, from("198.51.100.1, 203.0.113.5"))).status).toBe(503);
  await dial(address, from("198.51.100.1"));
  expect(server.clients.size).toBe(2);
});

test.each<[string, ServeWebSocketOptions, number]>([
  ["plain, unless it is said otherwise", { trustedProxies: ["loopback"] }, SSLSEC_NONE],
  [
    "encrypted, where the proxy ends TLS",
    { trustedProxies: ["loopback"], encryptedByProxy: true },
    SSLSEC_ENCRYPTED,
  ],
  [
    "plain from those who pass the proxy by",
    { trustedProxies: ["10.0.0.1"], encryptedByProxy: true },
    SSLSEC_NONE,
  ],
])("what comes by a proxy is %s", async (_name, options, expected) => {
  const client = await seen(options, { "x-forwarded-for": "203.0.113.5" });
  expect(client.conn.sslSeclevel).toBe(expected);
});
