// Hostile servers: the victim is a client.

import { encode } from "@msgpack/msgpack";
import { concat } from "../../../bytes.js";
import { HELLO, handshakeWith } from "../../../targets/wire.js";
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
  server("server-close", "a reason of 900 KB of escape sequences", () =>
    concat([HELLO, packet(16, { reason: "\u001b[31m\u202e".repeat(110_000) })]),
  ),
];
