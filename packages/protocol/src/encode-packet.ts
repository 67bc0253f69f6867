import { checkSent } from "./check-sent.js";
import type { ConnectionContext } from "./connection-context.js";
import { namePacket } from "./error-text.js";
import { FrameEncoder } from "./framing/frame-encoder.js";
import type { PacketEntry } from "./packet-registry.js";

/**
 * Encodes a packet once, for {@link Connection.sendEncoded} on many connections, which share it.
 *
 * @throws {@link EncodeError}, {@link PacketTooLargeError}.
 */
export function encodePacket(context: ConnectionContext, id: number, data: unknown): Uint8Array {
  const encoder = new FrameEncoder(context);
  encoder.encode(id, data);
  const packet = encoder.last().slice();
  encoder.clear();
  return packet;
}

/**
 * As {@link encodePacket}, for a registered type: checks the payload first, where payloads are validated on sending.
 *
 * @throws {@link InvalidPayloadError}, and as {@link encodePacket}; the error names the packet.
 */
export function encodeChecked(context: ConnectionContext, entry: PacketEntry, data: unknown): Uint8Array {
  try {
    if (entry.parses && context.validateSent) checkSent(context, entry, data);
    return encodePacket(context, entry.id, data);
  } catch (error) {
    throw namePacket(error, entry.name);
  }
}
