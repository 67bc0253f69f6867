// Hundreds of connections from several addresses that all do the same at the same moment, beside sending packets.

import type { Socket } from "node:net";
import { concat } from "../../../bytes.js";
import { type Attacker, ENTER, flood, type Opening } from "../attacker.js";
import { CLOSE_ID, packet } from "../bodies.js";
import type { Attack, Kind } from "../kind.js";
import { IN } from "../packets.js";
import { ASK } from "../requests.js";
import { FRAME, manyHeaders, message, upgradeRequest, webSocketFrame } from "../web-socket.js";
import { many } from "./connections.js";
import { ENTER_RESUMABLE, guess, KEEPS } from "./resumption.js";

const spread = (index: number): number => index % 16;
const ENTER_WEB_SOCKET = concat([upgradeRequest(), message(ENTER)]);
const MORE = new Uint8Array(60_000);
const UPGRADE_AND_MORE = concat([upgradeRequest(), MORE]);
const LONG_UPGRADE = concat([upgradeRequest(...manyHeaders()), MORE]);

/** All are there, and then have one moment; with `again`, all come anew. */
function atOnce(
  count: number,
  opening: Opening,
  moment: (attacker: Attacker, socket: Socket, index: number) => void,
  again = false,
): () => Attack {
  return () => async (attacker) => {
    do {
      const sockets = await many(attacker, count, (index) => ({ ...opening, from: spread(index) }));
      if (!again && sockets.length < count) return;
      // The server lets them in.
      await attacker.pause(500);
      for (const [index, socket] of sockets.entries()) moment(attacker, socket, index);
      await attacker.pause(20);
    } while (again && !attacker.over);
    // Who comes again and again is never done.
    if (again) attacker.shortfall = null;
    await attacker.rest();
  };
}

/** Each comes, says something, and goes, again and again. */
function coming(connections: number, chunk: Uint8Array | ((turn: number) => Uint8Array)): () => Attack {
  return () => (attacker) =>
    flood(attacker, { connections, chunk, anew: true, every: 20, addresses: 16, deaf: true });
}

/** Requests under ever new ids, each of which is given up at once. */
const cancelled = (turn: number): Uint8Array =>
  concat(
    Array.from({ length: 128 }, (_, index) => {
      const id = turn * 128 + index;
      return concat([packet(ASK.id, [id, 1]), packet(ASK.id, [id])]);
    }),
  );

export const CROWDS: readonly Kind[] = [
  {
    name: "crowd-coming",
    title: "whole handshakes, and a reset, from many, again and again",
    connections: 800,
    seconds: 4,
    prepare: coming(800, ENTER),
  },
  {
    name: "ws-crowd-coming",
    title: "WebSocket: the same",
    connections: 400,
    seconds: 4,
    victim: { webSocket: { on: "port" } },
    prepare: coming(400, ENTER_WEB_SOCKET),
  },
  {
    name: "ws-crowd-http",
    title: "WebSocket: the same to a program's own http server",
    connections: 400,
    seconds: 4,
    victim: { webSocket: { on: "http" } },
    prepare: coming(400, ENTER_WEB_SOCKET),
  },
  {
    name: "ws-crowd-waiting",
    title: "WebSocket: upgrades of many at the same moment, with 1,800 headers and 60,000 bytes behind",
    connections: 600,
    seconds: 4,
    victim: { webSocket: { on: "port" } },
    prepare: atOnce(600, {}, (attacker, socket) => attacker.write(socket, LONG_UPGRADE)),
  },
  {
    name: "ws-crowd-behind",
    title: "WebSocket: the same to a program's own http server, with the headers of browsers",
    connections: 400,
    seconds: 4,
    victim: { webSocket: { on: "http" } },
    prepare: atOnce(400, {}, (attacker, socket) => attacker.write(socket, UPGRADE_AND_MORE)),
  },
  {
    name: "crowd-closing",
    title: "closes with reasons of their own, from many at the same moment, who keep their half open",
    connections: 1000,
    seconds: 4,
    stays: true,
    prepare: atOnce(1000, { first: ENTER, halfOpen: true }, (attacker, socket, index) =>
      attacker.write(socket, packet(CLOSE_ID, { reason: `${index} is off` })),
    ),
  },
  {
    name: "crowd-half-open",
    title: "ends of many streams at the same moment, whose senders read no more",
    connections: 1000,
    seconds: 4,
    stays: true,
    prepare: atOnce(1000, { first: ENTER, halfOpen: true }, (_attacker, socket) => {
      socket.pause();
      socket.end();
    }),
  },
  {
    name: "ws-crowd-closing",
    title: "WebSocket: close frames of many at the same moment, and nothing after them",
    connections: 400,
    seconds: 4,
    stays: true,
    victim: { webSocket: { on: "port" } },
    prepare: atOnce(400, { first: ENTER_WEB_SOCKET, halfOpen: true }, (attacker, socket) =>
      attacker.write(socket, webSocketFrame(FRAME.close, Uint8Array.of(0x03, 0xe8))),
    ),
  },
  {
    name: "crowd-dropped",
    title: "sessions that are dropped, many at the same moment, again and again",
    connections: 400,
    seconds: 4,
    victim: { cfg: KEEPS },
    prepare: atOnce(
      400,
      { first: concat([ENTER_RESUMABLE, packet(IN.id, 1)]) },
      (_attacker, socket) => socket.resetAndDestroy(),
      true,
    ),
  },
  {
    name: "crowd-tickets",
    title: "tickets that nobody was given, of many, again and again",
    connections: 400,
    seconds: 4,
    victim: { cfg: KEEPS },
    prepare: coming(400, guess),
  },
  {
    name: "crowd-cancelled",
    title: "requests that are given up at once, of many, to handlers that heed it",
    connections: 400,
    seconds: 4,
    victim: { requests: "heedful" },
    prepare: () => (attacker) =>
      flood(attacker, { connections: 400, first: ENTER, chunk: cancelled, every: 100, addresses: 16 }),
  },
  {
    name: "crowd-groups",
    title: "groups that clients name, ever new ones, of many",
    connections: 400,
    seconds: 4,
    victim: { app: "groups" },
    prepare: () => {
      const names = (turn: number): Uint8Array =>
        concat(
          Array.from({ length: 64 }, (_, index) => packet(IN.id, `group ${turn} ${index} ${"x".repeat(40)}`)),
        );
      return (attacker) =>
        flood(attacker, { connections: 400, first: ENTER, chunk: names, every: 100, addresses: 16 });
    },
  },
];
