import { type ConnectionHost, watchResult } from "./connection-host.js";
import { ConnectionType } from "./connection-type.js";
import type { Cid } from "./constants.js";
import { ProtocolError } from "./errors.js";
import type { PacketRef } from "./peer.js";

/**
 * The connection type of one connection: knows which hooks it has, and keeps a plugin's mistakes from doing harm.
 * A {@link ProtocolError} that it throws passes, and ends the connection; anything else is reported.
 */
export class AttachedType {
  /** Whether it wants to see what is received. */
  readonly receives: boolean;
  /** Whether it wants to see what is sent. */
  readonly observesSend: boolean;
  readonly #name: string;
  readonly #type: ConnectionType;
  readonly #cid: Cid;
  readonly #host: ConnectionHost;

  constructor(name: string, type: ConnectionType, cid: Cid, host: ConnectionHost) {
    this.#name = name;
    this.#type = type;
    this.#cid = cid;
    this.#host = host;
    this.receives = type.receive !== ConnectionType.prototype.receive;
    this.observesSend = type.send !== ConnectionType.prototype.send;
  }

  /** Begins its handshake. */
  init(): void {
    this.#call("init", () => this.#type.init(this.#cid));
  }

  /** Shows it a packet. @returns whether it keeps the packet to itself. */
  receive(msg: unknown, pid: number, flags: number): boolean {
    return this.#call("receive", () => this.#type.receive(msg, pid, flags, this.#cid)) === true;
  }

  /** Shows it what is sent. @returns whether it keeps that to itself. */
  send(packet: Uint8Array, ptype: PacketRef): boolean {
    return this.#call("send", () => this.#type.send(packet, ptype, this.#cid)) === true;
  }

  /** Tells it that the connection is closed. */
  closed(): void {
    this.#call("closed", () => this.#type.closed(this.#cid));
  }

  #call<R>(method: string, call: () => R): R | undefined {
    try {
      const result = call();
      // Plugins may be asynchronous where nothing is returned.
      if (typeof result === "object") watchResult(this.#host, result, `${this.#name}.${method}`);
      return result;
    } catch (error) {
      if (error instanceof ProtocolError) throw error;
      this.#host.handlerFailed(error, `${this.#name}.${method}`);
      return undefined;
    }
  }
}
