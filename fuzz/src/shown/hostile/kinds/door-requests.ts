// What comes to the door for WebSockets, and does not, or not yet, get through.

import { concat } from "../../../bytes.js";
import { type Attacker, ENTER, type Flow, flood } from "../attacker.js";
import { packet, repeated } from "../bodies.js";
import type { Attack, Kind, WebSocketDoor } from "../kind.js";
import { IN } from "../packets.js";
import { FRAME, httpRequest, manyHeaders, message, upgradeRequest, webSocketFrame } from "../web-socket.js";
import { many } from "./connections.js";

const PORT: WebSocketDoor = { on: "port" };
const HTTP: WebSocketDoor = { on: "http" };

function requests(
  name: string,
  title: string,
  door: WebSocketDoor,
  chunk: Flow["chunk"],
  flow: Omit<Flow, "chunk"> = {},
): Kind {
  const { connections = 20 } = flow;
  return {
    name,
    title: `WebSocket: ${title}`,
    connections,
    victim: { webSocket: door },
    prepare: () => (attacker) =>
      flood(attacker, { connections, every: 10, anew: true, addresses: 16, ...flow, chunk }),
  };
}

/** Bytes of a request one by one, over many connections. */
function dribbled(count: number, bytes: Uint8Array): Attack {
  return async (attacker: Attacker) => {
    const sockets = await many(attacker, count, (index) => ({ from: index % 32 }));
    for (let at = 0; !attacker.over && at < bytes.length; at++) {
      for (const socket of sockets) attacker.write(socket, bytes.subarray(at, at + 1));
      await attacker.pause(1000);
    }
  };
}

/** A request of which the last line is missing. */
const halfRequest = (): Uint8Array => upgradeRequest().subarray(0, -2);

const octet = (): number => Math.floor(Math.random() * 256);
const anyAddress = (): string => `10.${octet()}.${octet()}.${octet()}`;
/** As many addresses as there is room for, none of which is a proxy's. */
const addresses = (): string => Array.from({ length: 900 }, anyAddress).join(", ");
const spoofed = (): Uint8Array => upgradeRequest(`X-Forwarded-For: ${anyAddress()}`);

