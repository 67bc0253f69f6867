/** A client of any node that is in a group which nodes share. */
export interface GroupMember {
  /** The id that all nodes know it by. */
  readonly id: string;
  /** Id of its node. */
  readonly node: string;
  /** What its node said of it by `node.setPresence`; `null` if nothing. */
  readonly presence: unknown;
}

/** What {@link ClusterGroup.members} found. */
export interface GroupMembers {
  /** The members that are known, in no particular order. */
  readonly members: readonly GroupMember[];
  /**
   * Ids of the nodes of which not all is known: they did not answer in time, or have more members in all groups together than the option
   * `maxMembers` allows. What was known of them before is among the members.
   */
  readonly incomplete: readonly string[];
}

/** Options of {@link ClusterGroup.members}. */
export interface MembersOptions {
  /**
   * Seconds to wait at most for nodes of which not all is known, e.g. the first time. Default: three times the option `interval`
   * of `joinCluster`; 0: what is known now.
   */
  readonly timeout?: number | undefined;
}

/** What members of a group across nodes do. */
export type MemberEvent = "memberenter" | "memberleave" | "memberchange";

/** Listener for {@link MemberEvent}. */
export type MemberListener = (member: GroupMember, group: string) => unknown;

/** Whether an event is one of those. */
export function isMemberEvent(event: string): event is MemberEvent {
  return event === "memberenter" || event === "memberleave" || event === "memberchange";
}
