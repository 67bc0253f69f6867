import type { Side, SslSecLevel } from "../constants.js";

/** What is done with a packet whose conditions do not hold: drop it, close the connection, or throw an error. */
export type InvalidAction = "ignore" | "close" | "error";

/** The conditions on a connection under which a packet may be sent and received. `null` stands for any. */
export interface PacketRule {
  /** State that the connection has to be in. */
  readonly state: number | null;
  /** Mode that the connection has to be in. */
  readonly mode: number | null;
  /** Side that receives the packet. */
  readonly side: Side | null;
  /** Connection type that is required. */
  readonly conntype: string | null;
  /** Lowest TLS security level at which the packet is sent. */
  readonly minSslsecLevel: SslSecLevel;
  /** What happens when a condition does not hold. */
  readonly invalidAction: InvalidAction;
  /** Whether the packet may be dropped past the high-water mark, where `net.limits.unsent.policy` is `"drop"`. */
  readonly droppable: boolean;
}
