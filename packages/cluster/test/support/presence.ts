import type { GroupMembers, MemberEvent, MembersOptions } from "@peng3dnet/cluster";
import { readMessage } from "../../src/wire/form.js";
import type { TestCluster, TestNode } from "./cluster.js";

/** What a query finds while so many seconds pass. */
export async function membersOf(
  cluster: TestCluster,
  { node }: TestNode,
  group: string,
  seconds = 3,
  options?: MembersOptions,
): Promise<GroupMembers> {
  let found: GroupMembers | undefined;
  const asked = node
    .group(group)
    .members(options)
    .then((members) => (found = members));
  await cluster.settle();
  for (let second = 0; second < seconds && found === undefined; second++) await cluster.turn(1);
  return found ?? asked;
}

/** What is known of a group now: the presence of each member, by id. */
export async function known({ node }: TestNode, group: string): Promise<Record<string, unknown>> {
  const { members } = await node.group(group).members({ timeout: 0 });
  const entries = members.map(({ id, presence }) => [id, presence] as const);
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** Each member event of a group on a node, from now on. */
export function hear(
  { node }: TestNode,
  group: string,
): [event: MemberEvent, id: string, presence: unknown][] {
  const events: [MemberEvent, string, unknown][] = [];
  for (const event of ["memberenter", "memberleave", "memberchange"] as const)
    node.group(group).on(event, ({ id, presence }) => void events.push([event, id, presence]));
  return events;
}

/** Loses the next messages of a kind that one node sends, and counts what it sends of that kind. */
export function loseNext(
  cluster: TestCluster,
  sender: string,
  kind: number,
  times: number,
): { sent: number } {
  const count = { sent: 0 };
  cluster.bus.drop(({ from, to, payload }) => {
    if (from !== sender || to === sender || readMessage(payload).kind !== kind) return false;
    count.sent++;
    return count.sent <= times;
  });
  return count;
}
