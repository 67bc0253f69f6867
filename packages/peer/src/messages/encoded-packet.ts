import {
  type ConnectionContext,
  encodeChecked,
  isInstance,
  type PacketEntry,
  PacketTooLargeError,
} from "@peng3dnet/protocol";

/**
 * Option of a broadcast by which a cluster hands in what is encoded already. It is the same symbol in each copy of this
 * package: the server may be made with another one.
 */
export const ENCODED: unique symbol = Symbol.for("peng3dnet.encoded");

/** A packet for many connections. */
export interface PacketForMany {
  /** The packet for connections with this context, or why none of them can have it. */
  for(context: ConnectionContext): Uint8Array | PacketTooLargeError;
}

/** A packet for many connections: checked and encoded once for all that began with the same options. */
export class EncodedPacket implements PacketForMany {
  readonly #entry: PacketEntry;
  readonly #data: unknown;
  /** The context that was asked for last. Most broadcasts go to connections of one context. */
  #context: ConnectionContext | undefined = undefined;
  /** The packet for that context. */
  #packet: Uint8Array | undefined = undefined;
  readonly #others = new Map<ConnectionContext, Uint8Array | PacketTooLargeError>();
  readonly #watch: (parsed: unknown) => void;

  /** @param watch - sees to it that a packet whose `parse` is asynchronous by mistake ends nothing by a rejection. */
  constructor(entry: PacketEntry, data: unknown, watch: (parsed: unknown) => void) {
    this.#watch = watch;
    this.#entry = entry;
    this.#data = data;
  }

  /**
   * The packet for connections with this context. For those that declined compression it may be an error: what is too long
   * only for them is no fault of the packet, and must not keep it from all others.
   *
   * @throws {@link InvalidPayloadError}, {@link EncodeError}, {@link PacketTooLargeError}.
   */
  for(context: ConnectionContext): Uint8Array | PacketTooLargeError {
    if (this.#context === context && this.#packet !== undefined) return this.#packet;
    let packet = this.#others.get(context);
    if (packet === undefined) {
      packet = this.#encode(context);
      this.#others.set(context, packet);
    }
    if (isInstance(packet, PacketTooLargeError)) return packet;
    this.#context = context;
    this.#packet = packet;
    return packet;
  }

  #encode(context: ConnectionContext): Uint8Array | PacketTooLargeError {
    try {
      return encodeChecked(context, this.#entry, this.#data, this.#watch);
    } catch (error) {
      if (context.compressionDeclined && isInstance(error, PacketTooLargeError)) return error;
      throw error;
    }
  }
}
