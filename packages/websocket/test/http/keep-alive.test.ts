// net.tcp.keepalive holds for WebSockets as for TCP. Linux tells of each socket's timers.

import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { type ServeWebSocketOptions, serveWebSocket } from "@peng3dnet/websocket";
import { tableAddress } from "../../../core/src/tcp/kernel-queue.js";
import { bareTls, certPem, keyPem } from "../../../core/test/support/certificates.js";
import { next } from "../../../core/test/support/peers.js";
import { type DialOptions, dial, echoServer, listening } from "../support/http.js";

const TABLE = "/proc/net/tcp";
const onLinux = process.platform === "linux" && existsSync(TABLE) ? describe : describe.skip;

const identity = () => ({ cert: certPem("server"), key: keyPem("server") });
const secure = (): DialOptions => ({ ...bareTls(), scheme: "wss", servername: "localhost" });
const plain = (): DialOptions => ({});

const ways: [string, () => Promise<ServeWebSocketOptions>, () => DialOptions][] = [
  ["a port of its own", async () => ({ port: 0 }), plain],
  ["a port of its own with TLS", async () => ({ port: 0, tls: identity() }), secure],
  ["an http server", async () => ({ server: await listening(createServer()) }), plain],
  [
    "an http server that asks by itself",
    async () => ({ server: await listening(createServer({ keepAlive: true })) }),
    plain,
  ],
  ["an https server", async () => ({ server: await listening(createHttpsServer(identity())) }), secure],
];

onLinux.each(ways)("the system asks for clients of %s", (_way, options, how) => {
  test.each<[string, number, number | undefined]>([
    ["as long as the option says", 99.5, 100],
    ["never with 0", 0, undefined],
  ])("%s", async (_name, keepAlive, seconds) => {
    const server = await echoServer({ "net.tcp.keepalive": keepAlive, "net.heartbeat.interval": 0 });
    const { address } = await serveWebSocket(server, await options());
    const connection = next(server, "connection");
    await dial(address, how());
    const [{ conn }] = await connection;
    const key = [address, conn.remoteAddress].map(([host, port]) => tableAddress(host, port)).join(" ");
    const timer = (): readonly [string, number] => {
      const rows = readFileSync(TABLE, "latin1");
      // Queues, then the timer: its kind, of which 2 is keep-alive, and hundredths of a second.
      const after = rows.slice(rows.indexOf(key) + key.length);
      const [, kind, left] = /^ \w\w \w+:\w+ (\w\w):(\w+)/.exec(after)!;
      return [kind!, Number.parseInt(left!, 16) / 100];
    };
    let [kind, left] = timer();
    // Until all that was sent is acknowledged, another timer runs.
    while (kind === "01") {
      await new Promise((resolve) => setImmediate(resolve));
      [kind, left] = timer();
    }
    expect(kind).toBe(seconds === undefined ? "00" : "02");
    if (seconds === undefined) return;
    expect(left).toBeLessThanOrEqual(seconds + 1);
    expect(left).toBeGreaterThan(seconds - 8);
  });
});
