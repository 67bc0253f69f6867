import type { Cid } from "../constants.js";
import { closeReasonOf, isInstance } from "../errors/describe-error.js";
import { Peng3dnetError, ProtocolError } from "../errors/errors.js";
import type { ConnectionHooks } from "./connection-hooks.js";
import { type ConnectionHost, watchResult } from "./connection-host.js";
import { ConnectionType } from "./connection-type.js";
import type { PacketRef } from "./peer.js";

/**
 * A connection type in use: knows which hooks it has, and keeps a plugin's mistakes from doing harm. One serves all
 * connections of its type. A {@link ProtocolError} that it throws passes, and ends the connection; anything else is
 * reported.
 */
export class BoundType {
  readonly name: string;
  readonly type: ConnectionHooks;
  /** Whether it wants to see what is received. */
  readonly receives: boolean;
  /** Whether it wants to see what is sent. */
  readonly observesSend: boolean;

  constructor(name: string, type: ConnectionHooks) {
    this.name = name;
    this.type = type;
    this.receives = type.receive !== ConnectionType.prototype.receive;
    this.observesSend = type.send !== ConnectionType.prototype.send;
  }

  /** Begins its handshake. */
  init(cid: Cid, host: ConnectionHost): void {
    this.#call("init", host, () => this.type.init(cid));
  }

  /** Shows it a packet. @returns whether it keeps the packet to itself. */
  receive(msg: unknown, pid: number, flags: number, cid: Cid, host: ConnectionHost): boolean {
    return this.#call("receive", host, () => this.type.receive(msg, pid, flags, cid)) === true;
  }

  /** Shows it what is sent. @returns whether it keeps that to itself. */
  send(packet: Uint8Array, ptype: PacketRef, cid: Cid, host: ConnectionHost): boolean {
    try {
      return this.#call("send", host, () => this.type.send(packet, ptype, cid)) === true;
    } catch (error) {
      // Whoever sends the packet is not the one at fault, and the packet is on its way.
      host.fail(error, `${this.name}.send`);
      return true;
    }
  }

  /** Tells it that the connection is closed. Nothing that it throws can end that once more. */
  closed(cid: Cid, host: ConnectionHost): void {
    try {
      this.#call("closed", host, () => this.type.closed(cid));
    } catch (error) {
      host.handlerFailed(error, `${this.name}.closed`);
    }
  }

  #call<R>(method: string, host: ConnectionHost, call: () => R): R | undefined {
    try {
      const result = call();
      // Plugins may be asynchronous where nothing is returned.
      if (typeof result === "object" || typeof result === "function")
        watchResult(host, result, `${this.name}.${method}`);
      return result;
    } catch (error) {
      const foreign = !isInstance(error, Peng3dnetError) && closeReasonOf(error) !== undefined;
      if (isInstance(error, ProtocolError) || foreign) throw error;
      host.handlerFailed(error, `${this.name}.${method}`);
      return undefined;
    }
  }
}

/** The connection types that a peer's connections use. */
export class BoundTypes {
  readonly #byName = new Map<string, BoundType>();

  /** The one of a name that was looked up before. A type that took the place of another is told apart. */
  of(name: string, type: ConnectionHooks): BoundType {
    const known = this.#byName.get(name);
    if (known?.type === type) return known;
    const bound = new BoundType(name, type);
    this.#byName.set(name, bound);
    return bound;
  }
}
