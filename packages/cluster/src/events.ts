import { type ClusterHost, type OptionNames, optionComplaint } from "@peng3dnet/peer";
import type { NodeConflictError } from "./nodes/node-errors.js";
import type { GroupMember, MemberEvent } from "./presence/member.js";

/** Something that nodes sent to a group did not arrive here. */
export interface Gap {
  /** Name of the group. */
  readonly group: string;
  /** Id of the node that sent it. */
  readonly from: string;
  /**
   * How many messages are missing. `undefined`: nobody knows, and it may be none; only where the other node has sent to more
   * groups than its option `maxGroups` and has ended the sequence of this one, or where it did not know of the members here, which
   * heard what it sent for the sake of others, and began a new sequence meanwhile.
   */
  readonly missed: number | undefined;
}

/** Another node, as this one knows it. */
export interface NodeInfo {
  /** Its id: name and epoch. */
  readonly id: string;
  readonly name: string;
  /** The address at which clients reach it, as its option `advertised` says. */
  readonly advertised: string | undefined;
  /** How many clients it had at its last beat, those that are still in the handshake not included. */
  readonly clients: number;
}

/** Arguments of the listeners of a node. */
export interface NodeEvents {
  /** Messages to a group are missing. */
  gap: [gap: Gap];
  /** Another node is there. */
  nodejoin: [node: NodeInfo];
  /** Another node is not there any more: it has left, or was silent for too long. One that is heard again joins again. */
  nodeleave: [node: NodeInfo, info: { readonly lost: boolean }];
  /** Another node was silent for too long; comes after its `nodeleave`, and after its members have left their groups. */
  nodelost: [node: NodeInfo];
  /**
   * Another node speaks under the id of this one, which has left the cluster for that: what either sent of late may not have reached
   * everybody. Join again, which gives it an id of its own.
   */
  conflict: [error: NodeConflictError];
  /** A client of any node is in a group now. A listener makes the node watch presence: {@link ClusterGroup.members}. */
  memberenter: [member: GroupMember, group: string];
  /** A client of any node is not in a group any more. */
  memberleave: [member: GroupMember, group: string];
  /** A client of any node that is in a group has another presence now. */
  memberchange: [member: GroupMember, group: string];
}

const NODE_EVENTS: OptionNames<NodeEvents> = {
  gap: true,
  nodejoin: true,
  nodeleave: true,
  nodelost: true,
  conflict: true,
  memberenter: true,
  memberleave: true,
  memberchange: true,
};

/** JavaScript lets the name of no event pass, and its listener would never be called. @throws TypeError */
export function checkNodeEvent(name: string): void {
  // `on` of Node's events listens for errors, too, of whatever it is given.
  if (name === "error") return;
  const found = optionComplaint("a node", { [name]: true }, NODE_EVENTS, true, "event");
  if (found !== undefined) throw new TypeError(found[1]);
}

type Call = (...args: never[]) => unknown;

/** Listeners of a node. */
export class Events {
  readonly #guard: ClusterHost["guard"];
  readonly #listeners = new Map<string, readonly Call[]>();

  constructor(guard: ClusterHost["guard"]) {
    this.#guard = guard;
  }

  add(event: string, listener: Call): void {
    if (typeof listener !== "function")
      throw new TypeError(`a listener of "${event}" is a function, and not ${typeof listener}`);
    this.#listeners.set(event, [...(this.#listeners.get(event) ?? []), listener]);
  }

  remove(event: string, listener: Call): void {
    const listeners = this.#listeners.get(event) ?? [];
    const place = listeners.lastIndexOf(listener);
    if (place < 0) return;
    if (listeners.length === 1) this.#listeners.delete(event);
    else this.#listeners.set(event, listeners.toSpliced(place, 1));
  }

  /** Adds a listener for the members of one group. */
  addFor(group: string, event: MemberEvent, listener: Call): void {
    this.add(keyOf(group, event), listener);
  }

  removeFor(group: string, event: MemberEvent, listener: Call): void {
    this.remove(keyOf(group, event), listener);
  }

  /** Tells the listeners for the members of a group, and those for all groups. @param find - who it is; called if there are any. */
  emitMember(group: string, event: MemberEvent, find: () => GroupMember): void {
    const key = keyOf(group, event);
    if (!this.#listeners.has(key) && !this.#listeners.has(event)) return;
    const member = find();
    this.#call(key, event, [member, group]);
    this.emit(event, member, group);
  }

  emit<K extends keyof NodeEvents>(event: K, ...args: NodeEvents[K]): void {
    this.#call(event, event, args);
  }

  #call(key: string, event: string, args: readonly unknown[]): void {
    for (const listener of this.#listeners.get(key) ?? [])
      this.#guard.run(`"${event}" listener of a node`, () => listener(...(args as never[])));
  }
}

/** Names of events have no spaces. */
function keyOf(group: string, event: MemberEvent): string {
  return `${event} ${group}`;
}
