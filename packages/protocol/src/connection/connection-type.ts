import { type Cid, SIDE_SERVER } from "../constants.js";
import { InvalidStateError } from "../errors/errors.js";
import type { ConnectionHooks } from "./connection-hooks.js";
import type { Peer } from "./peer.js";
import type { PluginConnection } from "./plugin-connection.js";

/**
 * A kind of connection. It decides how the handshake goes on after the type was named, and what happens to
 * each packet. One instance serves all connections of its type of one peer; `cid` tells them apart, and
 * is `null` on the client side.
 *
 * Methods may throw a {@link ProtocolError} to close the connection with its reason.
 *
 * @reference `ConnectionType`
 */
export abstract class ConnectionType implements ConnectionHooks {
  /** The peer whose connections these are. */
  readonly peer: Peer;
  /**
   * Whether connections of this type are let in while the server refuses newcomers (`server.drain()`), and are not waited for:
   * for those that only ask something, as pings do. Default false.
   */
  readonly servedWhileDraining: boolean = false;

  constructor(peer: Peer) {
    this.peer = peer;
  }

  /**
   * The type was received (server) or sent (client). Ends, now or later, in the connection's
   * `startHandshake` or `activate`.
   *
   * @reference `init`
   */
  abstract init(cid: Cid): void;

  /**
   * A packet arrived. Not called for ids below 64 and for names of the protocol's own.
   *
   * @param msg - its payload.
   * @param pid - its id, which need not be registered.
   * @param flags - the flags of its header.
   * @returns true to keep the packet from being processed further.
   * @reference `receive`
   */
  receive(_msg: unknown, _pid: number, _flags: number, _cid: Cid): boolean {
    return false;
  }

  /**
   * A packet was sent, which means: accepted and encoded.
   *
   * @param data - the encoded packet with header and length prefix. A view: copy what you keep.
   * @param pid - the packet type as the sender gave it.
   * @returns true to keep further handlers and events from being called.
   * @reference `send`
   */
  send(_data: Uint8Array, _pid: unknown, _cid: Cid): boolean {
    return false;
  }

  /** A connection of this type is closed: forget what you know about it. */
  closed(_cid: Cid): void {}

  /**
   * The connection that `cid` stands for.
   *
   * @throws {@link InvalidStateError} if it is closed.
   */
  protected connection(cid: Cid): PluginConnection {
    const connection = this.peer.getConnection(cid);
    if (connection === undefined) throw new InvalidStateError("the connection is closed");
    return connection;
  }
}

/**
 * The ordinary connection type: the server sends its registry, the client takes it over and accepts, and
 * the connection is active.
 *
 * @reference `ClassicConnectionType`
 */
export class ClassicConnectionType extends ConnectionType {
  override init(cid: Cid): void {
    const connection = this.connection(cid);
    connection.startHandshake();
    // A peer that is gone is sent no registry, and the host is told of none, but all of its part may have come already.
    if (this.peer.side === SIDE_SERVER && !connection.closing) connection.sendHandshake();
  }
}
