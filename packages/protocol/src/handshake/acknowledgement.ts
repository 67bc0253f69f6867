import { PREAMBLE_SIZE, writePreamble } from "../framing/packet-header.js";
import { numberLength, writeNumber } from "./plain-number.js";
import { ACKNOWLEDGE_ID } from "./resume.js";

/**
 * Encodes an acknowledgement by itself, without a codec.
 *
 * @param received - how many bytes of the other side's stream have been received, below 2^53.
 * @returns the whole packet, length prefix included. Nothing else refers to it.
 */
export function encodeAcknowledgement(received: number): Uint8Array {
  const length = numberLength(received);
  const packet = new Uint8Array(PREAMBLE_SIZE + length);
  writePreamble(packet, 0, length, ACKNOWLEDGE_ID, 0);
  writeNumber(packet, PREAMBLE_SIZE, length, received);
  return packet;
}
