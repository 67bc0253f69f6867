// Hostile servers: the victim is a client.

import type { Socket } from "node:net";
import { encode } from "@msgpack/msgpack";
import { concat } from "../../../bytes.js";
import { HELLO, HELLO_RESUME, handshakeWith } from "../../../targets/wire.js";
import type { Attacker } from "../attacker.js";
import {
  compressed,
  encoded,
  fullListOf,
  INFLATED,
  integerKeys,
  mapOf,
  packet,
  repeated,
} from "../bodies.js";
import type { Kind } from "../kind.js";
import { ECHO, IN } from "../packets.js";

const HELLO_ID = 1;
const HANDSHAKE_ID = 3;
const CLOSE_ID = 16;
const NAMES = 4096;

const SPARSE = encoded({ 1023: null, 2575: null });

/** A map with what belongs there, and something beside it. */
function beside(rest: Uint8Array, more: Readonly<Record<string, unknown>> = {}): Uint8Array {
  const entries = Object.entries({ version: "0.2.0", protoversion: 2, ...more });
  const parts = entries.flatMap(([key, value]) => [encode(key), encode(value)]);
  return concat([Uint8Array.of(0x80 | (entries.length + 1)), ...parts, encode("x"), rest]);
}

/** To each client that comes: bytes at once. */
function server(name: string, title: string, bytes: () => Uint8Array): Kind {
  return {
    name,
    title: `a hostile server: ${title}`,
    connections: 1,
    victim: { client: true },
    prepare: () => {
      const first = bytes();
      return async (attacker) => {
        attacker.onVisitor = (socket) => void attacker.write(socket, first);
        await attacker.rest();
      };
    },
  };
}

const names = (name: (index: number) => string, count = NAMES): Record<string, number> =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [name(index), 70 + index]));

/** A registry that fits the victim's, whose client knows two packets. */
const FITTING = handshakeWith({ [ECHO.name]: ECHO.id, [IN.name]: IN.id });

/** Longest text of addresses. */
const LONGEST = 256;
const ODD_ADDRESSES: readonly unknown[] = [
  "",
  " ",
  "\u001b[31m\u202e",
  "x".repeat(LONGEST + 1),
  "x".repeat(1000),
  " ".repeat(LONGEST),
  "x".repeat(LONGEST),
  "[::1",
  "127.0.0.1:99999",
  "127.0.0.1:0",
  "wss://127.0.0.1:1/",
  "file:///etc/passwd",
  { toString: 1 },
  ["127.0.0.1:1"],
  1,
  null,
  undefined,
];

const TICKET = packet(20, [new Uint8Array(32).fill(5), 60]);
/** How long a client has to be through with the handshake, in milliseconds. */
const ENTERING = 30;

/**
 * Begins a session with each client, breaks it off, and sends whoever comes back elsewhere.
 *
 * @param address - where to; it gets a number that counts up.
 */
function sendsElsewhere(name: string, title: string, address: (port: number, turn: number) => unknown): Kind {
  return {
    name,
    title: `a hostile server: ${title}`,
    connections: 1,
    seconds: 2,
    victim: { client: true, resumes: true },
    prepare: () => async (attacker) => {
      let sent = 0;
      attacker.onVisitor = (socket) => {
        attacker.write(socket, HELLO_RESUME);
        socket.once("data", (settype: Buffer) => {
          if (settype.includes("ticket")) {
            const to = address(socket.localPort ?? 0, sent++);
            attacker.write(socket, packet(CLOSE_ID, { reason: "resumeelsewhere", address: to }));
          } else void enter(attacker, socket);
        });
      };
      await attacker.rest();
      if (sent < 20) attacker.shortfall = `nobody came back more often than ${sent} times`;
    },
  };
}

async function enter(attacker: Attacker, socket: Socket): Promise<void> {
  attacker.write(socket, concat([TICKET, FITTING]));
  await attacker.pause(ENTERING);
  socket.resetAndDestroy();
}

export const SERVERS: readonly Kind[] = [
  server("server-hello", "a hello with keys like numbers", () =>
    compressed(HELLO_ID, beside(fullListOf(SPARSE, 5, { inflated: INFLATED - 256 }))),
  ),
  server("server-handshake", "a registry of keys like numbers", () =>
    concat([
      HELLO,
      compressed(
        HANDSHAKE_ID,
        concat([
          Uint8Array.of(0x83),
          encode("version"),
          encode("0.2.0"),
          encode("protoversion"),
          encode(2),
          encode("registry"),
          mapOf(integerKeys(200_000, 0, -7), encode(64)),
        ]),
      ),
    ]),
  ),
  server("server-names", "a registry of 4,096 names of 256 bytes", () =>
    concat([
      HELLO,
      compressed(
        HANDSHAKE_ID,
        encoded({
          version: "0.2.0",
          protoversion: 2,
          registry: names((index) => `${index}:`.padEnd(256, "x")),
        }),
      ),
    ]),
  ),
  server("server-long-name", "a registry with a name of 4 MiB of escape sequences", () =>
    concat([
      HELLO,
      compressed(
        HANDSHAKE_ID,
        encoded({
          version: "\u001b[31m".repeat(1000),
          protoversion: 2,
          registry: { ["\u001b[31m\u202e".repeat(400_000)]: 70 },
        }),
      ),
    ]),
  ),
  server("server-packets", "empty maps, as many as pass, behind the handshake", () =>
    concat([HELLO, FITTING, repeated(compressed(IN.id, fullListOf(Uint8Array.of(0x80), 1)))]),
  ),
  sendsElsewhere(
    "server-elsewhere",
    "sends whoever comes back to itself, without end",
    (port) => `127.0.0.1:${port}`,
  ),
  sendsElsewhere(
    "server-elsewhere-many",
    "the same with as many addresses as there is room for, of which the last one is",
    (port) => `127.0.0.1:${port}`.padStart(LONGEST, "x: "),
  ),
  sendsElsewhere(
    "server-elsewhere-odd",
    "the same with addresses that are none",
    (_port, turn) => ODD_ADDRESSES[turn % ODD_ADDRESSES.length],
  ),
  server("server-close", "a reason of 900 KB of escape sequences", () =>
    concat([HELLO, packet(16, { reason: "\u001b[31m\u202e".repeat(110_000) })]),
  ),
];
