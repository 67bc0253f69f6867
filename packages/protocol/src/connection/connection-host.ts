import type { InvalidPayloadError } from "../errors/errors.js";
import { whenRejected } from "../errors/when-rejected.js";
import type { ResumeRequest } from "../handshake/resume.js";
import type { PacketEntry } from "../registry/packet-registry.js";
import type { ConnectionHooks } from "./connection-hooks.js";
import type { PacketRef } from "./peer.js";

/** What surrounds a connection. It moves the connection's bytes and calls the application. */
export interface ConnectionHost {
  /** There is output; take it soon. It is not called again until the output was taken. */
  outputPending(): void;
  /** The flush policy asks for output to be handed over: take it at once. While it is not `connection.full`, it may wait. */
  outputFull(): void;
  /** The server said hello, on a client, and the answer is about to be sent. */
  helloReceived?(): void;
  /**
   * The client has named a connection type that is served, on a server. It begins when this returns; what this throws ends the
   * connection instead.
   */
  typeNamed?(type: ConnectionHooks): void;
  /** Settype was sent or received, so that it is known what both sides agreed on. The connection type begins when this returns. */
  settypeExchanged?(): void;
  /** The registry was sent, on a server. What is sent now comes to the client when it is active, unless it refuses the registry. */
  registrySent?(): void;
  /** The handshake is complete, and the state is `STATE_ACTIVE`. */
  handshakeComplete(): void;
  /** A packet passed all checks, and its type's handler was called. */
  received(entry: PacketEntry, msg: unknown): void;
  /**
   * A packet was accepted for sending.
   *
   * @param packet - its bytes, where others have seen it before, who may have sent something else; left out: they are
   * `connection.lastPacket()`.
   */
  sent(ptype: PacketRef, data: unknown, packet?: Uint8Array): void;
  /**
   * A beat was received, or the answer to one, on a connection whose sides agreed on heartbeats.
   *
   * @param id - `BEAT_ID` or `BEAT_ANSWER_ID`.
   * @param body - of any kind, as it came.
   * @param length - of the whole packet, its prefix included, in bytes.
   * @throws an error with a `closeReason` if the peer may not send that.
   */
  heartbeatReceived?(id: number, body: unknown, length: number): void;
  /**
   * The client came back for a session, on a server, and the connection waits in its state for what the host makes of it.
   * Without this method, such a client is told that there is no session.
   *
   * @throws an error with a `closeReason` to end the connection.
   */
  resumeAsked?(request: ResumeRequest): void;
  /**
   * The peer has received so many bytes of this side's stream, on a connection whose sides agreed on `resume`.
   *
   * @param length - of the whole packet that said so, its prefix included, in bytes.
   * @throws an error with a `closeReason` if that cannot be.
   */
  acknowledged?(received: number, length: number): void;
  /**
   * The server gave a ticket to come back with, on a client.
   *
   * @param ticket - a secret, in an array of its own.
   * @param window - how long the server waits for its client, in seconds.
   * @param length - of the whole packet, its prefix included, in bytes.
   */
  ticketReceived?(ticket: Uint8Array, window: number, length: number): void;
  /** The peer announced that it closes. */
  closeReceived(reason: string | null): void;
  /** Code of the application threw something, or a promise of it rejected. */
  handlerFailed(error: unknown, where: string): void;
  /** A connection type threw while it was shown what is sent, or found a fault later. The connection has to end. */
  fail(error: unknown, where: string): void;
  /**
   * A packet was dropped, as configured.
   *
   * @param why - the reason that the connection would have closed with, or `"dropped"`.
   * @param packet - the packet's name, if it has one here.
   */
  ignored(message: string, why: string, packet?: string): void;
  /** A payload does not fit its packet's schema, and the packet says that it is ignored. A call of `ignored` follows. */
  payloadDropped?(error: InvalidPayloadError, packet: string): void;
}

/**
 * Watches what a handler returned. If it is a promise that rejects, that is reported as the failure of the handler, since it
 * would end the process otherwise.
 */
export function watchResult(host: ConnectionHost, result: unknown, where: string): void {
  whenRejected(result, (error) => host.handlerFailed(error, where));
}
