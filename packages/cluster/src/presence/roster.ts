import type { Present } from "../wire/messages.js";
import { peerIdOf } from "../wire/names.js";
import type { GroupMember, MemberEvent } from "./member.js";
import { costOf, decodePresence, isSame } from "./payload.js";

/** What is known of a client. Its presence is decoded where it is asked for: a few bytes may stand for a hundred times as many. */
export interface Known {
  readonly id: string;
  readonly node: string;
  /** Its presence, encoded. */
  readonly bytes: Uint8Array;
  /** Bytes that the presence takes about, decoded. */
  readonly cost: number;
  readonly groups: ReadonlySet<string>;
}

/** What a node said of a client of its. @throws BadDataError */
export function readPresent(node: string, [cid, bytes, groups]: Present): Known {
  // The bytes may be a view of the whole message.
  const own = bytes.slice();
  const cost = costOf(decodePresence(own), own);
  return { id: peerIdOf(node, cid), node, bytes: own, cost, groups: new Set(groups) };
}

/** A client, as programs see it. */
export function memberOf({ id, node, bytes }: Known): GroupMember {
  return { id, node, presence: decodePresence(bytes) };
}

/** Who is in which group, and what that changes. */
export class Roster {
  readonly #groups = new Map<string, Map<string, Known>>();
  readonly #tell: (group: string, event: MemberEvent, known: Known) => void;

  /** @param tell - is told of each change, once all that is known of the client is in there. */
  constructor(tell: (group: string, event: MemberEvent, known: Known) => void) {
    this.#tell = tell;
  }

  /** The members of a group. */
  of(group: string): Iterable<Known> {
    return this.#groups.get(group)?.values() ?? [];
  }

  /** Something else is known of a client. @param next - `undefined`: it is gone. */
  replace(known: Known | undefined, next: Known | undefined): void {
    const changes: [group: string, event: MemberEvent, of: Known][] = [];
    if (known !== undefined) {
      for (const group of known.groups) {
        if (next?.groups.has(group) === true) continue;
        this.#remove(group, known.id);
        changes.push([group, "memberleave", known]);
      }
    }
    if (next !== undefined) {
      const same = known !== undefined && isSame(known.bytes, next.bytes);
      for (const group of next.groups) {
        this.#add(group, next);
        if (known?.groups.has(group) !== true) changes.push([group, "memberenter", next]);
        else if (!same) changes.push([group, "memberchange", next]);
      }
    }
    for (const [group, event, of] of changes) this.#tell(group, event, of);
  }

  #add(group: string, known: Known): void {
    const members = this.#groups.get(group);
    if (members === undefined) this.#groups.set(group, new Map([[known.id, known]]));
    else members.set(known.id, known);
  }

  #remove(group: string, id: string): void {
    const members = this.#groups.get(group);
    members?.delete(id);
    if (members?.size === 0) this.#groups.delete(group);
  }
}
