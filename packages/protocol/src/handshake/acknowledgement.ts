import { PREAMBLE_SIZE, writePreamble } from "../framing/packet-header.js";
import { ACKNOWLEDGE_ID } from "./resume.js";

const TWO_TO_32 = 0x100000000;
/** First byte of a number in msgpack, by how many bytes there are. One byte is the number itself. */
const HEADS: Readonly<Record<number, number>> = { 2: 0xcc, 3: 0xcd, 5: 0xce, 9: 0xcf };

/**
 * Encodes an acknowledgement by itself. No codec is asked: the engine makes the code that writes an application's values slower
 * once it has seen other values there ("Keep the protocol's own values away" in docs/performance).
 *
 * @param received - how many bytes of the other side's stream have been received, below 2^53.
 * @returns the whole packet, length prefix included. Nothing else refers to it.
 */
export function encodeAcknowledgement(received: number): Uint8Array {
  const length = bodyLength(received);
  const packet = new Uint8Array(PREAMBLE_SIZE + length);
  writePreamble(packet, 0, length, ACKNOWLEDGE_ID, 0);
  let rest = received;
  for (let at = packet.length - 1; at > PREAMBLE_SIZE; at--) {
    packet[at] = rest;
    rest = Math.floor(rest / 0x100);
  }
  packet[PREAMBLE_SIZE] = HEADS[length] ?? received;
  return packet;
}

function bodyLength(received: number): number {
  if (received < 0x80) return 1;
  if (received < 0x100) return 2;
  if (received < 0x10000) return 3;
  return received < TWO_TO_32 ? 5 : 9;
}

/**
 * Reads the body of an acknowledgement as peers of this kind write it, without a codec, as {@link encodeAcknowledgement}.
 *
 * @returns `undefined` for any other form, be it right or wrong.
 */
export function acknowledgementAt(bytes: Uint8Array, start: number, end: number): number | undefined {
  const length = end - start;
  const head = bytes[start] as number;
  if (length === 1 && head < 0x80) return head;
  if (length < 2 || head !== HEADS[length]) return undefined;
  let received = 0;
  for (let at = start + 1; at < end; at++) received = received * 0x100 + (bytes[at] as number);
  return received;
}
