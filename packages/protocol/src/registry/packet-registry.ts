import { utf8Length } from "../codec/writing/utf8.js";
import { FIRST_USER_ID, INTERNAL_PREFIX, SSLSEC_NONE, STATE_ACTIVE } from "../constants.js";
import { AlreadyRegisteredError, RegistryError } from "../errors/errors.js";
import { quoteText } from "../errors/quote-text.js";
import { Packet } from "../packets/packet.js";
import type { AnyPacketDefinition } from "../packets/packet-definition.js";
import type { InvalidAction, PacketRule } from "../packets/packet-rule.js";
import { checkRule } from "../packets/rule-values.js";
import { PROTOCOL_IDS } from "./protocol-ids.js";
import { BaseRegistry, type ObjectType, type RegistryEntry } from "./registry.js";

/** A registered packet type and what was found out about it, so that no packet has to look again. */
export interface PacketEntry extends RegistryEntry<Packet> {
  /** Bypasses the connection type's hooks: id below 64 or a name of the protocol's own (clause 2). */
  readonly internal: boolean;
  /** Whether the server is known not to have it, so that it cannot be sent there. */
  readonly lacking: boolean;
  /** One of the five of the protocol itself, so that the application's hooks do not see it. */
  readonly protocol: boolean;
  /** Conditions for sending and receiving. */
  readonly rule: PacketRule | null;
  /** What `sendMessage` does when a condition does not hold. */
  readonly sendAction: InvalidAction;
  /** The one state that suffices for all conditions, or -1 where more has to be looked at. */
  readonly onlyState: number;
  /** Whether payloads have to go through the packet's `parse`. */
  readonly parses: boolean;
  /** Whether the packet has a handler of its own; else packets of this type are received and nothing happens. */
  readonly receives: boolean;
  /** Whether the packet wants to see what is sent, encoded. */
  readonly observesSend: boolean;
}

/** What a `DefinedPacket` has beside its rule, and other packets lack. */
interface MaybeDefined {
  readonly invalidSendAction?: InvalidAction;
}

const NONE: ReadonlySet<string> = new Set();
/** Characters of a name that an error shows. */
const NAME_SHOWN = 40;

/**
 * The packet types of a peer.
 *
 * @reference `PacketRegistry`
 */
export class PacketRegistry extends BaseRegistry<Packet, PacketEntry> {
  /** @param objtype - class of the packets; default {@link Packet}. */
  constructor(objtype: ObjectType<Packet> = Packet) {
    super(objtype);
  }

  #lacking = NONE;

  /**
   * Takes over a server's ids, as {@link BaseRegistry.reassignIDs}, and notes which names it does not have: those cannot
   * be sent any more.
   *
   * @throws as {@link BaseRegistry.reassignIDs}.
   */
  takeOver(ids: ReadonlyMap<string, number>): void {
    const former = this.#lacking;
    const lacking = [...this.entries()].filter(({ name, protocol }) => !protocol && !ids.has(name));
    this.#lacking = new Set(lacking.map(({ name }) => name));
    try {
      this.reassignIDs(
        [...ids].filter(([name]) => this.has(name)),
        ids.values(),
      );
    } catch (error) {
      this.#lacking = former;
      throw error;
    }
  }

  /** Names of those that the server whose ids were taken over does not have. */
  get lacking(): ReadonlySet<string> {
    return this.#lacking;
  }

  /**
   * Takes over the ids that another program of the same packets has, those included that the server does not know.
   *
   * @param ids - by name; all of them, and no other names.
   * @param lacking - names that the server does not have.
   * @throws as {@link BaseRegistry.reassignIDs}.
   */
  restore(ids: ReadonlyMap<string, number>, lacking: ReadonlySet<string>): void {
    const former = this.#lacking;
    this.#lacking = lacking;
    try {
      this.reassignIDs(ids);
    } catch (error) {
      this.#lacking = former;
      throw error;
    }
  }

  /** Ids by name in order of registration, as the handshake sends them. */
  toMap(): Record<string, number> {
    const map: Record<string, number> = Object.create(null);
    for (const { name, id } of this.entries()) map[name] = id;
    return map;
  }

