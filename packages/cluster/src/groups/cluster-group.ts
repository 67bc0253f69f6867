import {
  type AnyPacketDefinition,
  checkKnownOptions,
  type Group,
  type GroupEvent,
  type Member,
  type NameSentTo,
  type OptionNames,
  type PacketRef,
  type PayloadOf,
  type Receiver,
  type SentTo,
  type SIDE_CLIENT,
  type UntypedPacket,
} from "@peng3dnet/peer";
import {
  type GroupMembers,
  isMemberEvent,
  type MemberEvent,
  type MemberListener,
  type MembersOptions,
} from "../presence/member.js";

/** Options of `broadcast` of a group that nodes share. */
export interface ClusterBroadcastOptions {
  /**
   * Clients to leave out: one, or any number. Those of this node by object or cid; those of any node by the id that
   * `node.idOf` gives, 1,024 at most. A group of the node is left out on all nodes.
   */
  readonly except?: Receiver | string | Iterable<Receiver | string> | undefined;
}

const OPTIONS: OptionNames<ClusterBroadcastOptions> = { except: true };

/** Keeps the groups that nodes share. */
export interface ClusterGroupStore<C extends Member> {
  add(name: string, client: Receiver): boolean;
  local(name: string): Group<C>;
  broadcast(name: string, ptype: PacketRef, data: unknown, options: ClusterBroadcastOptions): number;
  members(name: string, options: MembersOptions): Promise<GroupMembers>;
  on(name: string, event: MemberEvent, listener: MemberListener): void;
  off(name: string, event: MemberEvent, listener: MemberListener): void;
}

/**
 * Some clients of all nodes, under a name. Made by {@link ClusterNode.group}; there is nothing to set up and nothing to tear
 * down.
 *
 * On each node it is the group of the server with that name: who is a member here is seen there, and the other way round. What
 * is sent to it reaches the members on all nodes, and {@link ClusterGroup.members} finds them; all else is about those of this
 * node.
 *
 * A node hears what others send to a group from the first {@link ClusterGroup.add} until it has no members any more.
 *
 * @typeParam C - class of the clients.
 * @typeParam D - packets that the server declared.
 */
export class ClusterGroup<
  out C extends Member = Member,
  out D extends AnyPacketDefinition = AnyPacketDefinition,
> implements Iterable<C>
{
  /** Its name. */
  readonly name: string;
  readonly #store: ClusterGroupStore<C>;

  /** For the node. Applications call {@link ClusterNode.group}. */
  constructor(name: string, store: ClusterGroupStore<C>) {
    this.name = name;
    this.#store = store;
  }

  /** How many members of this node it has. */
  get size(): number {
    return this.#store.local(this.name).size;
  }

  /** Whether a client of this node is in it. */
  has(client: Receiver): boolean {
    return this.#store.local(this.name).has(client);
  }

  /**
   * Adds a client of this node. It stays until it is deleted, or its connection is closed.
   *
   * @param client - a client, or its cid.
   * @returns whether it has entered: false if it is in the group already, or if its connection is closed.
   * @throws TypeError for something else than a client of this node's server or a number.
   */
  add(client: Receiver): boolean {
    return this.#store.add(this.name, client);
  }

  /**
   * Takes a client of this node out.
   *
   * @returns whether it was in the group.
   */
  delete(client: Receiver): boolean {
    return this.#store.local(this.name).delete(client);
  }

  /** The members of this node, as {@link Group} has them. */
  *[Symbol.iterator](): IterableIterator<C> {
    yield* this.#store.local(this.name);
  }

  /**
   * Sends a packet to all members on all nodes. It is encoded, and compressed, once; it goes over the bus if another node has
   * members, or if that is not known yet.
   *
   * @returns the number of clients of this node that it was accepted for.
   * @throws as `server.broadcast`; {@link BusError} if it could not be published, e.g. since the bus is away and keeps nothing.
   * Nothing has been sent then.
   */
  broadcast<P extends NameSentTo<D, typeof SIDE_CLIENT> | SentTo<typeof SIDE_CLIENT> | UntypedPacket>(
    ptype: P,
    data: PayloadOf<D, P>,
    options?: ClusterBroadcastOptions,
  ): number;
  broadcast(ptype: PacketRef, data: unknown, options: ClusterBroadcastOptions = {}): number {
    if ("to" in Object(options))
      throw new TypeError(
        "broadcast of a group goes to its members, and has no option to; leave some out with except",
      );
    checkKnownOptions("group.broadcast", options, OPTIONS);
    return this.#store.broadcast(this.name, ptype, data, options);
  }

  /**
   * Who is in it, on all nodes: those whom the nodes added by {@link ClusterGroup.add}, and who else is in the group of such a
   * node's server.
   *
   * The first call, or the first listener for a {@link MemberEvent}, makes this node watch: the others tell it from then on who
   * enters and leaves. So the first call waits for their answer, and later ones only for nodes that something is missing of, or that
   * are silent.
   *
   * @returns who is known in the end, and which nodes have not told all. It neither waits longer than `timeout` nor rejects since a
   * node is dead or the bus is away.
   * @throws {@link ConfigError} for a `timeout` that is none, by the promise.
   */
  members(options: MembersOptions = {}): Promise<GroupMembers> {
    return this.#store.members(this.name, options);
  }

  /** Calls `listener` whenever a client of this node has entered or left the group, as {@link Group.on}. */
  on(event: GroupEvent, listener: (client: C) => unknown): this;
  /**
   * Calls `listener` with what this node comes to know of the members on all nodes, those of this one included. Who was known before
   * has no `memberenter`, and who came and went within one turn has no event.
   */
  on(event: MemberEvent, listener: MemberListener): this;
  on(event: GroupEvent | MemberEvent, listener: (...args: never[]) => unknown): this {
    if (isMemberEvent(event)) this.#store.on(this.name, event, listener as MemberListener);
    else this.#store.local(this.name).on(event, listener as (client: C) => unknown);
    return this;
  }

  /** Calls `listener` when the next client of this node has entered or left the group. */
  once(event: GroupEvent, listener: (client: C) => unknown): this {
    this.#store.local(this.name).once(event, listener);
    return this;
  }

  /** Stops calling `listener`. */
  off(event: GroupEvent, listener: (client: C) => unknown): this;
  /** Stops calling `listener`. */
  off(event: MemberEvent, listener: MemberListener): this;
  off(event: GroupEvent | MemberEvent, listener: (...args: never[]) => unknown): this {
    if (isMemberEvent(event)) this.#store.off(this.name, event, listener as MemberListener);
    else this.#store.local(this.name).off(event, listener as (client: C) => unknown);
    return this;
  }
}
