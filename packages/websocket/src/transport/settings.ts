import type { Config } from "@peng3dnet/core";
import type { ClientOptions } from "ws";

/** Longest message that a peer of ours makes, in bytes: what is written at once. */
const LONGEST_PIECE = 256 * 1024 + 64;
/** Bytes of the length before a packet. */
const PREFIX = 4;
/** Longest payload of a close frame, in bytes. `ws` reads no other frames. */
const LONGEST_CLOSE = 125;
/** Seconds for the closing handshake, where `net.timeout.close` is 0. */
const CLOSE_TIMEOUT = 30;
/** Longest time that Node's timers take, in milliseconds. They would take a longer one for none. */
const LONGEST_TIMER = 0x7fffffff;

/** Options of `ws` for either end. Its types lack the last one. */
export interface HandshakeOptions
  extends Pick<ClientOptions, "perMessageDeflate" | "maxPayload" | "autoPong" | "skipUTF8Validation"> {
  readonly closeTimeout: number;
}

/** What either end has `ws` do: the handshakes, and nothing else. */
export function handshakeOptions(cfg: Config): HandshakeOptions {
  return {
    perMessageDeflate: false,
    maxPayload: LONGEST_CLOSE,
    autoPong: false,
    // Nobody is told the reason of a close but in a text, where it is escaped.
    skipUTF8Validation: true,
    closeTimeout: Math.min((cfg.get("net.timeout.close") || CLOSE_TIMEOUT) * 1000, LONGEST_TIMER),
  };
}

/** Longest message that is taken, in bytes. */
export function longestMessage(cfg: Config): number {
  // Packets are not split by those who send each in a message of its own.
  return Math.max(cfg.get("net.limits.packetlength") + PREFIX, LONGEST_PIECE);
}
