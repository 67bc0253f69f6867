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

/** A connection as a source of packets. */
export interface PacketSource extends ConnectionView {
  readonly cid: Cid;
  readonly active: boolean;
  readonly host: ConnectionHost;
  /** Packets that were ignored since one was delivered. */
  ignoredInARow: number;
}

/** How strict a {@link PacketDelivery} is. */
export interface DeliveryOptions {
  /** How many packets in a row may be ignored before the connection ends (`net.limits.strikes`). */
  readonly maxIgnoredInARow: number;
  /** Whether a packet of unknown id closes the connection. */
  readonly closeOnUnknown: boolean;
}

/**
 * The last step of receiving: it delivers packets whose conditions hold and whose payload fits, and counts those that have
 * to be ignored, so that a peer cannot send such ones for ever. One serves all connections of a peer.
 */
export class PacketDelivery {
  readonly #options: DeliveryOptions;

  constructor(options: DeliveryOptions) {
    this.#options = options;
  }

  /**
   * Takes a packet that was decoded.
   *
   * @throws an error with a `closeReason` if the connection has to end.
   */
  accept(source: PacketSource, entry: PacketEntry, msg: unknown): void {
    if (entry.onlyState !== source.state && !this.#admits(source, entry)) return;
    if (entry.parses) this.#parseAndDeliver(source, entry, msg);
    else this.#deliver(source, entry, msg);
  }

  /**
   * Takes a packet of an id that nothing is registered for.
   *
   * @throws {@link UnknownPacketError} if `net.registry.unknownpacketaction` says so.
   */
  unknown(source: PacketSource, id: number): void {
    const message = `the peer sent packet ${id}, which is registered under no name`;
    if (this.#options.closeOnUnknown) {
      throw new UnknownPacketError(
        `${message}; register the same packets on both sides, or set net.registry.unknownpacketaction to "ignore"`,
      );
    }
    this.#ignore(source, message, "unknownpacket");
  }

  /** Calls the packet's handler, and tells the host. */
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

  /** Delivers a packet if its payload fits, else does what the packet says. */
  #parseAndDeliver(source: PacketSource, entry: PacketEntry, msg: unknown): void {
    let parsed: unknown;
    try {
      parsed = entry.obj.parse(msg);
      // An asynchronous `parse` is a mistake, but what it rejects with must not end the process.
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

  /** Whether the conditions of a packet hold. If not, does what the packet says. */
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

  /** Counts a packet that is ignored. @throws {@link UnexpectedPacketError} if there were too many in a row. */
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

/** Looks at the code and not at the class, since a packet of another copy of this package throws that copy's error. */
function isInvalidPayload(error: unknown): error is InvalidPayloadError {
  try {
    return (error as Partial<InvalidPayloadError> | null | undefined)?.code === "P3D_ERR_INVALID_PAYLOAD";
  } catch {
    // A proxy or a getter may throw when it is looked at.
    return false;
  }
}
