import type { Side, SslSecLevel } from "./constants.js";
import type { PacketRule } from "./packet.js";

/** What the conditions of a packet are about. */
export interface ConnectionView {
  readonly state: number;
  readonly mode: number;
  readonly side: Side;
  readonly conntype: string;
  readonly sslSeclevel: SslSecLevel;
}

/** The condition that keeps a packet from being received, or `undefined`. */
export function problemOnReceipt(rule: PacketRule, connection: ConnectionView): string | undefined {
  if (rule.side !== null && rule.side !== connection.side) return "side";
  return problemEitherWay(rule, connection);
}

/** The condition that keeps a packet from being sent, or `undefined`. */
export function problemOnSending(rule: PacketRule, connection: ConnectionView): string | undefined {
  if (rule.side !== null && rule.side === connection.side) return "side";
  if (rule.minSslsecLevel > connection.sslSeclevel) return "minSslsecLevel";
  return problemEitherWay(rule, connection);
}

function problemEitherWay(rule: PacketRule, connection: ConnectionView): string | undefined {
  if (rule.state !== null && rule.state !== connection.state) return "state";
  if (rule.mode !== null && rule.mode !== connection.mode) return "mode";
  if (rule.conntype !== null && rule.conntype !== connection.conntype) return "conntype";
  return undefined;
}
