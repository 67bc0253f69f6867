import type {
  Cid,
  CloseInfo,
  ConnectionContext,
  ConnectionHooks,
  InvalidPayloadError,
  PacketEntry,
  PacketRef,
} from "@peng3dnet/protocol";
import type { Heartbeats } from "../liveness/heartbeats.js";
import type { BufferBudget } from "../messages/buffer-budget.js";
import type { ResumableTransport } from "../resume/resumable-transport.js";
import type { ResumptionHooks } from "../resume/session-resumption.js";
import type { Transport } from "../transport/transport.js";
import type { RunQueue } from "../turns/run-queue.js";
import type { ReceiveWindowLimits } from "./receive-window.js";
import type { OutputOptions } from "./session-output.js";

/**
 * What a session reports to the peer that it belongs to.
 *
 * @typeParam Session - the session.
 */
export interface SessionHooks<Session> {
  /** Bytes came. Ends in `session.receive`. */
  receiveData(session: Session, chunk: Uint8Array): void;
  /** Whether packets are processed as they come, without a queue and without overridable steps. */
  readonly direct: boolean;
  /** Shares the event loop among the connections. */
  readonly turns: RunQueue;
  /** Whom it shares its part of the event loop with: all for which this is the same. */
  shareOf(session: Session): unknown;
  /** The heartbeats of all connections. */
  readonly heartbeats: Heartbeats;
  /** A heartbeat took so long there and back. */
  roundTrip(session: Session, seconds: number): void;
  /** What message iterators have buffered; `undefined`: there was none. */
  readonly buffers: BufferBudget | undefined;
  /** Whether output is gathered, and handed over at once when that ends. */
  readonly gathering: boolean;
  /** There is a packet, and not `direct`: takes it over. */
  takePacket(session: Session): void;
  /** Packets of a session that wait for `process`, as they are in the stream. Copies. */
  queuedOf(session: Session): readonly Uint8Array[];
  /** The output of a session has to be flushed soon. */
  scheduleFlush(session: Session): void;
  /** Output of a session is about to leave that has gathered: whatever is to leave before it. It does not throw. */
  outputLeaves?(): void;
  /** Calls something in a later turn of the event loop. */
  inLaterTurn(call: () => void): void;
  /** Length of the packet that is processed out of the queue, on the wire, in bytes; 0: it is the current one of its connection. */
  queuedLength: number;
  /** It begins. */
  started(session: Session): void;
  /** A client has named its connection type. What this throws ends the connection. */
  typeNamed?(session: Session, type: ConnectionHooks): void;
  handshakeComplete(session: Session): void;
  received(session: Session, entry: PacketEntry, msg: unknown): void;
  /** @param packet - its bytes; `undefined`: it is still the last one of its connection. */
  sent(session: Session, ptype: PacketRef, data: unknown, packet: Uint8Array | undefined): void;
  /** After `sendMessage` returned false: there is room again. */
  drained(session: Session): void;
  /** A session holds so many bytes of input that it cannot work off yet. */
  inputHeld(session: Session, bytes: number): void;
  /** A session has so many bytes unsent. */
  unsentHeld(session: Session, bytes: number): void;
  /** Consumers of packets that held a session let it go on. */
  released(session: Session): void;
  /** Its transport is gone, but packets that came before wait to be processed. */
  gone(session: Session): void;
  /** It is over, and nobody knows yet: whatever has to be true when close handlers run. Called once. */
  over(session: Session): void;
  /** It is closed. Called once, after all packets that came before were processed. */
  closed(session: Session, info: CloseInfo): void;
  /** Code of the application threw or rejected. */
  handlerFailed(error: unknown, where: string): void;
  /** A packet was dropped, as configured. @param why - key for the metrics. @param packet - its name, if it has one. */
  ignored(message: string, why: string, packet?: string): void;
  /** A payload did not fit, and its packet says that it is dropped. */
  payloadDropped(error: InvalidPayloadError, packet: string): void;
}

/** `net.debug.print.*` */
export interface PrintOptions {
  readonly connect: boolean;
  readonly recv: boolean;
  readonly send: boolean;
  readonly close: boolean;
}

/** Options of a session as they were when it began; seconds and bytes, see the config options of the same names. */
export interface SessionOptions extends OutputOptions, ReceiveWindowLimits {
  readonly handshakeTimeout: number;
  readonly idleTimeout: number;
  readonly closeTimeout: number;
  /** `net.heartbeat.timeout`; 0: nobody is ended for silence. */
  readonly heartbeatTimeout: number;
  /** `net.limits.inflated.rate` */
  readonly inflatedRate: number;
  /** `net.limits.unsent.total` */
  readonly unsentTotal: number;
  /** `net.limits.buffered` */
  readonly maxBuffered: number;
  /** `net.limits.requests` */
  readonly maxRequests: number;
  /** What is printed; `undefined`: nothing. */
  readonly prints: PrintOptions | undefined;
  /** `net.latency.poll` */
  readonly pollWindow: number;
}

/** What a session is made of. */
export interface SessionInit<Session> {
  readonly context: ConnectionContext;
  readonly cid: Cid;
  readonly transport: Transport;
  readonly hooks: SessionHooks<Session>;
  readonly options: SessionOptions;
  readonly conntype?: string | undefined;
  /** What it outlives its transport by; `undefined`: it does not. */
  readonly resumable?:
    | { readonly transport: ResumableTransport; readonly hooks: ResumptionHooks<Session> }
    | undefined;
}
