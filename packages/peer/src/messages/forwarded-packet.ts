import { type ConnectionContext, type EncodedBody, PacketTooLargeError, packetOf } from "@peng3dnet/protocol";
import type { PacketForMany } from "./encoded-packet.js";

/** Length of a packet's header without the length prefix, in bytes. */
const HEADER_SIZE = 6;

/** A packet whose body another server encoded, for many connections of this one. Nothing of it is encoded again. */
export class ForwardedPacket implements PacketForMany {
  readonly #id: number;
  readonly #body: EncodedBody;
  /** The body for those who take none that is compressed. */
  readonly #plain: EncodedBody;
  #packet: Uint8Array | undefined = undefined;
  #plainPacket: Uint8Array | undefined = undefined;

  /**
   * @param id - the packet's id on this server.
   * @param body - as it came.
   * @param whole - what the body is once it is inflated.
   */
  constructor(id: number, body: EncodedBody, whole: Uint8Array) {
    this.#id = id;
    this.#body = body;
    this.#plain = body.flags === 0 ? body : { flags: 0, bytes: whole };
  }

  for(context: ConnectionContext): Uint8Array | PacketTooLargeError {
    // A context that compresses nothing may be that of peers who take nothing compressed.
    const plain = this.#body.flags === 0 || context.compression === undefined;
    const length = HEADER_SIZE + (plain ? this.#plain : this.#body).bytes.length;
    if (length > context.limit) return new PacketTooLargeError("out", length, context.limit);
    if (plain) {
      this.#plainPacket ??= packetOf(this.#id, this.#plain);
      return this.#plainPacket;
    }
    this.#packet ??= packetOf(this.#id, this.#body);
    return this.#packet;
  }
}
