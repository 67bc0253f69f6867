import type { ConnectionContext } from "./connection-context.js";
import { FrameEncoder } from "./framing/frame-encoder.js";

/**
 * Encodes a packet once, for {@link Connection.sendEncoded} on many connections, which share it.
 *
 * @throws {@link EncodeError}, {@link PacketTooLargeError}.
 */
export function encodePacket(context: ConnectionContext, id: number, data: unknown): Uint8Array {
  const encoder = new FrameEncoder(context);
  encoder.encode(id, data);
  const packet = encoder.last();
  encoder.clear();
  return packet;
}
