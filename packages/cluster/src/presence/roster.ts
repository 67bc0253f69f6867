import type { Present } from "../wire/messages.js";
import { peerIdOf } from "../wire/names.js";
import type { GroupMember, MemberEvent } from "./member.js";
import { decodePresence, isSame } from "./payload.js";

/** What is known of a client. */
export interface Known {
  readonly member: GroupMember;
  /** Its presence, encoded. */
  readonly bytes: Uint8Array;
  readonly groups: ReadonlySet<string>;
}

/** What a node said of a client of its. @throws BadDataError */
export function readPresent(node: string, [cid, bytes, groups]: Present): Known {
  // The bytes may be a view of the whole message.
  const own = bytes.slice();
  const member = { id: peerIdOf(node, cid), node, presence: decodePresence(own) };
  return { member, bytes: own, groups: new Set(groups) };
}

/** Who is in which group, and what that changes. */
export class Roster {
  readonly #groups = new Map<string, Map<string, GroupMember>>();
  readonly #tell: (group: string, event: MemberEvent, member: GroupMember) => void;

  /** @param tell - is told of each change, once all that is known of the client is in there. */
  constructor(tell: (group: string, event: MemberEvent, member: GroupMember) => void) {
    this.#tell = tell;
  }

  /** The members of a group. */
  of(group: string): Iterable<GroupMember> {
    return this.#groups.get(group)?.values() ?? [];
  }

  /** Something else is known of a client. @param next - `undefined`: it is gone. */
  replace(known: Known | undefined, next: Known | undefined): void {
    const changes: [group: string, event: MemberEvent, member: GroupMember][] = [];
    if (known !== undefined) {
      for (const group of known.groups) {
        if (next?.groups.has(group) === true) continue;
        this.#remove(group, known.member.id);
        changes.push([group, "memberleave", known.member]);
      }
    }
    if (next !== undefined) {
      const same = known !== undefined && isSame(known.bytes, next.bytes);
      for (const group of next.groups) {
        this.#add(group, next.member);
        if (known?.groups.has(group) !== true) changes.push([group, "memberenter", next.member]);
        else if (!same) changes.push([group, "memberchange", next.member]);
      }
    }
    for (const change of changes) this.#tell(...change);
  }

  #add(group: string, member: GroupMember): void {
    const members = this.#groups.get(group);
    if (members === undefined) this.#groups.set(group, new Map([[member.id, member]]));
    else members.set(member.id, member);
  }

  #remove(group: string, id: string): void {
    const members = this.#groups.get(group);
    members?.delete(id);
    if (members?.size === 0) this.#groups.delete(group);
  }
}
