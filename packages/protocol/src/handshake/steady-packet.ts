import { type EncodingContext, encodePacket } from "../packets/encode-packet.js";

/** A packet of the handshake that is the same on most connections: it is encoded again only when it is another one. */
export class SteadyPacket {
  #packet: Uint8Array | undefined = undefined;
  #id = 0;
  #text = "";
  #about: unknown = undefined;

  /**
   * The packet that was encoded last, with its length prefix, if it is this one. Nobody may change its bytes, since many connections
   * send them.
   *
   * @param text - what makes out the body, together with `about`.
   */
  find(id: number, text: string, about: unknown): Uint8Array | undefined {
    return this.#id === id && this.#text === text && this.#about === about ? this.#packet : undefined;
  }

  /**
   * Encodes the packet.
   *
   * @throws {@link PacketTooLargeError} if it does not fit a packet.
   */
  encode(context: EncodingContext, id: number, text: string, about: unknown, body: unknown): Uint8Array {
    const packet = encodePacket(context, id, body);
    // A codec of the application may make something else of it each time.
    if (context.codec !== undefined) return packet;
    this.#packet = packet;
    this.#id = id;
    this.#text = text;
    this.#about = about;
    return packet;
  }
}
