import type { Side, SslSecLevel } from "../constants.js";

/** What to do with a packet whose conditions do not hold: drop it, close the connection, or throw. */
export type InvalidAction = "ignore" | "close" | "error";

/** Conditions on a connection under which a packet may be sent and received; `null`: any. */
export interface PacketRule {
  readonly state: number | null;
  readonly mode: number | null;
  readonly side: Side | null;
  readonly conntype: string | null;
  readonly minSslsecLevel: SslSecLevel;
  readonly invalidAction: InvalidAction;
  /** May be dropped past the high-water mark, where `net.limits.unsent.policy` is `"drop"`. */
  readonly droppable: boolean;
}
