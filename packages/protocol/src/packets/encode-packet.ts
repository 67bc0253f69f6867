import type { ConnectionContext } from "../connection/connection-context.js";
import { FrameEncoder } from "../framing/frame-encoder.js";
import type { PacketEntry } from "../registry/packet-registry.js";
import { checkSent } from "./check-sent.js";

/**
 * Encodes a packet once, for {@link Connection.sendEncoded} on many connections, which share it.
 *
 * @throws {@link EncodeError}, {@link PacketTooLargeError}; the error names the packet.
 */
export function encodePacket(context: ConnectionContext, id: number, data: unknown): Uint8Array {
  const encoder = new FrameEncoder(context);
  encoder.encode(id, data, context.peer.registry.findId(id)?.name ?? String(id));
  const packet = encoder.last();
  encoder.clear();
  return packet;
}

/**
 * As {@link encodePacket}, for a registered type: checks the payload first, where payloads are validated on sending.
 *
 * @param watch - is given what the packet's `parse` returned, which may be a promise by mistake.
 * @throws {@link InvalidPayloadError}, and as {@link encodePacket}.
 */
export function encodeChecked(
  context: ConnectionContext,
  entry: PacketEntry,
  data: unknown,
  watch: (parsed: unknown) => void,
): Uint8Array {
  if (entry.parses && context.validateSent) watch(checkSent(context, entry, data));
  return encodePacket(context, entry.id, data);
}
