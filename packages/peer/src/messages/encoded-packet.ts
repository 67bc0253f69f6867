import { type ConnectionContext, encodeChecked, type PacketEntry } from "@peng3dnet/protocol";

/** A packet for many connections: checked and encoded once for all that began with the same options. */
export class EncodedPacket {
  readonly #entry: PacketEntry;
  readonly #data: unknown;
  #context: ConnectionContext | undefined = undefined;
  #packet: Uint8Array | undefined = undefined;
  readonly #others = new Map<ConnectionContext, Uint8Array>();

  readonly #watch: (parsed: unknown) => void;

  /** @param watch - sees to it that a packet whose `parse` is asynchronous by mistake ends nothing by a rejection. */
  constructor(entry: PacketEntry, data: unknown, watch: (parsed: unknown) => void) {
    this.#watch = watch;
    this.#entry = entry;
    this.#data = data;
  }

  /**
   * The packet for connections with this context.
   *
   * @throws {@link InvalidPayloadError}, {@link EncodeError}, {@link PacketTooLargeError}.
   */
  for(context: ConnectionContext): Uint8Array {
    if (this.#context === context && this.#packet !== undefined) return this.#packet;
    let packet = this.#others.get(context);
    if (packet === undefined) {
      packet = encodeChecked(context, this.#entry, this.#data, this.#watch);
      this.#others.set(context, packet);
    }
    this.#context = context;
    this.#packet = packet;
    return packet;
  }
}
