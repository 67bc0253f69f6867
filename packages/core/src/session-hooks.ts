import type {
  Cid,
  CloseInfo,
  ConnectionContext,
  InvalidPayloadError,
  PacketEntry,
  PacketRef,
} from "@peng3dnet/protocol";
import type { IntakeLimits } from "./intake.js";
import type { Session } from "./session.js";
import type { OutputOptions } from "./session-output.js";
import type { Transport } from "./transport.js";

/** What a session reports to the peer that it belongs to. */
export interface SessionHooks<Owner> {
  /** Bytes came. Ends in `session.receive`. */
  receiveData(session: Session<Owner>, chunk: Uint8Array): void;
  /** Whether packets are processed as they come, without a queue and without overridable steps. */
  readonly direct: boolean;
  /** There is a packet, and not `direct`: takes it over. */
  takePacket(session: Session<Owner>): void;
  /** The output of a session has to be flushed soon. */
  scheduleFlush(session: Session<Owner>): void;
  handshakeComplete(session: Session<Owner>): void;
  received(session: Session<Owner>, entry: PacketEntry, msg: unknown): void;
  sent(session: Session<Owner>, ptype: PacketRef, data: unknown): void;
  /** After `sendMessage` returned false: there is room again. */
  drained(session: Session<Owner>): void;
  /** It is closed. Called once, after all packets that came before were processed. */
  closed(session: Session<Owner>, info: CloseInfo): void;
  /** Code of the application threw or rejected. */
  handlerFailed(error: unknown, where: string): void;
  /** A packet was dropped, as configured. @param why - key for the metrics. */
  ignored(message: string, why: string): void;
  /** A payload did not fit, and its packet says that it is dropped. */
  payloadDropped(error: InvalidPayloadError): void;
}

/** Limits and deadlines of a session; seconds and bytes, see the config options of the same names. */
export interface SessionOptions extends OutputOptions, IntakeLimits {
  readonly handshakeTimeout: number;
  readonly idleTimeout: number;
  readonly closeTimeout: number;
}

/** What a session is made of. */
export interface SessionInit<Owner> {
  readonly context: ConnectionContext;
  readonly cid: Cid;
  readonly transport: Transport;
  readonly hooks: SessionHooks<Owner>;
  readonly options: SessionOptions;
  readonly conntype?: string | undefined;
}
