import {
  type AnyPacketDefinition,
  type Cid,
  checkKnownOptions,
  type OptionNames,
  type PacketRef,
  type SIDE_CLIENT,
} from "@peng3dnet/protocol";
import type { NameSentTo, PayloadOf, SentTo, UntypedPacket } from "../messages/typed-packet.js";
import type { SESSION } from "../session/session.js";

/**
 * Where a client on a server has the groups that it is in. It is the same symbol in each copy of this package: the class of a
 * client may be made with another one.
 */
export const GROUPS: unique symbol = Symbol.for("peng3dnet.groups");

/** What groups and broadcasts need to know of a client of a server. Each `ClientOnServer` has it. */
export interface Member {
  /** Its client id. */
  readonly cid: Cid;
  /** The connection. @internal */
  readonly [SESSION]: {
    readonly cid: Cid;
    readonly over: boolean;
    /** The list of receivers that it was in last, by number. */
    listed: number;
    readonly connection: { readonly peer: object };
  };
  /** The groups that it is in; there once somebody asked, or it was added to one. */
  [GROUPS]?: object | undefined;
}

/** A client of a server: the object that stands for it, or its id. */
export type Receiver = Member | number;

/** Options of `group.broadcast`. */
export interface GroupBroadcastOptions {
  /** Clients to leave out, by object or id: one, or any number, e.g. another group. */
  readonly except?: Receiver | Iterable<Receiver> | undefined;
}

const OPTIONS: OptionNames<GroupBroadcastOptions> = { except: true };

/** What happens to the members of a group. */
export type GroupEvent = "enter" | "leave";

/** Keeps the members of all groups of a server. */
export interface GroupStore<C extends Member> {
  readonly server: object;
  /** The members of a group; an iteration goes along those that there were when it began. */
  list(name: string): Iterable<C>;
  size(name: string): number;
  has(name: string, client: Receiver): boolean;
  add(group: Group<C>, client: Receiver): boolean;
  delete(name: string, client: Receiver): boolean;
  on(name: string, event: GroupEvent, listener: (client: never) => unknown): void;
  once(name: string, event: GroupEvent, listener: (client: never) => unknown): void;
  off(name: string, event: GroupEvent, listener: (client: never) => unknown): void;
  broadcast(ptype: PacketRef, data: unknown, group: Group<C>, options: GroupBroadcastOptions): number;
}

/**
 * Some of a server's clients, under a name: a room, a team, an area. Made by {@link Server.group}; there is nothing to set up
 * and nothing to tear down.
 *
 * A group exists while it has members. This object is a handle that outlasts it: used again later, or another one of the same
 * name used meanwhile, it has the members that the name has then.
 *
 * It may be changed while it is walked or broadcast to, also by handlers that the broadcast calls.
 *
 * @typeParam C - class of the clients.
 * @typeParam D - packets that the server declared.
 */
export class Group<out C extends Member = Member, out D extends AnyPacketDefinition = AnyPacketDefinition>
  implements Iterable<C>
{
  /** Its name. */
  readonly name: string;
  readonly #store: GroupStore<C>;

  /** For the server. Applications call {@link Server.group}. */
  constructor(name: string, store: GroupStore<C>) {
    this.name = name;
    this.#store = store;
  }

  /** Whether it is a group of this server. */
  belongsTo(server: object): boolean {
    return this.#store.server === server;
  }

  /** How many members it has. */
  get size(): number {
    return this.#store.size(this.name);
  }

  /** Whether a client is in it. */
  has(client: Receiver): boolean {
    return this.#store.has(this.name, client);
  }

  /**
   * Adds a client. It stays until it is deleted, or its connection is closed.
   *
   * @param client - a client, or the id of one.
   * @returns whether it has entered: false if it is in the group already, or if its connection is closed.
   * @throws TypeError for something else than a client of this server or a number.
   */
  add(client: Receiver): boolean {
    return this.#store.add(this, client);
  }

  /**
   * Takes a client out.
   *
   * @param client - a client, or the id of one.
   * @returns whether it was in the group.
   */
  delete(client: Receiver): boolean {
    return this.#store.delete(this.name, client);
  }

  /**
   * The members, in no particular order. Those that enter meanwhile do not appear, and those that leave before their turn do
   * not either.
   */
  *[Symbol.iterator](): IterableIterator<C> {
    for (const client of this.#store.list(this.name)) if (this.has(client)) yield client;
  }

  /**
   * Sends a packet to all that are members when this is called, as {@link Server.broadcast} does with this group as `to`.
   *
   * @returns the number of clients that it was accepted for.
   * @throws as {@link Server.broadcast}; TypeError for an option `to`.
   */
  broadcast<P extends NameSentTo<D, typeof SIDE_CLIENT> | SentTo<typeof SIDE_CLIENT> | UntypedPacket>(
    ptype: P,
    data: PayloadOf<D, P>,
    options?: GroupBroadcastOptions,
  ): number;
  broadcast(ptype: PacketRef, data: unknown, options: GroupBroadcastOptions = {}): number {
    if ("to" in options) {
      throw new TypeError(
        "group.broadcast goes to the members of the group, and has no option to; hand the clients to server.broadcast, or leave some out with except",
      );
    }
    checkKnownOptions("group.broadcast", options, OPTIONS);
    return this.#store.broadcast(ptype, data, this, options);
  }

  /**
   * Calls `listener` whenever a client has entered or left the group; one whose connection is closed has left. It is kept for
   * the name, also while the group is empty, until it is taken away with {@link Group.off}. For groups that come and go, listen
   * to `groupenter` and `groupleave` of the server.
   */
  on(event: GroupEvent, listener: (client: C) => unknown): this {
    this.#store.on(this.name, event, listener);
    return this;
  }

  /** Calls `listener` when the next client has entered or left the group. Kept as with {@link Group.on} until then. */
  once(event: GroupEvent, listener: (client: C) => unknown): this {
    this.#store.once(this.name, event, listener);
    return this;
  }

  /** Stops calling `listener`. */
  off(event: GroupEvent, listener: (client: C) => unknown): this {
    this.#store.off(this.name, event, listener);
    return this;
  }
}
