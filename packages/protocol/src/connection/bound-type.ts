import { type Cid, CONNTYPE_CLASSIC } from "../constants.js";
import { closeReasonOf, isInstance } from "../errors/describe-error.js";
import { Peng3dnetError, ProtocolError } from "../errors/errors.js";
import type { ConnectionHooks } from "./connection-hooks.js";
import { type ConnectionHost, watchResult } from "./connection-host.js";
import { ConnectionType } from "./connection-type.js";
import type { PacketRef } from "./peer.js";

/**
 * A connection type bound to its name, as connections call it. It knows which hooks the type has, and keeps the mistakes of
 * a plugin from doing harm: a {@link ProtocolError} that a hook throws passes and ends the connection, and anything else is
 * reported. One serves all connections of its type.
 */
export class BoundType {
  readonly name: string;
  readonly type: ConnectionHooks;
  /** Whether the type wants to see what is received. */
  readonly receives: boolean;
  /** Whether the type wants to see what is sent. */
  readonly observesSend: boolean;

  constructor(name: string, type: ConnectionHooks) {
    this.name = name;
    this.type = type;
    this.receives = type.receive !== ConnectionType.prototype.receive;
    this.observesSend = type.send !== ConnectionType.prototype.send;
  }

  /** Begins the handshake of the type. @param type - the peer's own, where the bound one is that of many peers. */
  init(cid: Cid, host: ConnectionHost, type: ConnectionHooks = this.type): void {
    this.#call("init", host, () => type.init(cid));
  }

  /**
   * Shows the type a packet that was received. A mistake of the type before the connection is active ends it: the packet was part
   * of the handshake, and is nobody else's.
   *
   * @returns whether it keeps the packet to itself.
   */
  receive(
    msg: unknown,
    pid: number,
    flags: number,
    cid: Cid,
    host: ConnectionHost,
    active: boolean,
  ): boolean {
    const kept = this.#call("receive", host, () => this.type.receive(msg, pid, flags, cid), active);
    return kept === true;
  }

  /** Shows the type a packet that was sent. @returns whether it keeps that to itself. */
  send(packet: Uint8Array, ptype: PacketRef, cid: Cid, host: ConnectionHost): boolean {
    try {
      return this.#call("send", host, () => this.type.send(packet, ptype, cid)) === true;
    } catch (error) {
      // The caller of `send` is not at fault, and the packet is on its way.
      host.fail(error, `${this.name}.send`);
      return true;
    }
  }

  /** Tells the type that the connection is closed. What it throws is only reported, since there is nothing to end. */
  closed(cid: Cid, host: ConnectionHost): void {
    try {
      this.#call("closed", host, () => this.type.closed(cid));
    } catch (error) {
      host.handlerFailed(error, `${this.name}.closed`);
    }
  }

  /**
   * Calls a hook and reports what it throws, or what a promise that it returns rejects with.
   *
   * @param goesOn - whether the connection goes on after a mistake; if not, the hook has taken what it was called with.
   */
  #call<R>(method: string, host: ConnectionHost, call: () => R, goesOn = true): R | true | undefined {
    try {
      const result = call();
      // Hooks that return nothing may be asynchronous.
      if (typeof result === "object" || typeof result === "function")
        watchResult(host, result, `${this.name}.${method}`);
      return result;
    } catch (error) {
      const foreign = !isInstance(error, Peng3dnetError) && closeReasonOf(error) !== undefined;
      if (isInstance(error, ProtocolError) || foreign) throw error;
      const where = `${this.name}.${method}`;
      if (!goesOn) {
        host.fail(error, where);
        return true;
      }
      host.handlerFailed(error, where);
      return undefined;
    }
  }
}

const { receive, send, closed } = ConnectionType.prototype;

/** The classic type as it is once the handshake is over: it takes no part any more, so that all clients can share it. */
const CLASSIC = new BoundType(CONNTYPE_CLASSIC, { init() {}, receive, send, closed });

/** Binds a type for one connection. @param types - those of its peer; `undefined`: that keeps none. */
export function bindType(types: BoundTypes | undefined, name: string, type: ConnectionHooks): BoundType {
  if (types !== undefined) return types.of(name, type);
  const plain = type.receive === receive && type.send === send && type.closed === closed;
  return plain && name === CONNTYPE_CLASSIC ? CLASSIC : new BoundType(name, type);
}

/** The bound types of a peer, by name. */
export class BoundTypes {
  /** The one that was asked for last: a client has no other one. */
  #last: BoundType | undefined = undefined;
  /** Made for the second name. */
  #byName: Map<string, BoundType> | undefined = undefined;

  /**
   * The bound type of a name.
   *
   * @param type - what the peer has under that name now; it may have taken the place of another one.
   */
  of(name: string, type: ConnectionHooks): BoundType {
    const last = this.#last;
    if (last?.name === name && last.type === type) return last;
    this.#last = this.#find(name, type);
    return this.#last;
  }

  #find(name: string, type: ConnectionHooks): BoundType {
    const last = this.#last;
    if (last === undefined) return new BoundType(name, type);
    this.#byName ??= new Map([[last.name, last]]);
    const known = this.#byName.get(name);
    if (known?.type === type) return known;
    const bound = new BoundType(name, type);
    this.#byName.set(name, bound);
    return bound;
  }
}
