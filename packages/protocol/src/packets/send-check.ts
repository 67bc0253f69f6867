import { type ConnectionHost, watchResult } from "../connection/connection-host.js";
import type { Peer } from "../connection/peer.js";
import { type Cid, SIDE_SERVER, type Side } from "../constants.js";
import { InvalidStateError, NotRegisteredError, SmartPacketInvalidError } from "../errors/errors.js";
import type { PacketEntry } from "../registry/packet-registry.js";
import { type ConnectionView, explain, problemOnSending } from "./rule-check.js";

/** The connection that a packet is to be sent on. */
export interface PacketTarget extends ConnectionView {
  readonly cid: Cid;
  readonly peer: Peer;
  readonly host: ConnectionHost;
  readonly active: boolean;
  /** Whether droppable packets are dropped while the peer does not take what is sent. */
  readonly dropDroppable: boolean;
  /** Whether more waits to be sent than the high-water mark, and since before this turn. */
  readonly clogged: boolean;
}

/**
 * Decides whether a packet may be sent on a connection: the counterpart of what `PacketDelivery` decides for packets that
 * were received.
 *
 * @param toMany - whether the same packet goes to other connections, too. Then a connection that it does not fit is passed
 * over, where the packet says `"error"`, since the others are to get it; only the wrong side is wrong for all of them.
 * @returns false if the packet was dropped, as it says.
 * @throws {@link NotRegisteredError}, {@link InvalidStateError}, {@link SmartPacketInvalidError}.
 */
export function maySend(target: PacketTarget, entry: PacketEntry, toMany: boolean): boolean {
  if (entry.lacking) {
    throw new NotRegisteredError(
      `"${entry.name}" cannot be sent: the server has no packet of that name; register it there, too`,
    );
  }
  const { rule } = entry;
  if (rule === null) {
    if (target.active || entry.internal) return true;
    throw tooEarly(entry, target.side);
  }
  const problem = problemOnSending(rule, target);
  if (problem === undefined) {
    if (!rule.droppable || !target.dropDroppable || !target.clogged) return true;
    target.host.ignored(`"${entry.name}" was dropped: the peer is behind`, "dropped", entry.name);
    return false;
  }
  const message = `"${entry.name}" may not be sent: its ${problem} does not fit the connection`;
  switch (entry.sendAction) {
    case "error":
      // Whoever sends too early gets the same error for packets with conditions and without.
      if (!target.active && problem === "state") throw tooEarly(entry, target.side);
      if (toMany && problem !== "side") break;
      throw new SmartPacketInvalidError(`${message}: ${explain(problem, rule, target)}`);
    case "close":
      closeByPeer(target, "smartpacketinvalid");
      break;
    default:
      break;
  }
  target.host.ignored(message, "smartpacketinvalid", entry.name);
  return false;
}

/** Closes by the method of the peer, which an application may have overridden. */
function closeByPeer({ peer, cid, host }: PacketTarget, reason: string): void {
  try {
    watchResult(host, peer.closeConnection(cid, reason), "closeConnection");
  } catch (error) {
    host.handlerFailed(error, "closeConnection");
  }
}

function tooEarly({ name }: PacketEntry, side: Side): InvalidStateError {
  const wait = side === SIDE_SERVER ? 'the "handshakecomplete" event' : "it with waitForConnection()";
  return new InvalidStateError(`"${name}" cannot be sent before the handshake is complete; wait for ${wait}`);
}
