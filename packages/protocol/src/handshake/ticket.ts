import { PREAMBLE_SIZE, writePreamble } from "../framing/packet-header.js";
import { type EncodingContext, encodeUncompressed } from "../packets/encode-packet.js";
import { numberLength, readNumber, writeNumber } from "./plain-number.js";
import { TICKET_ID } from "./resume.js";

/** First bytes in msgpack: of an array of two, and of up to 255 bytes of binary. */
const PAIR = 0x92;
const BINARY = 0xc4;
/** The two, and the length of the binary. */
const HEAD_LENGTH = 3;

/**
 * Encodes the packet that gives a client its ticket, without a codec if the window is a whole number of seconds.
 *
 * @param ticket - 16 to 128 bytes.
 * @param window - how long the session waits for its client, in seconds.
 * @returns the whole packet, length prefix included. Nothing else refers to it.
 */
export function encodeTicket(context: EncodingContext, ticket: Uint8Array, window: number): Uint8Array {
  if (!Number.isSafeInteger(window)) return encodeUncompressed(context, TICKET_ID, [ticket, window]);
  const length = HEAD_LENGTH + ticket.length + numberLength(window);
  const packet = new Uint8Array(PREAMBLE_SIZE + length);
  writePreamble(packet, 0, length, TICKET_ID, 0);
  packet.set([PAIR, BINARY, ticket.length], PREAMBLE_SIZE);
  packet.set(ticket, PREAMBLE_SIZE + HEAD_LENGTH);
  writeNumber(packet, PREAMBLE_SIZE + HEAD_LENGTH + ticket.length, numberLength(window), window);
  return packet;
}

/**
 * Reads the body of such a packet as {@link encodeTicket} writes it, without a codec.
 *
 * @returns the ticket, which is a view of `bytes`, and the window; `undefined` for any other form, be it right or wrong.
 */
export function ticketAt(
  bytes: Uint8Array,
  start: number,
  end: number,
): readonly [Uint8Array, number] | undefined {
  if (bytes[start] !== PAIR || bytes[start + 1] !== BINARY) return undefined;
  const ticketStart = start + HEAD_LENGTH;
  const ticketEnd = ticketStart + (bytes[start + 2] as number);
  // Of a body that is too short, it would be behind the end.
  const window = ticketEnd < end ? readNumber(bytes, ticketEnd, end) : undefined;
  return window === undefined ? undefined : [bytes.subarray(ticketStart, ticketEnd), window];
}
