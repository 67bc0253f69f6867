import { once } from "node:events";
import { concat } from "../../../bytes.js";
import { type Attacker, ENTER, flood } from "../attacker.js";
import { CLOSE_ID, compressed, encoded, PACKET, packet } from "../bodies.js";
import type { Attack, Kind } from "../kind.js";
import { IN } from "../packets.js";

const REASONS = 1000;
const ESCAPES = "\u001b]0;title\u0007\u001b[31m\u202e\u2028\u009b2J";

const reason = (text: string): Uint8Array => compressed(CLOSE_ID, encoded({ reason: text }));

/**
 * Opens connections that stay, each with bytes of its own. All come from one address: the oldest of it have to go, so
 * that their reasons are counted.
 */
async function openAll(attacker: Attacker, all: readonly Uint8Array[]): Promise<void> {
  const each = 50;
  for (let at = 0; at < all.length && !attacker.over; at += each) {
    const batch = all.slice(at, at + each);
    await Promise.all(batch.map((first) => attacker.open({ first, halfOpen: true })));
  }
}

/** Again and again: opens, and resets at once or behind some bytes. */
function resets(connections: number, first?: Uint8Array, wait = 0): Attack {
  return async (attacker) => {
    const one = async (index: number): Promise<void> => {
      while (!attacker.over) {
        const socket = await attacker.open({ from: index % 16, deaf: true, ...(first && { first }) });
        if (wait > 0) await attacker.pause(wait);
        socket?.resetAndDestroy();
        await attacker.pause(2);
      }
    };
    await Promise.all(Array.from({ length: connections }, (_, index) => one(index)));
  };
}

export const CLOSING: readonly Kind[] = [
  {
    name: "reasons",
    title: "connections that close with a reason of 60 KB of their own, compressed, and stay",
    connections: REASONS,
    stays: true,
    seconds: 2,
    // Closes have to be under way long enough to be evicted.
    victim: { cfg: { "net.timeout.close": 2 } },
    prepare: () => {
      const all = Array.from({ length: REASONS }, (_, index) => reason(`${index} ${"x".repeat(60_000)}`));
      return (attacker) => openAll(attacker, all);
    },
  },
  {
    name: "reasons-short",
    title: "connections that close with a short reason of their own",
    connections: 40,
    prepare: () => (attacker) =>
      flood(attacker, {
        connections: 40,
        anew: true,
        every: 20,
        addresses: 16,
        chunk: () => packet(CLOSE_ID, { reason: Math.random().toString(36) }),
      }),
  },
  {
    name: "reason-escapes",
    title: "closing reasons of 900 KB of escape sequences, with net.debug.print.close on",
    connections: 4,
    victim: { cfg: { "net.debug.print.close": true, "net.debug.print.recv": true } },
    prepare: () => {
      const text = ESCAPES.repeat(Math.floor(900_000 / Buffer.byteLength(ESCAPES)));
      const chunk = packet(CLOSE_ID, { reason: text });
      if (chunk.length > PACKET) throw new Error("the reason does not fit into a packet");
      return (attacker) => flood(attacker, { connections: 4, first: ENTER, chunk, every: 50, anew: true });
    },
  },
  {
    name: "half-closed",
    title: "connections that end their half at once and stay",
    connections: 500,
    stays: true,
    prepare: () => async (attacker) => {
      for (let count = 0; count < 500 && !attacker.over; count++) {
        const first = count % 2 === 0 ? ENTER : ENTER.subarray(0, 20);
        const socket = await attacker.open({ first, halfOpen: true, from: count % 16 });
        socket?.end();
      }
    },
  },
  {
    name: "accept-reset",
    mute: true,
    title: "connections that are reset right after they are accepted",
    connections: 20,
    prepare: () => resets(20),
  },
  {
    name: "reset-unread",
    title: "connections that ask for 64 KiB each 16 times, do not read, and reset",
    connections: 20,
    victim: { app: "reply", cfg: { "net.compress.enabled": false } },
    prepare: () => resets(20, concat([ENTER, ...Array.from({ length: 16 }, () => packet(IN.id, 1))]), 30),
  },
  {
    name: "churn",
    title: "connections that get through the handshake, say something, and go, in a loop",
    connections: 20,
    prepare: () => async (attacker) => {
      const first = concat([ENTER, packet(IN.id, "x")]);
      const one = async (from: number): Promise<void> => {
        while (!attacker.over) {
          const socket = await attacker.open({ first, from });
          socket?.end();
          if (socket !== undefined && !socket.closed) await once(socket, "close").catch(() => {});
          await attacker.pause(1);
        }
      };
      await Promise.all(Array.from({ length: 20 }, (_, from) => one(from % 16)));
    },
  },
];
