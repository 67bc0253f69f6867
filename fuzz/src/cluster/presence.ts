// What a node knows of who is in the groups, by asking and by hearing of each change.

import { createHash } from "node:crypto";
import type { ClusterNode, GroupMember } from "@peng3dnet/cluster";
import { GROUPS } from "./groups.js";

/** What a node says of who is there. */
export interface Roster {
  /** Of all members of all groups, with what is said of them. Nodes with the same one know the same. */
  readonly digest: string;
  /** How many there are; who is in two groups counts twice. */
  readonly members: number;
  /** Nodes that did not tell all. */
  readonly incomplete: number;
  /** Whether enter and leave, each once, came to the same. */
  readonly followed: boolean;
}

const entry = ({ id, presence }: GroupMember, group: string): string =>
  `${group} ${id} ${JSON.stringify(presence)}`;

export class PresenceWatch {
  readonly #node: ClusterNode;
  /** What the events came to. */
  readonly #followed = new Set<string>();
  /** Events that cannot be: somebody entered who was there, or left who was not. */
  wrong = 0;

  constructor(node: ClusterNode) {
    this.#node = node;
    node.on("memberenter", (member, group) => {
      const text = entry(member, group);
      if (this.#followed.has(text)) this.wrong++;
      this.#followed.add(text);
    });
    node.on("memberleave", (member, group) => {
      if (!this.#followed.delete(entry(member, group))) this.wrong++;
    });
  }

  async roster(): Promise<Roster> {
    const found = await Promise.all(
      GROUPS.map(async (group) => {
        const { members, incomplete } = await this.#node.group(group).members();
        return { texts: members.map((member) => entry(member, group)), incomplete };
      }),
    );
    const all = found.flatMap(({ texts }) => texts).sort();
    return {
      digest: createHash("sha256").update(all.join("\n")).digest("hex"),
      members: all.length,
      incomplete: Math.max(...found.map(({ incomplete }) => incomplete.length)),
      // Events of this turn may be under way.
      followed: all.length === this.#followed.size && all.every((text) => this.#followed.has(text)),
    };
  }
}
