import type { Random } from "../random.js";

/** The groups that nodes send to, and that clients are in. */
export const GROUPS: readonly string[] = Array.from({ length: 12 }, (_none, index) => `room ${index}`);

const EACH = 2;

/** The groups of one client. */
export function groupsOf(random: Random): string[] {
  const chosen = new Set<string>();
  while (chosen.size < EACH) chosen.add(random.pick(GROUPS));
  return [...chosen];
}
