import { type Side, SSLSEC_NONE, type SslSecLevel, STATE_ACTIVE } from "../constants.js";
import { InvalidSmartPacketActionError } from "../errors/errors.js";
import { Packet } from "./packet.js";
import type { InvalidAction, PacketRule } from "./packet-rule.js";

const ACTIONS: readonly InvalidAction[] = ["ignore", "close", "error"];

/**
 * A packet with conditions on the connection, checked before it is sent and before it is received.
 * Override the fields in a subclass, `override invalidAction = "close"`; they are read once, when the packet is
 * registered.
 *
 * @reference `SmartPacket`
 */
export class SmartPacket<Payload = unknown> extends Packet<Payload> {
  /** State that the connection has to be in; `null`: any. Default `STATE_ACTIVE`. */
  readonly state: number | null = STATE_ACTIVE;
  /** Mode that the connection has to be in; `null`: any. Default `null`. */
  readonly mode: number | null = null;
  /** Side that receives this packet, the other being the one that sends it; `null`: both. Default `null`. */
  readonly side: Side | null = null;
  /** Connection type that is required; `null`: any. Default `null`. */
  readonly conntype: string | null = null;
  /**
   * Lowest TLS security level at which this packet is sent. Default `SSLSEC_NONE`.
   *
   * @reference `min_sslsec_level`
   */
  readonly minSslsecLevel: SslSecLevel = SSLSEC_NONE;
  /**
   * What happens when a condition does not hold: `"ignore"` drops the packet and counts it, `"close"` closes the
   * connection with `smartpacketinvalid`, `"error"` throws {@link SmartPacketInvalidError} from
   * `sendMessage`, or {@link InvalidStateError} before the handshake is complete, and reports it as a handler error on
   * receipt. Default `"ignore"`, as in the reference.
   *
   * Any text fits the type, since TypeScript takes `override invalidAction = "close"` for any text; what it may be
   * is checked when the packet is registered.
   */
  readonly invalidAction: InvalidAction | (string & Record<never, never>) = "ignore";
  /**
   * Whether a packet of this type may be dropped when the peer is behind, past the high-water mark, where
   * `net.limits.unsent.policy` is `"drop"`: for what the next one outdates anyway. Default false.
   */
  readonly droppable: boolean = false;

  override rule(): PacketRule {
    const { state, mode, side, conntype, minSslsecLevel, droppable } = this;
    const invalidAction = ACTIONS.find((action) => action === this.invalidAction);
    if (invalidAction === undefined) {
      throw new InvalidSmartPacketActionError(
        `invalidAction cannot be ${JSON.stringify(this.invalidAction)}; use ${ACTIONS.map((a) => `"${a}"`).join(", ")}`,
      );
    }
    return { state, mode, side, conntype, minSslsecLevel, invalidAction, droppable };
  }
}
