import type { PacketRule } from "./packet-rule.js";

/** Most programs have packets of a few kinds. */
const KEPT = 16;

/** Rules that were seen last. They hold nothing of a packet or a peer, and never change. */
const known: PacketRule[] = [];
let oldest = 0;

/** A rule with the same conditions, which packets of any number of peers share: a process may have thousands of clients. */
export function sharedRule(rule: PacketRule): PacketRule {
  for (let at = 0; at < known.length; at++)
    if (isSame(known[at] as PacketRule, rule)) return known[at] as PacketRule;
  const { state, mode, side, conntype, minSslsecLevel, invalidAction, droppable } = rule;
  const shared = Object.freeze({ state, mode, side, conntype, minSslsecLevel, invalidAction, droppable });
  known[oldest] = shared;
  oldest = (oldest + 1) % KEPT;
  return shared;
}

function isSame(one: PacketRule, other: PacketRule): boolean {
  return (
    one.state === other.state &&
    one.mode === other.mode &&
    one.side === other.side &&
    one.conntype === other.conntype &&
    one.minSslsecLevel === other.minSslsecLevel &&
    one.invalidAction === other.invalidAction &&
    one.droppable === other.droppable
  );
}
