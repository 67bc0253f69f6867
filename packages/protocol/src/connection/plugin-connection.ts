import type { Cid, Side, SslSecLevel } from "../constants.js";

/**
 * A connection as connection types, packets and other plugins see it: `Peer.getConnection` returns it. The class
 * {@link Connection} implements it; what else that class has is for whoever drives a connection.
 */
export interface PluginConnection {
  /** Client id on a server, `null` on a client. */
  readonly cid: Cid;
  /** The side that this end is on. */
  readonly side: Side;
  /**
   * State, one of the `STATE_*` constants. Once active, it may be set to a number from `STATE_ACTIVE` to 127.
   *
   * @throws {@link InvalidStateError} if it is set to anything else, or before.
   */
  state: number;
  /** Mode, one of the `MODE_*` constants or the application's own numbers. Default `MODE_NOTSET`. */
  mode: number;
  /** Name of the connection type; `CONNTYPE_NOTSET` until it is known. */
  readonly conntype: string;
  /** What TLS established. `SSLSEC_NONE` without TLS. */
  readonly sslSeclevel: SslSecLevel;
  /** Whether the handshake is complete and the connection not closed. */
  readonly active: boolean;
  /** Whether a close has begun, so that nothing more can be sent. */
  readonly closing: boolean;
  /** Packets received, those of the handshake included. */
  readonly packetsIn: number;
  /** Packets accepted for sending, those of the handshake included. */
  readonly packetsOut: number;
  /** Bytes accepted for sending that have not reached the kernel. */
  readonly unsent: number;
  /** Whether more is unsent than the high-water mark (`net.limits.unsent.highwater`). */
  readonly behind: boolean;

  /**
   * Sends a packet by id alone, registered or not, past all checks and hooks.
   *
   * @returns false past the high-water mark.
   * @throws {@link ConnectionClosedError}, {@link EncodeError}, {@link PacketTooLargeError}; nothing was sent then.
   */
  sendRaw(id: number, data: unknown): boolean;

  /**
   * Goes on with the classic handshake, in which the client takes over the server's ids.
   *
   * @throws {@link InvalidStateError} unless the connection type's own handshake runs.
   */
  startHandshake(): void;

  /**
   * Sends the registry, on a server, after {@link PluginConnection.startHandshake}.
   *
   * @throws {@link PacketTooLargeError} if the registry does not fit a packet.
   */
  sendHandshake(): void;

  /**
   * Makes the connection active without the classic handshake.
   *
   * @throws {@link InvalidStateError} unless the connection type's own handshake runs.
   */
  activate(): void;

  /**
   * Ends the connection as if a hook of its type threw this error: for a fault of the peer that is found later, such as a token
   * that a database does not know. A {@link ProtocolError} closes with its `closeReason`, is the `error` of the close on this side,
   * and counts in `metrics.rejectedBy`. Anything else is reported as the failure of a handler, and closes with `internalerror`.
   * Nothing is sent on a connection that is closing or closed.
   */
  fail(error: unknown): void;

  /**
   * Watches what a handler returned. If it is a promise that rejects, that is reported as the failure of a handler.
   *
   * @param where - names the handler in the report.
   */
  watch(result: unknown, where: string): void;
}
