import type { Socket } from "node:net";

/** Longest output that leaves as one message, which is put together in memory that is there already. */
export const SHORT = 16 * 1024;

/** Called when a write is with the kernel, or has failed. */
export type Written = ((error?: Error | null) => void) | undefined;

/** What one end of a WebSocket makes its frames with: a client masks what it sends, and a server does not (RFC 6455, 5.1). */
export interface Framing {
  /** Whether it masks. What comes has to be the other way. */
  readonly masks: boolean;
  /** A message of at most {@link SHORT} bytes, in memory that the next one is put into, too. */
  short(bytes: Uint8Array): Uint8Array;
  /** The memory of the last short message is needed for longer. */
  leave(): void;
  /** Writes a longer output, in messages that are short enough for a slow receiver to see that something comes. */
  writeLong(socket: Socket, bytes: Uint8Array, written: Written): void;
  /** Whether a longer output is copied, so that the caller may use its memory again. */
  readonly copiesLong: boolean;
  /** A message of no bytes: the end of its sender's stream. */
  end(): Uint8Array;
  /** Asks the other end's WebSocket for an answer. */
  ping(): Uint8Array;
  /** An answer to no ping, which means nothing (RFC 6455, 5.5.3). */
  pong(): Uint8Array;
}
