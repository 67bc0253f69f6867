import type { Cid } from "../constants.js";

/**
 * What a connection calls of its connection type, which the class {@link ConnectionType} explains. `Peer.getConnType`
 * returns it.
 */
export interface ConnectionHooks {
  /** Whether connections of this type are let in while the server refuses newcomers. Left out: no. */
  readonly servedWhileDraining?: boolean | undefined;
  /** The type was received (server) or sent (client): its own handshake begins. */
  init(cid: Cid): void;
  /** A packet arrived. @returns true to keep it from being processed further. */
  receive(msg: unknown, pid: number, flags: number, cid: Cid): boolean;
  /** A packet was sent. @returns true to keep further handlers and events from being called. */
  send(data: Uint8Array, pid: unknown, cid: Cid): boolean;
  /** The connection is closed. */
  closed(cid: Cid): void;
}
