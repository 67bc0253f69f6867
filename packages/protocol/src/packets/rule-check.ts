import { SIDE_SERVER, type Side, type SslSecLevel } from "../constants.js";
import { quoteText } from "../errors/quote-text.js";
import type { PacketRule } from "./packet-rule.js";

/** The name of a condition, where that does not hold. */
export type Problem = "side" | "minSslsecLevel" | "state" | "mode" | "conntype";

/** A connection as the conditions of packets see it. */
export interface ConnectionView {
  readonly state: number;
  readonly mode: number;
  readonly side: Side;
  readonly conntype: string;
  readonly sslSeclevel: SslSecLevel;
}

/** The condition that keeps a packet from being received, or `undefined`. */
export function problemOnReceipt(rule: PacketRule, connection: ConnectionView): Problem | undefined {
  if (rule.side !== null && rule.side !== connection.side) return "side";
  return problemEitherWay(rule, connection);
}

/** The condition that keeps a packet from being sent, or `undefined`. */
export function problemOnSending(rule: PacketRule, connection: ConnectionView): Problem | undefined {
  if (rule.side === connection.side) return "side";
  if (rule.minSslsecLevel > connection.sslSeclevel) return "minSslsecLevel";
  return problemEitherWay(rule, connection);
}

function problemEitherWay(rule: PacketRule, connection: ConnectionView): Problem | undefined {
  if (rule.state !== null && rule.state !== connection.state) return "state";
  if (rule.mode !== null && rule.mode !== connection.mode) return "mode";
  if (rule.conntype !== null && rule.conntype !== connection.conntype) return "conntype";
  return undefined;
}

/** Says what a condition needs and what the connection has, as the rest of a sentence that named the condition. */
export function explain(problem: Problem, rule: PacketRule, connection: ConnectionView): string {
  switch (problem) {
    case "side":
      return rule.side === SIDE_SERVER ? "only the server receives it" : "only clients receive it";
    case "minSslsecLevel":
      return `it needs level ${rule.minSslsecLevel}, and the connection has ${connection.sslSeclevel}; see net.ssl.enabled, or encryptedByProxy`;
    case "conntype":
      return `it needs ${quoteText(String(rule.conntype))}, and the connection has ${quoteText(connection.conntype)}`;
    default:
      return `it needs ${rule[problem]}, and this side of the connection has ${connection[problem]}`;
  }
}
