import type { PacketRef } from "@peng3dnet/protocol";
import { describeValue } from "../base/describe-value.js";
import type { HandlerGuard } from "../base/handler-guard.js";
import { checkListener, type Listener, Listeners } from "../base/listeners.js";
import { SESSION } from "../session/session.js";
import { Fifo } from "../turns/fifo.js";
import {
  GROUPS,
  Group,
  type GroupBroadcastOptions,
  type GroupEvent,
  type GroupStore,
  type Member,
  type Receiver,
} from "./group.js";
import { GroupMap, Names } from "./group-map.js";
import { checkClient, type ReceiverSource } from "./receivers.js";

/** What groups need of their server. */
interface GroupServer {
  broadcast(ptype: number, data: unknown, options: GroupBroadcastOptions & { readonly to: Group }): number;
}

/** What a server hands in for its groups. */
export interface GroupParts<C> {
  /** Has the listeners of the server. */
  readonly guard: HandlerGuard;
  /** The client with an id, if there is one. */
  find(cid: number): C | undefined;
}

/** The members of a group that has some. */
class Members<C extends Member> {
  readonly group: Group<C>;
  #list: C[] = [];
  /** Whether somebody else may be going along the list, so that it must not change. */
  #handedOut = false;
  /** How many iterations over the list are not over. */
  #readers = 0;

  constructor(group: Group<C>) {
    this.group = group;
  }

  get size(): number {
    return this.#list.length;
  }

  /** All of them, in a list that stays as it is. */
  get list(): readonly C[] {
    this.#handedOut = true;
    return this.#list;
  }

  /** All of them, each in turn. Whoever looks at the first one alone, at each change, does not have the list copied each time. */
  *[Symbol.iterator](): IterableIterator<C> {
    const list = this.#list;
    this.#readers++;
    try {
      yield* list;
    } finally {
      if (list === this.#list) this.#readers--;
    }
  }

  /** @returns its place. */
  add(client: C): number {
    return this.#own().push(client) - 1;
  }

  /** Takes out the one at a place. @returns the one that has taken the place, if any. */
  removeAt(place: number): C | undefined {
    const list = this.#own();
    const last = list.pop();
    if (last === undefined || place === list.length) return undefined;
    list[place] = last;
    return last;
  }

  /** The list, to be changed. */
  #own(): C[] {
    if (this.#handedOut || this.#readers > 0) {
      this.#readers = 0;
      this.#list = this.#list.slice();
      this.#handedOut = false;
    }
    return this.#list;
  }
}

/** The membership of one client in one group. */
interface Membership {
  readonly group: Group;
  readonly members: object;
  /** Where it stands among the members. */
  place: number;
}

/** The groups that a client is in. */
class Memberships {
  readonly names = new Names<Membership>();
  /** As applications see them. */
  readonly view: GroupMap = new GroupMap(this.names);
}

const NOBODY: readonly never[] = [];

/** The groups of a server: who is in each, by name, and who listens. Nothing is kept of a group without members. */
export class GroupTable<C extends Member> implements GroupStore<C>, ReceiverSource<C> {
  /** Their server, which makes this before there is one to hand in. */
  declare server: GroupServer;
  readonly #parts: GroupParts<C>;
  /** Members of all groups together. */
  memberships = 0;
  /** How many lists of receivers there were. */
  #lists = 0;
  readonly #members = new Names<Members<C>>();
  /** The groups that have members. */
  readonly byName: GroupMap<C> = new GroupMap(this.#members);
  /** Listeners by group. */
  readonly #listeners = new Map<string, Listeners>();
  /** Calls of listeners that are due, in order. There are some only while one of them is called. */
  readonly #due = new Fifo<() => void>();

  constructor(parts: GroupParts<C>) {
    this.#parts = parts;
  }

  /** The group with a name. @throws TypeError if that is no text. */
  group(name: string): Group<C> {
    if (typeof name !== "string") {
      throw new TypeError(`the name of a group is a text, and not ${describeValue(name)}`);
    }
    return this.#members.get(name)?.group ?? new Group(name, this);
  }

  find(cid: number): C | undefined {
    return this.#parts.find(cid);
  }

  membersOf(group: Group): readonly C[] | undefined {
    return group.belongsTo(this.server) ? (this.#members.get(group.name)?.list ?? NOBODY) : undefined;
  }

  nextList(): number {
    return ++this.#lists;
  }

  list(name: string): Iterable<C> {
    return this.#members.get(name) ?? NOBODY;
  }

  size(name: string): number {
    return this.#members.get(name)?.size ?? 0;
  }

  /** The client with an id; one that is given as an object is not looked for. */
  #resolve(client: Receiver): C | undefined {
    return typeof client === "number" ? this.find(client) : (client as C);
  }

  /** The membership of a client in the group with this name; `undefined`: it is not in it. */
  #membership(name: string, client: C): Membership | undefined {
    // A client of another server may be in a group of the same name there.
    const membership = memberships(client)?.names.get(name);
    return membership?.members === this.#members.get(name) ? membership : undefined;
  }

