import type { PacketRef } from "@peng3dnet/protocol";
import { describeValue } from "../base/describe-value.js";
import type { HandlerGuard } from "../base/handler-guard.js";
import { checkListener, type Listener, Listeners } from "../base/listeners.js";
import { SESSION } from "../session/session.js";
import {
  GROUPS,
  Group,
  type GroupBroadcastOptions,
  type GroupEvent,
  type GroupStore,
  type Member,
  type Receiver,
} from "./group.js";
import { checkClient, type ReceiverSource } from "./receivers.js";

/** What groups need of their server. */
interface GroupServer {
  broadcast(ptype: number, data: unknown, options: GroupBroadcastOptions & { readonly to: Group }): number;
}

/** What a server hands in for its groups. */
export interface GroupParts<C> {
  readonly guard: HandlerGuard;
  /** The client with an id, if there is one. */
  find(cid: number): C | undefined;
  /** Tells the server's listeners. */
  emit(event: "groupenter" | "groupleave", args: readonly unknown[]): void;
}

/** The members of a group that has some. */
class Members<C extends Member> {
  readonly group: Group<C>;
  readonly clients = new Set<C>();
  #list: readonly C[] | undefined = undefined;

  constructor(group: Group<C>) {
    this.group = group;
  }

  /** Whoever walks along it is not disturbed by changes: they make a new one. */
  get list(): readonly C[] {
    this.#list ??= [...this.clients];
    return this.#list;
  }

  /** They have changed. */
  changed(): void {
    this.#list = undefined;
  }
}

const NOBODY: readonly never[] = [];

/** The groups of a server: who is in each, by name, and who listens. Nothing is kept of a group without members. */
export class GroupTable<C extends Member> implements GroupStore<C>, ReceiverSource<C> {
  /** The groups that have members. */
  readonly byName = new Map<string, Group<C>>();
  /** Their server, which makes this before there is one to hand in. */
  declare server: GroupServer;
  readonly #parts: GroupParts<C>;
  /** How many lists of receivers there were. */
  #lists = 0;
  readonly #members = new Map<string, Members<C>>();
  /** Listeners by group. */
  readonly #listeners = new Map<string, Listeners>();

  constructor(parts: GroupParts<C>) {
    this.#parts = parts;
  }

  /** The group with a name. @throws TypeError if that is no text. */
  group(name: string): Group<C> {
    if (typeof name !== "string") {
      throw new TypeError(`the name of a group is a text, and not ${describeValue(name)}`);
    }
    return this.byName.get(name) ?? new Group(name, this);
  }

  find(cid: number): C | undefined {
    return this.#parts.find(cid);
  }

  membersOf(group: Group): readonly C[] | undefined {
    return group.belongsTo(this.server) ? this.list(group.name) : undefined;
  }

  nextList(): number {
    return ++this.#lists;
  }

  list(name: string): readonly C[] {
    return this.#members.get(name)?.list ?? NOBODY;
  }

  size(name: string): number {
    return this.#members.get(name)?.clients.size ?? 0;
  }

  /** The client with an id; one that is given as an object is not looked for. */
  #resolve(client: Receiver): C | undefined {
    return typeof client === "number" ? this.find(client) : (client as C);
  }

  has(name: string, client: Receiver): boolean {
    const member = this.#resolve(client);
    return member !== undefined && this.#members.get(name)?.clients.has(member) === true;
  }

  add(group: Group<C>, client: Receiver): boolean {
    if (typeof client !== "number") checkClient(client, "a group", this.server);
    const member = this.#resolve(client);
    if (member === undefined || member[SESSION].over) return false;
    const { name } = group;
    let members = this.#members.get(name);
    if (members === undefined) {
      members = new Members(group);
      this.#members.set(name, members);
      this.byName.set(name, group);
    } else if (members.clients.has(member)) return false;
    members.clients.add(member);
    members.changed();
    member[GROUPS] ??= new Map();
    member[GROUPS].set(name, members.group);
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
    const groups = client[GROUPS];
    if (groups === undefined || groups.size === 0) return;
    const names = [...groups.keys()];
    const left = names.map((name) => this.#remove(name, client));
    for (const group of left) if (group !== undefined) this.#tell("leave", group, client);
  }

  /** @returns the group that it was in. */
  #remove(name: string, client: C): Group<C> | undefined {
    const members = this.#members.get(name);
    if (members?.clients.delete(client) !== true) return undefined;
    members.changed();
    client[GROUPS]?.delete(name);
    if (members.clients.size === 0) {
      this.#members.delete(name);
      this.byName.delete(name);
    }
    return members.group;
  }

  on(name: string, event: GroupEvent, listener: (client: never) => unknown): void {
    checkEvent(event);
    checkListener(listener);
    let listeners = this.#listeners.get(name);
    if (listeners === undefined) {
      listeners = new Listeners();
      this.#listeners.set(name, listeners);
    }
    listeners.add(event, listener as Listener);
  }

  off(name: string, event: GroupEvent, listener: (client: never) => unknown): void {
    checkEvent(event);
    checkListener(listener);
    const listeners = this.#listeners.get(name);
    listeners?.remove(event, listener as Listener);
    if (listeners?.empty === true) this.#listeners.delete(name);
  }

  #tell(event: GroupEvent, group: Group<C>, client: C): void {
    const { guard } = this.#parts;
    for (const listener of this.#listeners.get(group.name)?.of(event) ?? NOBODY)
      guard.run(`"${event}" listener of a group`, () => listener(client));
    this.#parts.emit(event === "enter" ? "groupenter" : "groupleave", [client, group]);
  }

  broadcast(ptype: PacketRef, data: unknown, group: Group<C>, { except }: GroupBroadcastOptions): number {
    // As an overridden method of the server sees it, too.
    return this.server.broadcast(ptype as number, data, { to: group, except });
  }
}

function checkEvent(event: unknown): void {
  if (event !== "enter" && event !== "leave")
    throw new TypeError(`a group tells "enter" and "leave", and not ${describeValue(event)}`);
}
