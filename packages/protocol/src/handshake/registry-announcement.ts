import { ValueWriter } from "../codec/writing/value-writer.js";
import { type EncodingContext, encodePacket } from "../packets/encode-packet.js";
import { PROTOVERSION, VERSION } from "../version.js";
import { HANDSHAKE_NAME } from "./internal-names.js";

/** The packet that tells clients a server's registry (clause 3): encoded again only when the registry has changed. */
export class RegistryAnnouncement {
  #packet: Uint8Array | undefined = undefined;
  #revision = 0;

  /**
   * The packet, with its length prefix. It does not change any more.
   *
   * @throws {@link PacketTooLargeError} if the registry does not fit a packet.
   */
  encoded(context: EncodingContext): Uint8Array {
    const { registry } = context.peer;
    if (this.#packet === undefined || this.#revision !== registry.revision) {
      const payload = { version: VERSION, protoversion: PROTOVERSION, registry: registry.toMap() };
      // A client accepts a registry's names beside its limit on elements, so that a server may lower that of bodies.
      const writer = new ValueWriter(context.depth, Number.MAX_SAFE_INTEGER, context.pool);
      this.#packet = encodePacket({ ...context, writer }, registry.getID(HANDSHAKE_NAME), payload);
      this.#revision = registry.revision;
    }
    return this.#packet;
  }
}
