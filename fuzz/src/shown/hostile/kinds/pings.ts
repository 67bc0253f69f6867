import { concat } from "../../../bytes.js";
import { type Flow, flood } from "../attacker.js";
import {
  compressed,
  encoded,
  INFLATED_EARLY,
  integerKeys,
  mapOf,
  PACKET_EARLY,
  packet,
  repeated,
} from "../bodies.js";
import type { Kind } from "../kind.js";

const SETTYPE_PING = packet(2, { conntype: "ping" });
const PING_ID = 64;

function pings(
  name: string,
  title: string,
  bytes: () => Uint8Array,
  flow: Partial<Flow> & { connections: number },
): Kind {
  return {
    name,
    title,
    connections: flow.connections,
    prepare: () => {
      const chunk = bytes();
      return (attacker) =>
        flood(attacker, { first: SETTYPE_PING, every: 20, anew: true, addresses: 16, ...flow, chunk });
    },
  };
}

export const PINGS: readonly Kind[] = [
  pings(
    "ping-huge",
    "pings with as much data as passes before the handshake, compressed",
    () => compressed(PING_ID, encoded({ time: 1, x: "x".repeat(INFLATED_EARLY - 64) })),
    { connections: 20 },
  ),
  pings(
    "ping-keys",
    "pings with keys like numbers, counting down",
    () => compressed(PING_ID, mapOf(integerKeys(1500, 0, -1))),
    { connections: 20 },
  ),
  pings(
    "ping-plain",
    "pings with 4 KiB of data",
    () => packet(PING_ID, { time: 1, x: "x".repeat(PACKET_EARLY - 64) }),
    { connections: 20 },
  ),
  pings(
    "ping-flood",
    "pings without end, on a connection each time until it is closed",
    () => repeated(packet(PING_ID, { time: 1 }), 4096),
    { connections: 40 },
  ),
  pings(
    "ping-four",
    "as many pings as are answered, a connection each time",
    () => concat(Array.from({ length: 4 }, () => packet(PING_ID, { time: 1, x: "x".repeat(900) }))),
    { connections: 40 },
  ),
];
