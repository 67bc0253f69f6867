import { wholeOf } from "../connection/derived.js";
import type { Peer } from "../connection/peer.js";
import { FrameEncoder, type FrameEncoderOptions } from "../framing/frame-encoder.js";
import { LENGTH_SIZE, PREAMBLE_SIZE, readUint16, writePreamble } from "../framing/packet-header.js";
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
  encoder.encode(id, data, context.peer.registry.peek(id)?.name ?? String(id));
  const packet = encoder.last();
  encoder.clear();
  return packet;
}

/**
 * As {@link encodePacket}, but never compressed, for packets that a receiver takes in no other way. Tickets are among them, which
 * are secrets: the writer of values, which others can look at, keeps nothing of them.
 */
export function encodeUncompressed(context: EncodingContext, id: number, data: unknown): Uint8Array {
  const packet = encodePacket({ ...wholeOf(context), compression: undefined }, id, data);
  context.writer.idle().release();
  return packet;
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

/** The body of a packet as it travels, without the id, which is another one on each server. */
export interface EncodedBody {
  /** The flags of the packet's header: 0, or `FLAG_COMPRESSED`. */
  readonly flags: number;
  readonly bytes: Uint8Array;
}

/** The body of a packet that {@link encodePacket} made, as a view of it. */
export function bodyOf(packet: Uint8Array): EncodedBody {
  return { flags: readUint16(packet, LENGTH_SIZE + 4), bytes: packet.subarray(PREAMBLE_SIZE) };
}

/** A packet with an id of this side's and a body that was encoded elsewhere, for {@link Connection.sendEncoded}. */
export function packetOf(id: number, { flags, bytes }: EncodedBody): Uint8Array {
  const packet = new Uint8Array(PREAMBLE_SIZE + bytes.length);
  writePreamble(packet, 0, bytes.length, id, flags);
  packet.set(bytes, PREAMBLE_SIZE);
  return packet;
}
