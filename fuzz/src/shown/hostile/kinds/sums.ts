// Many connections that each do a little of what is bounded for one of them.

import { concat } from "../../../bytes.js";
import { type Attacker, ENTER, type Opening } from "../attacker.js";
import { compressed, fullListOf, packet, repeated } from "../bodies.js";
import type { Kind, Victim } from "../kind.js";
import { IN } from "../packets.js";
import { ASK } from "../requests.js";
import { message, upgradeRequest } from "../web-socket.js";
import { many } from "./connections.js";

/** Connections that are there before the attack proper, and then do the same as fast as they can, again and again. */
function together(
  count: number,
  opening: (index: number) => Opening,
  chunk: (turn: number) => Uint8Array,
  turns = Number.POSITIVE_INFINITY,
): (attacker: Attacker) => Promise<void> {
  return async (attacker) => {
    const sockets = await many(attacker, count, opening);
    for (let turn = 0; turn < turns && !attacker.over; turn++) {
      const bytes = chunk(turn);
      for (const socket of sockets) if (socket.writableLength === 0) attacker.write(socket, bytes);
      await attacker.pause(10);
    }
    await attacker.rest();
  };
}

const spread = (index: number): number => index % 16;

function sum(
  name: string,
  title: string,
  victim: Victim,
  count: number,
  first: () => Uint8Array,
  chunk: () => (turn: number) => Uint8Array,
  turns?: number,
): Kind {
  return {
    name,
    title,
    connections: count,
    seconds: 4,
    victim,
    prepare: () => {
      const made = chunk();
      const opening = (index: number): Opening => ({ first: first(), from: spread(index) });
      return together(count, opening, made, turns);
    },
  };
}

/** The same each time. */
const same = (chunk: Uint8Array) => (): Uint8Array => chunk;

/** Requests of as many empty maps as pass, under ever new ids. */
function largeRequests(): (turn: number) => Uint8Array {
  const maps = fullListOf(Uint8Array.of(0x80), 1);
  const all = Array.from({ length: 100 }, (_, id) =>
    compressed(ASK.id, concat([Uint8Array.of(0x92, id), maps])),
  );
  return (turn) => all[turn % all.length] as Uint8Array;
}

/** Short requests under ever new ids, as many as may be under way in four turns. */
const shortRequests = () => (turn: number) =>
  concat(Array.from({ length: 256 }, (_, index) => packet(ASK.id, [turn * 256 + index, 1])));

const overTcp = (): Uint8Array => ENTER;
const overWebSocket = (): Uint8Array => concat([upgradeRequest(), message(ENTER)]);

const ONE = packet(IN.id, 1);
/** As many tiny packets as pass for input that takes but a moment. */
const BRIEF = repeated(ONE, 512);

/** A short packet, and one behind it that takes as long as one may. */
function shortBeforeLong(): (turn: number) => Uint8Array {
  const maps = fullListOf(Uint8Array.of(0x80), 1);
  return same(concat([ONE, compressed(IN.id, maps)]));
}

export const SUMS: readonly Kind[] = [
  sum(
    "tiny-400",
    "a few KiB of tiny packets from many at the same moment, again and again",
    {},
    400,
    overTcp,
    () => same(repeated(ONE, 4096)),
  ),
  sum(
    "brief-400",
    "no more tiny packets than let a connection go first, from many at the same moment, again and again",
    {},
    400,
    overTcp,
    () => same(BRIEF),
  ),
  sum("ws-brief-400", "WebSocket: the same", { webSocket: { on: "port" } }, 400, overWebSocket, () =>
    same(message(BRIEF)),
  ),
  sum(
    "short-long-400",
    "a tiny packet and one that takes long, from many at the same moment, again and again",
    {},
    400,
    overTcp,
    shortBeforeLong,
    10,
  ),
  sum(
    "manual-400",
    "the same to a server that calls process() 60 times a second",
    { manual: true },
    400,
    overTcp,
    () => same(repeated(ONE, 4096)),
  ),
  sum(
    "manual-1000",
    "as many tiny packets as may wait for process(), from a thousand at the same moment",
    { manual: true },
    1000,
    overTcp,
    () => same(repeated(ONE, 1024 * ONE.length)),
    1,
  ),
  sum(
    "ws-tiny-400",
    "WebSocket: tiny packets from many, each in a message of its own, at the same moment, again and again",
    { webSocket: { on: "port" } },
    400,
    overWebSocket,
    () => same(repeated(message(ONE), 4096)),
  ),
  sum(
    "requests-large-400",
    "requests of as many empty maps as pass, from many, to handlers that take 50 ms",
    { requests: "slow" },
    400,
    overTcp,
    largeRequests,
    10,
  ),
  sum(
    "requests-held-400",
    "the same to handlers that never end",
    { requests: "never" },
    400,
    overTcp,
    largeRequests,
    10,
  ),
  sum(
    "requests-short-400",
    "as many short requests as may be under way, from many, to handlers that never end",
    { requests: "never" },
    400,
    overTcp,
    shortRequests,
    4,
  ),
];
