import { type EncodingContext, encodePacket } from "../packets/encode-packet.js";

/** A packet of the handshake that is the same on most connections: it is encoded again only when it is another one. */
export class SteadyPacket {
  #packet: Uint8Array | undefined = undefined;
  #id = 0;
  #text = "";
  #about: unknown = undefined;

  /**
   * The packet, with its length prefix. Nobody may change its bytes, since many connections send them.
   *
   * @param text - what makes out the body, together with `about`.
   * @param body - makes the body.
   * @throws {@link PacketTooLargeError} if it does not fit a packet.
   */
  encoded(
    context: EncodingContext,
    id: number,
    text: string,
    about: unknown,
    body: () => unknown,
  ): Uint8Array {
    // A codec of the application may make something else of it each time.
    if (context.codec !== undefined) return encodePacket(context, id, body());
    if (this.#packet === undefined || this.#id !== id || this.#text !== text || this.#about !== about) {
      this.#packet = encodePacket(context, id, body());
      this.#id = id;
      this.#text = text;
      this.#about = about;
    }
    return this.#packet;
  }
}
