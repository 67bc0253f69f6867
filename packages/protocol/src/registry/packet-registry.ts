import { utf8Length } from "../codec/writing/utf8.js";
import { FIRST_USER_ID, INTERNAL_PREFIX, SSLSEC_NONE, STATE_ACTIVE } from "../constants.js";
import { AlreadyRegisteredError, RegistryError } from "../errors/errors.js";
import { quoteText } from "../errors/quote-text.js";
import { Packet } from "../packets/packet.js";
import type { AnyPacketDefinition } from "../packets/packet-definition.js";
import type { InvalidAction, PacketRule } from "../packets/packet-rule.js";
import { checkRule } from "../packets/rule-values.js";
import { sharedRule } from "../packets/shared-rule.js";
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

/** The protocol's own packets, which are the same for all peers until somebody looks at those of one peer. */
export interface CommonPackets {
  /** Has the entries that are shared. Their packets belong to no peer. */
  readonly registry: PacketRegistry;
  /** Makes those of one peer, in order of registration. @param peer - whom they were registered for. */
  make(registry: PacketRegistry, peer: unknown): readonly PacketRegistration[];
}

/** What a packet is registered with. */
export type PacketRegistration = readonly [packet: Packet, name: string, id: number];

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
  /** The protocol's own packets, while nobody has looked at them; `undefined`: they are there as all others, or not yet. */
  #common: CommonPackets | undefined = undefined;
  /** Whom those were registered for. */
  #owner: unknown = undefined;
  /** How many packets were registered before those. */
  #before = 0;

  /**
   * Registers the protocol's own packets. Objects of this peer's are made when somebody looks at them: a process may have thousands of
   * clients, and their connections do with what all share.
   *
   * @throws as {@link PacketRegistry.register}.
   */
  registerCommon(common: CommonPackets, owner: unknown): void {
    const clash = common.registry.listed.some(
      ({ name, id }) => (this.find(name) ?? this.findId(id)) !== undefined,
    );
    // What is taken, and by what, is told where each is registered.
    if (clash) for (const [packet, name, id] of common.make(this, owner)) this.register(packet, name, id);
    this.#common = common;
    this.#owner = owner;
    this.#before = this.listed.length;
    this.changed();
  }

  /** Whether the protocol's own packets are those that all peers share. */
  get sharesCommon(): boolean {
    return this.#common !== undefined;
  }

  /** Makes the protocol's own packets of this peer, since somebody looks at them. */
  #separate(): void {
    const common = this.#common;
    if (common === undefined) return;
    this.#common = undefined;
    const own = common.make(this, this.#owner);
    this.insertLate(
      own.map(([packet, name, id]) => this.createEntry(packet, name, id)),
      this.#before,
    );
  }

  override get size(): number {
    return super.size + (this.#common?.registry.size ?? 0);
  }

  override entries(): IterableIterator<PacketEntry> {
    this.#separate();
    return super.entries();
  }

  override has(obj: string | number | Packet): boolean {
    return super.find(obj) !== undefined || this.#common?.registry.has(obj) === true;
  }

  override getID(obj: string | number | Packet | AnyPacketDefinition): number {
    // Where their id alone is asked for, those that are shared can stay it.
    if (typeof obj === "string" && this.#common?.registry.has(obj) === true)
      return this.#common.registry.getID(obj);
    return this.entry(obj).id;
  }

  /** Names of all packets in order of registration. */
  names(): string[] {
    const own = this.listed.map(({ name }) => name);
    return this.#common === undefined
      ? own
      : own.toSpliced(this.#before, 0, ...this.#common.registry.names());
  }

  protected override shared(id: number): PacketEntry | undefined {
    return this.#common?.registry.peek(id);
  }

  override findId(id: number): PacketEntry | undefined {
    if (id < FIRST_USER_ID && this.shared(id) !== undefined) this.#separate();
    return this.peek(id);
  }

  /**
   * Takes over a server's ids, as {@link BaseRegistry.reassignIDs}, and notes which names it does not have: those cannot
   * be sent any more.
   *
   * @throws as {@link BaseRegistry.reassignIDs}.
   */
  takeOver(ids: ReadonlyMap<string, number>): void {
    const former = this.#lacking;
    const lacking = this.listed.filter(({ name, protocol }) => !protocol && !ids.has(name));
    this.#lacking = new Set(lacking.map(({ name }) => name));
    try {
      // Those that are shared have their ids.
      super.reassignIDs(
        [...ids].filter(([name]) => super.find(name) !== undefined),
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

  override reassignIDs(
    ids: Iterable<readonly [name: string, id: number]>,
    reserved: Iterable<number> = [],
  ): void {
    this.#separate();
    super.reassignIDs(ids, reserved);
  }

  override deleteObj(obj: string | number | Packet): void {
    this.#separate();
    super.deleteObj(obj);
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
    // What is taken is told of the packets that are there.
    if (this.#common?.registry.has(name) === true) this.#separate();
    return super.register(obj, name, n);
  }

  override find(obj: string | number | Packet | AnyPacketDefinition): PacketEntry | undefined {
    const wanted = typeof obj === "object" && isDefinition(obj) ? obj.name : obj;
    const found = super.find(wanted);
    if (found !== undefined || this.#common?.registry.has(wanted) !== true) return found;
    this.#separate();
    return super.find(wanted);
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
    const own = obj.rule();
    if (own !== null) checkRule(own, name);
    const rule = own && sharedRule(own);
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
