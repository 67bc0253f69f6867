import type { InvalidPayloadError } from "../errors/errors.js";
import { whenRejected } from "../errors/when-rejected.js";
import type { PacketEntry } from "../registry/packet-registry.js";
import type { PacketRef } from "./peer.js";

/** What surrounds a connection: moves its bytes and calls the application. */
export interface ConnectionHost {
  /** There is output now; take it soon. Not called again until it was taken. */
  outputPending(): void;
  /** A batch of output is full; take it at once. */
  outputFull(): void;
  /** On a client: the server said hello, and the answer is about to be sent. */
  helloReceived?(): void;
  /** The handshake is complete, the state is `STATE_ACTIVE`. */
  handshakeComplete(): void;
  /** A packet passed all checks, and its type's handler was called. */
  received(entry: PacketEntry, msg: unknown): void;
  /** A packet was accepted for sending. Its bytes are `connection.lastPacket()`. */
  sent(ptype: PacketRef, data: unknown): void;
  /** The peer announced that it closes. */
  closeReceived(reason: string | null): void;
  /** Code of the application threw or rejected. */
  handlerFailed(error: unknown, where: string): void;
  /** A connection type found fault with the peer while it was shown what is sent: ends the connection. */
  fail(error: unknown, where: string): void;
  /**
   * A packet was dropped, as configured.
   *
   * @param why - the reason that it would have closed with, or `"dropped"`.
   * @param packet - its name, if it has one here.
   */
  ignored(message: string, why: string, packet?: string): void;
  /** A payload does not fit its packet's schema, and the packet says that it is ignored. `ignored` follows. */
  payloadDropped?(error: InvalidPayloadError, packet: string): void;
}

/** Reports what a handler returned, if it is a promise that rejects: that must not end the process. */
export function watchResult(host: ConnectionHost, result: unknown, where: string): void {
  whenRejected(result, (error) => host.handlerFailed(error, where));
}