  /**
   * Registers a packet type.
   *
   * @throws as {@link BaseRegistry.register}; a name that a peer could not take over is not usable.
   * @reference `register`
   */
  override register(obj: Packet, name: string, n?: number | null): number {
    // The protocol's own, which each of thousands of clients registers, are right.
    if (typeof n !== "number" || PROTOCOL_IDS.get(name) !== n) {
      checkName(name);
      if (typeof n === "number") checkId(n, name);
    }
    return super.register(obj, name, n);
  }

  override find(obj: string | number | Packet | AnyPacketDefinition): PacketEntry | undefined {
    if (typeof obj !== "object") return super.find(obj);
    return super.find(isDefinition(obj) ? obj.name : obj);
  }

  override entry(obj: string | number | Packet | AnyPacketDefinition): PacketEntry {
    // An error names the packet of a definition.
    return this.find(obj) ?? super.entry((isDefinition(obj) ? obj.name : obj) as Packet);
  }

  /** A packet of another copy of this package will do, too. */
  protected override accepts(obj: unknown): boolean {
    return super.accepts(obj) || (this.objtype === Packet && brandOf(obj) === "packet");
  }

  protected override createEntry(obj: Packet, name: string, id: number): PacketEntry {
    const rule = obj.rule();
    if (rule !== null) checkRule(rule, name);
    const lacking = this.#lacking.has(name);
    const { prototype } = Packet;
    return {
      obj,
      name,
      id,
      internal: id < FIRST_USER_ID || name.startsWith(INTERNAL_PREFIX),
      protocol: PROTOCOL_IDS.has(name),
      rule,
      sendAction: (obj as MaybeDefined).invalidSendAction ?? rule?.invalidAction ?? "error",
      lacking,
      onlyState: lacking ? -1 : rule === null ? STATE_ACTIVE : onlyState(rule),
      parses: obj.parse !== prototype.parse,
      receives: obj._receive !== prototype._receive || obj.receive !== prototype.receive,
      observesSend: obj._send !== prototype._send || obj.send !== prototype.send,
    };
  }
}

function onlyState({ state, mode, side, conntype, minSslsecLevel, droppable }: PacketRule): number {
  const conditions = mode !== null || side !== null || conntype !== null || minSslsecLevel !== SSLSEC_NONE;
  const simple = !conditions && !droppable;
  return simple && state !== null ? state : -1;
}

/** @throws {@link AlreadyRegisteredError} for an id of the protocol's own packets, whose place nobody may take. */
function checkId(id: number, name: string): void {
  for (const [owner, own] of PROTOCOL_IDS) {
    if (own !== id) continue;
    throw new AlreadyRegisteredError(
      `the id ${id} for ${quoteText(name, NAME_SHOWN)} is the protocol's own, of "${owner}"; choose another one than 1 to 4 and 16, or none for the next that is free`,
    );
  }
}

/** Longest name that a client takes over by default (`net.limits.registry.namelength`), in bytes of UTF-8. */
export const MAX_NAME_LENGTH = 256;

/** Refuses here, where the mistake is, what would else fail in the handshake with each peer. */
function checkName(name: unknown): void {
  // What is no text is refused with all else that is no name at all, when it is registered.
  if (typeof name !== "string") return;
  // What errors show takes longer than all else here, and a process may have thousands of clients that register.
  const shown = (): string => quoteText(name, NAME_SHOWN);
  if (name === "__proto__") {
    throw new RegistryError(
      `${shown()} cannot be the name of a packet: no peer takes it over; choose another`,
    );
  }
  if (!name.isWellFormed()) {
    throw new RegistryError(
      `the name ${shown()} has half of a surrogate pair, which cannot be sent; choose a name that is valid Unicode`,
    );
  }
  const length = utf8Length(name);
  if (length > MAX_NAME_LENGTH) {
    throw new RegistryError(
      `the name ${shown()} is ${length} bytes long, more than the ${MAX_NAME_LENGTH} that peers take over (net.limits.registry.namelength); choose a shorter one`,
    );
  }
}

/** Whether a value is a definition, of this or another copy of this package. */
export function isDefinition(value: unknown): value is AnyPacketDefinition {
  return brandOf(value) === "definition";
}

function brandOf(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  try {
    return (value as { readonly "~peng3dnet"?: unknown })["~peng3dnet"];
  } catch {
    return undefined;
  }
}
