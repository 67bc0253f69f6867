import type { Peer } from "../connection/peer.js";
import { FrameEncoder, type FrameEncoderOptions } from "../framing/frame-encoder.js";
import type { PacketEntry } from "../registry/packet-registry.js";
import { type CheckingContext, checkSent } from "./check-sent.js";

/** What a peer's connections share that is needed to encode a packet. */
export interface EncodingContext extends FrameEncoderOptions, CheckingContext {
  /** The peer, whose registry knows the packet's name. */
  readonly peer: Peer;
  /** Whether payloads are validated on sending, too. */
  readonly validateSent: boolean;
}

/**
 * Encodes a packet once, for {@link Connection.sendEncoded} on many connections, which share it.
 *
 * @throws {@link EncodeError}, {@link PacketTooLargeError}; the error names the packet.
 */
export function encodePacket(context: EncodingContext, id: number, data: unknown): Uint8Array {
  const encoder = new FrameEncoder(context);
  encoder.encode(id, data, context.peer.registry.findId(id)?.name ?? String(id));
  const packet = encoder.last();
  encoder.clear();
  return packet;
}

/** As {@link encodePacket}, but never compressed, for packets that a receiver takes in no other way. */
export function encodeUncompressed(context: EncodingContext, id: number, data: unknown): Uint8Array {
  return encodePacket({ ...context, compression: undefined }, id, data);
}

/**
 * Encodes a packet of a registered type, as {@link encodePacket} does. Where payloads are validated on sending, the payload is
 * checked first.
 *
 * @param watch - is given what the packet's `parse` returned, which may be a promise by mistake.
 * @throws {@link InvalidPayloadError}, and as {@link encodePacket}.
 */
export function encodeChecked(
  context: EncodingContext,
  entry: PacketEntry,
  data: unknown,
  watch: (parsed: unknown) => void,
): Uint8Array {
  if (entry.parses && context.validateSent) watch(checkSent(context, entry, data));
  return encodePacket(context, entry.id, data);
}
