import { type ConnectionHost, watchResult } from "./connection-host.js";
import type { Cid } from "./constants.js";
import {
  InvalidPayloadError,
  SmartPacketInvalidError,
  UnexpectedPacketError,
  UnknownPacketError,
} from "./errors.js";
import type { PacketEntry } from "./packet-registry.js";
import { type ConnectionView, problemOnReceipt } from "./rule-check.js";

/** The connection that packets come from. */
export interface PacketSource extends ConnectionView {
  readonly cid: Cid;
  readonly active: boolean;
}

/** How strict a {@link PacketDelivery} is. */
export interface DeliveryOptions {
  /** Packets in a row that may have to be ignored. */
  readonly strikes: number;
  /** Whether a packet of unknown id closes the connection. */
  readonly closeOnUnknown: boolean;
}

/** Delivers packets whose conditions hold and whose payload fits, and counts those that have to be ignored. */
export class PacketDelivery {
  readonly #source: PacketSource;
  readonly #host: ConnectionHost;
  readonly #options: DeliveryOptions;
  /** Packets ignored since the last one that was delivered. */
  #strikes = 0;

  constructor(source: PacketSource, host: ConnectionHost, options: DeliveryOptions) {
    this.#source = source;
    this.#host = host;
    this.#options = options;
  }

  /** Takes a packet that was decoded. @throws an error with a `closeReason` if the connection has to end. */
  accept(entry: PacketEntry, msg: unknown): void {
    if (entry.onlyState !== this.#source.state && !this.#admits(entry)) return;
    if (entry.parses) this.#parseAndDeliver(entry, msg);
    else this.#deliver(entry, msg);
  }

  /** There is a packet of an id that nothing is registered for. @throws {@link UnknownPacketError} as configured. */
  unknown(id: number): void {
    const message = `the peer sent packet ${id}, which is registered under no name`;
    if (this.#options.closeOnUnknown) throw new UnknownPacketError(message);
    this.#strike(message, "unknownpacket");
  }

  #deliver(entry: PacketEntry, msg: unknown): void {
    this.#strikes = 0;
    try {
      const result = entry.obj._receive(msg, this.#source.cid);
      if (result !== undefined) watchResult(this.#host, result, entry.name);
    } catch (error) {
      this.#host.handlerFailed(error, entry.name);
    }
    this.#host.received(entry, msg);
  }

  #parseAndDeliver(entry: PacketEntry, msg: unknown): void {
    let parsed: unknown;
    try {
      parsed = entry.obj.parse(msg);
    } catch (error) {
      if (!(error instanceof InvalidPayloadError)) this.#host.handlerFailed(error, entry.name);
      else if (entry.rule?.invalidAction === "close") throw error;
      else {
        if (entry.rule?.invalidAction === "error") this.#host.handlerFailed(error, entry.name);
        this.#strike(error.message, error.closeReason);
      }
      return;
    }
    this.#deliver(entry, parsed);
  }

  #admits(entry: PacketEntry): boolean {
    const { rule } = entry;
    if (rule === null) {
      if (this.#source.active) return true;
      throw new UnexpectedPacketError(`the peer sent "${entry.name}" before the handshake was complete`);
    }
    const problem = problemOnReceipt(rule, this.#source);
    if (problem === undefined) return true;
    const message = `"${entry.name}" may not be received: its ${problem} does not fit the connection`;
    if (rule.invalidAction === "close") throw new SmartPacketInvalidError(message);
    if (rule.invalidAction === "error") {
      this.#host.handlerFailed(new SmartPacketInvalidError(message), entry.name);
    }
    this.#strike(message, "smartpacketinvalid");
    return false;
  }

  #strike(message: string, why: string): void {
    this.#strikes++;
    this.#host.ignored(message, why);
    if (this.#strikes > this.#options.strikes) {
      throw new UnexpectedPacketError(
        `${this.#strikes} packets in a row had to be ignored, the last because ${message}`,
      );
    }
  }
}
