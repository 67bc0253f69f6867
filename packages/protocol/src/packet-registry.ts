import { FIRST_USER_ID, INTERNAL_PREFIX, SSLSEC_NONE, STATE_ACTIVE } from "./constants.js";
import { Packet, type PacketRule } from "./packet.js";
import { type AnyPacketDefinition, PacketDefinition } from "./packet-definition.js";
import { PROTOCOL_IDS } from "./protocol-ids.js";
import { BaseRegistry, type ObjectType, type RegistryEntry } from "./registry.js";

/** A registered packet type and what was found out about it, so that no packet has to look again. */
export interface PacketEntry extends RegistryEntry<Packet> {
  /** Bypasses the connection type's hooks: id below 64 or a name of the protocol's own (clause 2). */
  readonly internal: boolean;
  /** One of the five of the protocol itself, so that the application's hooks do not see it. */
  readonly protocol: boolean;
  /** Conditions for sending and receiving. */
  readonly rule: PacketRule | null;
  /** The one state that suffices for all conditions, or -1 where more has to be looked at. */
  readonly onlyState: number;
  /** Whether payloads have to go through the packet's `parse`. */
  readonly parses: boolean;
  /** Whether the packet wants to see what is sent, encoded. */
  readonly observesSend: boolean;
}

/** The packet types of a peer. Reference: `PacketRegistry`. */
export class PacketRegistry extends BaseRegistry<Packet, PacketEntry> {
  /** @param objtype - class of the packets; default {@link Packet}. */
  constructor(objtype: ObjectType<Packet> = Packet) {
    super(objtype);
  }

  /** Ids by name in order of registration, as the handshake sends them. */
  toMap(): Record<string, number> {
    const map: Record<string, number> = Object.create(null);
    for (const { name, id } of this.entries()) map[name] = id;
    return map;
  }

  override find(obj: string | number | Packet | AnyPacketDefinition): PacketEntry | undefined {
    return super.find(typeof obj === "object" && obj instanceof PacketDefinition ? obj.name : obj);
  }

  override entry(obj: string | number | Packet | AnyPacketDefinition): PacketEntry {
    return super.entry(obj as Packet);
  }

  protected override createEntry(obj: Packet, name: string, id: number): PacketEntry {
    const rule = obj.rule();
    return {
      obj,
      name,
      id,
      internal: id < FIRST_USER_ID || name.startsWith(INTERNAL_PREFIX),
      protocol: PROTOCOL_IDS.has(name),
      rule,
      onlyState: rule === null ? STATE_ACTIVE : onlyState(rule),
      parses: obj.parse !== Packet.prototype.parse,
      observesSend: obj._send !== Packet.prototype._send || obj.send !== Packet.prototype.send,
    };
  }
}

function onlyState({ state, mode, side, conntype, minSslsecLevel, droppable }: PacketRule): number {
  const conditions = mode !== null || side !== null || conntype !== null || minSslsecLevel !== SSLSEC_NONE;
  const simple = !conditions && !droppable;
  return simple && state !== null ? state : -1;
}
