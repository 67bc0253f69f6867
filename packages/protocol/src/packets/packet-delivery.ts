import { type ConnectionHost, watchResult } from "../connection/connection-host.js";
import type { Cid } from "../constants.js";
import { describeError } from "../errors/describe-error.js";
import {
  type InvalidPayloadError,
  SmartPacketInvalidError,
  UnexpectedPacketError,
  UnknownPacketError,
} from "../errors/errors.js";
import type { PacketEntry } from "../registry/packet-registry.js";
import { type ConnectionView, problemOnReceipt } from "./rule-check.js";

/** The connection that packets come from. */
export interface PacketSource extends ConnectionView {
  readonly cid: Cid;
  readonly active: boolean;
  readonly host: ConnectionHost;
  /** Packets ignored since the last one that was delivered. */
  ignoredInARow: number;
}

/** How strict a {@link PacketDelivery} is. */
export interface DeliveryOptions {
  /** Packets in a row that may have to be ignored. */
  readonly maxIgnoredInARow: number;
  /** Whether a packet of unknown id closes the connection. */
  readonly closeOnUnknown: boolean;
}

/**
 * Delivers packets whose conditions hold and whose payload fits, and counts those that have to be ignored. One serves
 * all connections of a peer.
 */
export class PacketDelivery {
  readonly #options: DeliveryOptions;

  constructor(options: DeliveryOptions) {
    this.#options = options;
  }

  /** Takes a packet that was decoded. @throws an error with a `closeReason` if the connection has to end. */
  accept(source: PacketSource, entry: PacketEntry, msg: unknown): void {
    if (entry.onlyState !== source.state && !this.#admits(source, entry)) return;
    if (entry.parses) this.#parseAndDeliver(source, entry, msg);
    else this.#deliver(source, entry, msg);
  }

  /** There is a packet of an id that nothing is registered for. @throws {@link UnknownPacketError} as configured. */
  unknown(source: PacketSource, id: number): void {
    const message = `the peer sent packet ${id}, which is registered under no name`;
    if (this.#options.closeOnUnknown) {
      throw new UnknownPacketError(
        `${message}; register the same packets on both sides, or set net.registry.unknownpacketaction to "ignore"`,
      );
    }
    this.#ignore(source, message, "unknownpacket");
  }

  #deliver(source: PacketSource, entry: PacketEntry, msg: unknown): void {
    source.ignoredInARow = 0;
    try {
      const result = entry.obj._receive(msg, source.cid);
      if (result !== undefined) watchResult(source.host, result, entry.name);
    } catch (error) {
      source.host.handlerFailed(error, entry.name);
    }
    source.host.received(entry, msg);
  }

  #parseAndDeliver(source: PacketSource, entry: PacketEntry, msg: unknown): void {
    let parsed: unknown;
    try {
      parsed = entry.obj.parse(msg);
      // One that is asynchronous is a mistake; what it rejects with must not end the process.
      if (parsed !== msg) watchResult(source.host, parsed, entry.name);
    } catch (error) {
      if (!isInvalidPayload(error)) source.host.handlerFailed(error, entry.name);
      else if (entry.rule?.invalidAction === "close") throw error;
      else {
        if (entry.rule?.invalidAction === "error") source.host.handlerFailed(error, entry.name);
        else source.host.payloadDropped?.(error, entry.name);
        this.#ignore(source, describeError(error), "invalidpayload", entry.name);
      }
      return;
    }
    this.#deliver(source, entry, parsed);
  }

  #admits(source: PacketSource, entry: PacketEntry): boolean {
    const { rule } = entry;
    if (rule === null) {
      if (source.active) return true;
      throw new UnexpectedPacketError(`the peer sent "${entry.name}" before the handshake was complete`);
    }
    const problem = problemOnReceipt(rule, source);
    if (problem === undefined) return true;
    const message = `"${entry.name}" may not be received: its ${problem} does not fit the connection`;
    if (rule.invalidAction === "close") throw invalidOnReceipt(message);
    if (rule.invalidAction === "error") source.host.handlerFailed(invalidOnReceipt(message), entry.name);
    this.#ignore(source, message, "smartpacketinvalid", entry.name);
    return false;
  }

  #ignore(source: PacketSource, message: string, why: string, packet?: string): void {
    source.ignoredInARow++;
    source.host.ignored(message, why, packet);
    if (source.ignoredInARow > this.#options.maxIgnoredInARow) {
      throw new UnexpectedPacketError(
        `${source.ignoredInARow} packets in a row had to be ignored, the last because ${message}`,
      );
    }
  }
}

function invalidOnReceipt(message: string): SmartPacketInvalidError {
  return new SmartPacketInvalidError(message, { direction: "in" });
}

/** By its code: a packet of another copy of this package throws that copy's error. */
function isInvalidPayload(error: unknown): error is InvalidPayloadError {
  try {
    return (error as Partial<InvalidPayloadError> | null | undefined)?.code === "P3D_ERR_INVALID_PAYLOAD";
  } catch {
    // Whatever it is, it does not let itself be looked at.
    return false;
  }
}