  has(name: string, client: Receiver): boolean {
    const member = this.#resolve(client);
    return member !== undefined && this.#membership(name, member) !== undefined;
  }

  add(group: Group<C>, client: Receiver): boolean {
    if (typeof client !== "number") checkClient(client, "a group", this.server);
    const member = this.#resolve(client);
    if (member === undefined || member[SESSION].over) return false;
    const { name } = group;
    if (this.#membership(name, member) !== undefined) return false;
    let members = this.#members.get(name);
    if (members === undefined) {
      members = new Members(group);
      this.#members.set(name, members);
    }
    makeMemberships(member).names.set(name, { group: members.group, members, place: members.add(member) });
    this.memberships++;
    this.#tell("enter", members.group, member);
    return true;
  }

  delete(name: string, client: Receiver): boolean {
    const member = this.#resolve(client);
    if (member === undefined) return false;
    const group = this.#remove(name, member);
    if (group === undefined) return false;
    this.#tell("leave", group, member);
    return true;
  }

  /** The connection of a client is closed: it leaves all groups, and then that is told. */
  left(client: C): void {
    const names = memberships(client)?.names;
    if (names === undefined || names.size === 0) return;
    const left = [...names.values()].map(({ group }) => this.#remove(group.name, client));
    for (const group of left) if (group !== undefined) this.#tell("leave", group, client);
  }

  /** @returns the group that it was in. */
  #remove(name: string, client: C): Group<C> | undefined {
    const membership = this.#membership(name, client);
    const members = this.#members.get(name);
    if (membership === undefined || members === undefined) return undefined;
    const { place } = membership;
    this.memberships--;
    const moved = members.removeAt(place);
    const other = moved && this.#membership(name, moved);
    if (other !== undefined) other.place = place;
    memberships(client)?.names.delete(name);
    if (members.size === 0) this.#members.delete(name);
    return members.group;
  }

  on(name: string, event: GroupEvent, listener: (client: never) => unknown): void {
    this.#listenersFor(name, event, listener).add(event, listener as Listener);
  }

  once(name: string, event: GroupEvent, listener: (client: never) => unknown): void {
    this.#listenersFor(name, event, listener).addOnce(event, listener as Listener);
  }

  off(name: string, event: GroupEvent, listener: (client: never) => unknown): void {
    checkEvent(event);
    checkListener(listener);
    this.#listeners.get(name)?.remove(event, listener as Listener);
    this.#forgetListeners(name);
  }

  /** Where one more listener is kept. */
  #listenersFor(name: string, event: GroupEvent, listener: unknown): Listeners {
    checkEvent(event);
    checkListener(listener);
    let listeners = this.#listeners.get(name);
    if (listeners === undefined) {
      listeners = new Listeners();
      this.#listeners.set(name, listeners);
    }
    return listeners;
  }

  /** Names come and go: one without listeners keeps nothing. */
  #forgetListeners(name: string): void {
    if (this.#listeners.get(name)?.empty === true) this.#listeners.delete(name);
  }

  /**
   * Tells all who listen. One of them may change a group: what comes of that is told behind what is due of this, so that nobody hears
   * of a client that it has left before it has entered.
   */
  #tell(event: GroupEvent, group: Group<C>, client: C): void {
    const { guard } = this.#parts;
    const due = this.#due;
    const listeners = this.#listeners.get(group.name);
    for (const listener of listeners?.of(event) ?? [])
      due.push(() => guard.run(`"${event}" listener of a group`, () => listener(client)));
    const ofAll = event === "enter" ? "groupenter" : "groupleave";
    for (const listener of guard.of(ofAll))
      due.push(() => guard.run(`"${ofAll}" listener`, () => listener(client, group)));
    for (let call = due.shift(); call !== undefined; call = due.shift()) call();
    // Those that are called once may have been the last ones.
    if (listeners !== undefined) this.#forgetListeners(group.name);
  }

  broadcast(ptype: PacketRef, data: unknown, group: Group<C>, { except }: GroupBroadcastOptions): number {
    // As an overridden method of the server sees it, too.
    return this.server.broadcast(ptype as number, data, { to: group, except });
  }
}

function memberships(client: Member): Memberships | undefined {
  return client[GROUPS] as Memberships | undefined;
}

function makeMemberships(client: Member): Memberships {
  client[GROUPS] ??= new Memberships();
  return client[GROUPS] as Memberships;
}

/** The groups that a client is in, by name. */
export function groupsOf(client: Member): GroupMap {
  return makeMemberships(client).view;
}

function checkEvent(event: unknown): void {
  if (event !== "enter" && event !== "leave")
    throw new TypeError(`a group tells "enter" and "leave", and not ${describeValue(event)}`);
}
