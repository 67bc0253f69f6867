import type { Socket } from "node:net";
import { concat, frame } from "../../../bytes.js";
import { SETTYPE } from "../../../targets/wire.js";
import { type Attacker, ENTER, flood, type Opening } from "../attacker.js";
import { PACKET, PACKET_EARLY } from "../bodies.js";
import type { Attack, Kind } from "../kind.js";
import { IN } from "../packets.js";

/** Opens many, some at a time. */
export async function many(
  attacker: Attacker,
  count: number,
  opening: (index: number) => Opening,
): Promise<Socket[]> {
  const sockets: Socket[] = [];
  for (let at = 0; at < count && !attacker.over; at += 50) {
    const batch = Array.from({ length: Math.min(50, count - at) }, (_, index) =>
      attacker.open(opening(at + index)),
    );
    for (const socket of await Promise.all(batch)) if (socket !== undefined) sockets.push(socket);
    await attacker.pause(1);
  }
  if (attacker.over) attacker.shortfall = `no more than ${sockets.length} of ${count} connections in time`;
  return sockets;
}

const silent =
  (count: number, first?: Uint8Array): Attack =>
  async (attacker) =>
    void (await many(attacker, count, () => (first === undefined ? {} : { first })));

const spread = (index: number): number => index % 32;

/** A header, and all of its body but the last byte. */
export function unfinished(length: number): Uint8Array {
  return frame(IN.id, 0, concat([Uint8Array.of(0xc6, 0, 0xf, 0xf0, 0), new Uint8Array(length - 12)]), length);
}

export const CONNECTIONS: readonly Kind[] = [
  {
    name: "silent",
    mute: true,
    title: "connections that open and say nothing",
    connections: 1500,
    stays: true,
    seconds: 3,
    prepare: () => silent(1500),
  },
  {
    name: "silent-typed",
    title: "connections that say their type and no more",
    connections: 1500,
    stays: true,
    seconds: 3,
    prepare: () => silent(1500, SETTYPE),
  },
  {
    name: "finished",
    title: "finished handshakes from one address, silent from then on",
    connections: 4096,
    seconds: 6,
    prepare: () => silent(4096, ENTER),
  },
  {
    name: "dribble",
    title: "handshakes byte by byte",
    connections: 1000,
    stays: true,
    seconds: 3,
    prepare: () => async (attacker) => {
      const sockets = await many(attacker, 1000, (index) => ({ from: spread(index) }));
      for (let at = 0; !attacker.over && at < SETTYPE.length; at++) {
        for (const socket of sockets) attacker.write(socket, SETTYPE.subarray(at, at + 1));
        await attacker.pause(200);
      }
    },
  },
  {
    name: "dribble-active",
    title: "packets byte by byte, after the handshake",
    connections: 200,
    prepare: () => {
      const bytes = unfinished(2000);
      return async (attacker) => {
        const sockets = await many(attacker, 200, (index) => ({ from: spread(index), first: ENTER }));
        for (let at = 0; !attacker.over && at < bytes.length; at++) {
          for (const socket of sockets) attacker.write(socket, bytes.subarray(at, at + 1));
          await attacker.pause(10);
        }
      };
    },
  },
  {
    name: "half-packets",
    title: "packets of 1 MiB without their last byte",
    connections: 256,
    seconds: 3,
    prepare: () => {
      const bytes = unfinished(PACKET);
      return async (attacker) => {
        const sockets = await many(attacker, 256, (index) => ({ from: spread(index), first: ENTER }));
        for (const socket of sockets) {
          if (attacker.over) return;
          await attacker.send(socket, bytes);
          await attacker.pause(4);
        }
      };
    },
  },
  {
    name: "prefixes",
    title: "a length of 1 MiB, and then silence",
    connections: 1000,
    seconds: 3,
    prepare: () => silent(1000, concat([ENTER, unfinished(PACKET).subarray(0, 12)])),
  },
  {
    name: "early-halves",
    title: "packets as long as may be before the handshake, without their last byte",
    connections: 1000,
    seconds: 3,
    stays: true,
    prepare: () => silent(1000, unfinished(PACKET_EARLY)),
  },
  {
    name: "http",
    title: "HTTP to a port of ours",
    connections: 20,
    prepare: () => {
      const chunk = Buffer.from(`GET /${"x".repeat(60_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
      return (attacker) => flood(attacker, { connections: 20, chunk, every: 20, anew: true, addresses: 16 });
    },
  },
];
