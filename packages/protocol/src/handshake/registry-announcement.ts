import { ValueWriter } from "../codec/writing/value-writer.js";
import { wholeOf } from "../connection/derived.js";
import { type EncodingContext, encodePacket } from "../packets/encode-packet.js";
import { PROTOVERSION, VERSION } from "../version.js";
import { HANDSHAKE_NAME } from "./internal-names.js";

/**
 * The packet that announces a server's registry to clients (clause 3). It is encoded once for all of them, and again when the
 * registry has changed.
 */
export class RegistryAnnouncement {
  #packet: Uint8Array | undefined = undefined;
  #revision = 0;

  /**
   * The packet, with its length prefix. Nobody may change its bytes, since many connections send them.
   *
   * @throws {@link PacketTooLargeError} if the registry does not fit a packet.
   */
  encoded(context: EncodingContext): Uint8Array {
    const { registry } = context.peer;
    if (this.#packet === undefined || this.#revision !== registry.revision) {
      const payload = { version: VERSION, protoversion: PROTOVERSION, registry: registry.toMap() };
      // This side's limit on elements does not hold here: a client accepts the names of a registry in addition to its own.
      const writer = new ValueWriter(context.depth, Number.MAX_SAFE_INTEGER, context.pool);
      this.#packet = encodePacket({ ...wholeOf(context), writer }, registry.getID(HANDSHAKE_NAME), payload);
      this.#revision = registry.revision;
    }
    return this.#packet;
  }
}
