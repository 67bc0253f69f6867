import type { Address, CloseInfo } from "@peng3dnet/protocol";
import type { SentAgain } from "../resume/resumable-host.js";
import type { ConnectionHandle } from "../session/connection-handle.js";

/** A request that begins, as an {@link PeerObserver} sees it. */
export interface ObservedRequest {
  /** Name of its definition. */
  readonly name: string;
  /** `"asked"`: this side asks the other one; `"answered"`: a handler of this side is about to work on it. */
  readonly way: "asked" | "answered";
  /** Where it goes or came from. */
  readonly connection: ConnectionHandle;
  /** What the caller's observer gave as {@link RequestObserver.trace}; `undefined`: nothing, or the sides have not agreed on it. */
  readonly trace: string | undefined;
}

/**
 * How a request ended: `"ok"`; the code of the error that it was answered with, if the definition declares it or the library
 * gives it, else `"error"`; or why there was no answer: `"timeout"`, `"aborted"`, `"closed"` (the connection), `"toomany"`, `"failed"`
 * (it could not be sent, or what came does not fit). Texts of the other side are none of these.
 */
export type RequestEnd = string;

/** Follows one request. */
export interface RequestObserver {
  /** On the side that asks: goes along with the request where both sides agreed on that, at most 128 characters of ASCII. */
  readonly trace?: string | undefined;
  /** On the side that answers: calls the handler, e.g. within a context. It has to call it, and to return what it returns. */
  run?<T>(call: () => T): T;
  /** It ended. Called once. */
  ended(end: RequestEnd): void;
}

/** How a resumption ended, as a {@link PeerObserver} sees it. */
export interface ResumptionEnd {
  /**
   * `"resumed"`: the session goes on. Else it is why it ended while it was suspended, or why a server turned a client away that came
   * back: `"expired"`, `"unknown"`, `"refused"`, `"gap"`, `"registry"`, `"elsewhere"`, `"evicted"`, `"overflow"`, as
   * the close reasons of the same names with `resume` before them; `"closed"` if this side ended it, `"saved"` if it goes on in another program;
   * another close reason of this library (`CLOSE_REASONS`), or `"other"`.
   */
  readonly outcome: string;
  /** How long the session was suspended, in seconds. `undefined`: a server turned a client away that came back. */
  readonly seconds: number | undefined;
  /** What this side sent again; nothing, unless it was resumed. */
  readonly again: SentAgain;
}

/**
 * Looks on while a server or client works: see {@link observe}. Every method may be left out, and costs nothing then. They are
 * called within the library's own work, so they return soon; what they throw is reported as the error of a handler.
 */
export interface PeerObserver {
  /**
   * Whether connections that begin from now on may carry {@link RequestObserver.trace}: this side says so in its handshake, which
   * peers that know nothing of it ignore. Default false.
   */
  readonly traces?: boolean | undefined;
  /** A connection begins; its handshake is still to come. */
  connected?(connection: ConnectionHandle): void;
  /**
   * A handshake is over. `"complete"`; `"closed"` if the connection just ended; `"unconnected"` of a client that reached nobody;
   * on a server `"resumed"`, if the connection is now the line of a session that was there before;
   * else a close reason of this library (`CLOSE_REASONS`), or `"other"`.
   *
   * @param connection - `undefined`: there was none.
   */
  handshake?(connection: ConnectionHandle | undefined, outcome: string): void;
  /** The line of a connection broke, and its session waits for another one. @param error - what is known of why. */
  suspended?(connection: ConnectionHandle, error: Error | undefined): void;
  /** A resumption is over, or an attempt at one on a server. */
  resumption?(connection: ConnectionHandle, end: ResumptionEnd): void;
  /** A connection is closed. */
  closed?(connection: ConnectionHandle, info: CloseInfo): void;
  /** A server refused a connection before it began. */
  dropped?(address: Address, reason: string): void;
  /** A packet was received and handled; those of the protocol itself are not told. @param bytes - its length on the wire. */
  received?(packet: string, bytes: number, connection: ConnectionHandle): void;
  /** A packet was accepted for sending, to one connection. @param bytes - its length on the wire. */
  sent?(packet: string, bytes: number, connection: ConnectionHandle): void;
  /** A heartbeat was answered. @param seconds - how long it took, there and back. */
  roundTrip?(seconds: number, connection: ConnectionHandle): void;
  /** A request begins. @returns what follows it; `undefined`: nothing. */
  request?(request: ObservedRequest): RequestObserver | undefined;
}
