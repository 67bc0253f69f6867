import type { ConnectionContext } from "./connection-context.js";
import { EncodeError } from "./errors.js";
import { FrameEncoder } from "./framing/frame-encoder.js";

/**
 * Encodes a packet once, for {@link Connection.sendEncoded} on many connections, which share it.
 *
 * @throws {@link EncodeError}, {@link PacketTooLargeError}.
 */
export function encodePacket(context: ConnectionContext, id: number, data: unknown): Uint8Array {
  const encoder = new FrameEncoder(context);
  try {
    encoder.encode(id, data);
  } catch (error) {
    if (!(error instanceof EncodeError)) throw error;
    throw error.of(context.peer.registry.findId(id)?.name ?? String(id));
  }
  const packet = encoder.last();
  encoder.clear();
  return packet;
}
