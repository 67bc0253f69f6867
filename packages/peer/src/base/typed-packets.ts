import { type AnyPacketDefinition, isDefinition } from "@peng3dnet/protocol";
import type { TypedPacket } from "../messages/typed-packet.js";
import { isRequestDeclaration } from "../requests/request-declaration.js";
import { describeValue } from "./describe-value.js";

/** The packets of a peer that were made from definitions, by name. */
export class TypedPackets<Owner> {
  readonly #packets = new Map<string, TypedPacket<Owner>>();
  readonly #register: (definition: AnyPacketDefinition) => TypedPacket<Owner>;

  /** @param register - makes the packet of a definition, and registers it. */
  constructor(register: (definition: AnyPacketDefinition) => TypedPacket<Owner>) {
    this.#register = register;
  }

  /** The packet of a definition, if it is registered. */
  find(definition: AnyPacketDefinition): TypedPacket<Owner> | undefined {
    return this.#packets.get(definition.name);
  }

  /**
   * The packet of a definition, which is registered if need be.
   *
   * @throws TypeError if it is the definition of no packet, and what registering throws.
   */
  get(definition: AnyPacketDefinition): TypedPacket<Owner> {
    if (!isDefinition(definition)) {
      throw new TypeError(
        `a packet is given here as its definition, from definePacket, and not as ${describeValue(definition)}`,
      );
    }
    if (isRequestDeclaration(definition)) {
      throw new TypeError(
        `"${definition.name}" is a request; answer it with answer(), and make it with request()`,
      );
    }
    const known = this.find(definition);
    if (known !== undefined && known.definition === definition) return known;
    const packet = this.#register(definition);
    this.#packets.set(definition.name, packet);
    return packet;
  }
}