export const DOOR_REQUESTS: readonly Kind[] = [
  requests("ws-upgrades", "upgrades, each connection reset behind it", PORT, () => upgradeRequest(), {
    connections: 40,
  }),
  requests("ws-upgrades-http", "the same to a program's own http server", HTTP, () => upgradeRequest(), {
    connections: 40,
  }),
  {
    name: "ws-half-upgrades",
    title: "WebSocket: requests for an upgrade without their last line",
    connections: 1500,
    stays: true,
    seconds: 3,
    victim: { webSocket: PORT },
    prepare: () => async (attacker) =>
      void (await many(attacker, 1500, (index) => ({ first: halfRequest(), from: index % 32 }))),
  },
  {
    name: "ws-slow-upgrades",
    title: "WebSocket: requests for an upgrade, a byte a second",
    connections: 1000,
    stays: true,
    seconds: 4,
    victim: { webSocket: PORT },
    prepare: () => dribbled(1000, upgradeRequest()),
  },
  requests("ws-silent-upgrades", "upgrades, and then silence", PORT, () => upgradeRequest(), {
    connections: 400,
    anew: false,
    every: 10_000,
  }),
  requests("ws-long-header", "a header of 1 MiB", PORT, upgradeRequest(`X: ${"x".repeat(1024 * 1024)}`)),
  requests("ws-many-headers", "1,800 headers", PORT, upgradeRequest(...manyHeaders())),
  requests(
    "ws-many-headers-http",
    "the same to a program's own http server",
    HTTP,
    upgradeRequest(...manyHeaders()),
  ),
  requests("ws-pages", "requests for a page", PORT, httpRequest("GET / HTTP/1.1")),
  requests(
    "ws-pages-kept",
    "requests for pages on the same connection, without end",
    PORT,
    repeated(httpRequest("GET / HTTP/1.1")),
    {
      anew: false,
      every: 5,
    },
  ),
  requests(
    "ws-pages-http",
    "requests for a page, and then an upgrade, to a program's own http server",
    HTTP,
    () => concat([httpRequest("GET / HTTP/1.1"), httpRequest("GET / HTTP/1.1"), upgradeRequest()]),
  ),
  requests("ws-bodies", "requests with a body that does not end, which ask for an upgrade", PORT, () =>
    concat([upgradeRequest("Content-Length: 1000000000"), new Uint8Array(64 * 1024)]),
  ),
  requests("ws-origins", "upgrades from a page that may not connect", PORT, () =>
    upgradeRequest("Origin: https://evil.example"),
  ),
  requests("ws-odd-origins", "the same with origins that are none, and long ones", PORT, (turn) =>
    upgradeRequest(`Origin: ${["x".repeat(12_000), "https://[", "null", "data:,x", "a://b/c"][turn % 5]}`),
  ),
  requests(
    "ws-origins-throw",
    "origins that make the program's own function throw",
    { on: "port", origins: (origin) => new URL(origin).hostname === "localhost" },
    () => upgradeRequest(`Origin: ${Math.random()}\u00a0`),
    { every: 2 },
  ),
  requests("ws-paths", "upgrades of paths that are not there", HTTP, () =>
    httpRequest(`GET /${Math.random()} HTTP/1.1`, "Connection: Upgrade", "Upgrade: websocket"),
  ),
  requests("ws-duplicates", "upgrades in which all headers come twice", PORT, () =>
    upgradeRequest(
      "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
      "Sec-WebSocket-Version: 13",
      "Sec-WebSocket-Protocol: peng3dnet.2, peng3dnet.2",
      "Upgrade: websocket",
    ),
  ),
  requests("ws-subprotocols", "upgrades that offer as many subprotocols as there is room for", PORT, () =>
    upgradeRequest(
      `Sec-WebSocket-Protocol: ${Array.from({ length: 2500 }, (_, index) => `p${index}`).join(",")}`,
    ),
  ),
  requests(
    "ws-deflate",
    "upgrades that offer compression, with a compressed message right behind",
    PORT,
    () =>
      concat([
        upgradeRequest("Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"),
        webSocketFrame(FRAME.binary | 0x40, Uint8Array.of(0xaa, 0x56, 0x2a, 0x01, 0x00)),
      ]),
  ),
  requests("ws-extensions", "upgrades that offer as many extensions as there is room for", PORT, () =>
    upgradeRequest(
      `Sec-WebSocket-Extensions: ${"permessage-deflate; server_max_window_bits=8, ".repeat(300)}x`,
    ),
  ),
  requests("ws-head", "as many tiny packets right behind the upgrade as are read with it", PORT, () =>
    concat([upgradeRequest(), message(ENTER), message(repeated(packet(IN.id, 1)))]),
  ),
  requests("ws-head-http", "the same to a program's own http server", HTTP, () =>
    concat([upgradeRequest(), message(ENTER), message(repeated(packet(IN.id, 1)))]),
  ),
  requests(
    "ws-forwarded",
    "upgrades that say they come from elsewhere, where no proxy is trusted",
    PORT,
    spoofed,
    {
      connections: 40,
    },
  ),
  requests(
    "ws-forwarded-trusted",
    "the same where all are trusted: each is somebody else",
    { on: "port", trustedProxies: ["loopback"] },
    spoofed,
    {
      connections: 40,
    },
  ),
  requests(
    "ws-forwarded-long",
    "the same with as many addresses as there is room for",
    { on: "port", trustedProxies: ["0.0.0.0/0"] },
    () => upgradeRequest(`X-Forwarded-For: ${addresses()}`),
    {
      connections: 20,
    },
  ),
  {
    name: "ws-finished",
    title: "WebSocket: finished handshakes from one address, more than it may have, silent from then on",
    connections: 1500,
    seconds: 6,
    victim: { webSocket: PORT },
    prepare: () => {
      const enter = message(ENTER);
      return async (attacker) =>
        void (await many(attacker, 1500, () => ({ first: concat([spoofed(), enter]) })));
    },
  },
];
