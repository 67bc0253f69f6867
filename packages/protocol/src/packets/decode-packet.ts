import type { ConnectionContext } from "../connection/connection-context.js";
import { namePacket } from "../errors/error-text.js";
import { CLOSECONN_ID } from "../handshake/internal-names.js";
import type { PacketEntry } from "../registry/packet-registry.js";

/** What a peer's connections share to decode packets, and the limits of these. */
type DecodingContext = Pick<
  ConnectionContext,
  "bodies" | "knownBodies" | "inflatedLimit" | "elements" | "handshakeInflatedLimit" | "handshakeElements"
>;

/**
 * Decodes the body of a packet that was received. It lies in `bytes` from `start` up to `end`.
 *
 * @param entry - the packet's type, if its id is registered. Errors name it.
 * @param active - whether the connection was active when the packet came, which says what limits hold.
 * @param owned - whether `bytes` holds nothing else and does not change.
 * @throws as {@link BodyDecoder.decode}.
 */
export function decodePacket(
  context: DecodingContext,
  entry: PacketEntry | undefined,
  active: boolean,
  flags: number,
  bytes: Uint8Array,
  start: number,
  end: number,
  owned: boolean,
): unknown {
  const limit = active ? context.inflatedLimit : context.handshakeInflatedLimit;
  const elements = active ? context.elements : context.handshakeElements;
  const early = !active && flags === 0 && entry?.protocol === true && entry.id < CLOSECONN_ID;
  if (early) {
    const known = context.knownBodies?.find(entry.id, bytes, start, end);
    if (known !== undefined) return known;
  }
  try {
    const value = context.bodies.decode(bytes, start, end, flags, owned, limit, elements);
    if (early) context.knownBodies?.note(entry.id, bytes, start, end, value);
    return value;
  } catch (error) {
    throw entry === undefined ? error : namePacket(error, entry.name);
  }
}
