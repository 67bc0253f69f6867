import type { BodyDecoder } from "../codec/reading/body-decoder.js";
import type { ConnectionHost } from "../connection/connection-host.js";
import { SIDE_CLIENT, type Side } from "../constants.js";
import { BadDataError, UnexpectedPacketError } from "../errors/errors.js";
import type { FrameEncoder } from "../framing/frame-encoder.js";
import { HEADER_SIZE, LENGTH_SIZE } from "../framing/packet-header.js";
import { type EncodingContext, encodeUncompressed } from "../packets/encode-packet.js";
import { BEAT_ANSWER_ID, BEAT_ID, isHeartbeat, MAX_BEAT_BODY } from "./heartbeat.js";
import { readNumber } from "./plain-number.js";
import {
  ACKNOWLEDGE_ID,
  MAX_RESUME_BODY,
  RESUMED_ID,
  readAcknowledgement,
  readTicket,
  TICKET_ID,
} from "./resume.js";
import { ticketAt } from "./ticket.js";

/** An extension that has packets of its own. They are registered under no name. */
export type ControlExtension = "heartbeat" | "resume";

/** The ids of these extensions' packets. */
export const CONTROL_IDS: Readonly<Record<ControlExtension, readonly number[]>> = {
  heartbeat: [BEAT_ID, BEAT_ANSWER_ID],
  resume: [ACKNOWLEDGE_ID, TICKET_ID, RESUMED_ID],
};

/** Whether an id is one of an extension's packets, where both sides agreed on that. */
export function isControl(id: number): boolean {
  return id >= BEAT_ID && id <= RESUMED_ID;
}

/** The extension that such an id belongs to. */
export function extensionOf(id: number): ControlExtension {
  return isHeartbeat(id) ? "heartbeat" : "resume";
}

/** Longest body of such a packet, in bytes. */
function maxControlBody(id: number): number {
  return isHeartbeat(id) ? MAX_BEAT_BODY : MAX_RESUME_BODY;
}

/**
 * Takes a packet of an extension, whose body lies in `bytes` from `start` up to `end`: decodes it and tells the host. No hook
 * sees it.
 *
 * @param side - the side that received it.
 * @throws {@link BadDataError} if it is too long, compressed or another one than it has to be,
 * {@link UnexpectedPacketError} on the wrong side, and what the host throws.
 */
export function takeControl(
  host: ConnectionHost,
  side: Side,
  bodies: BodyDecoder,
  id: number,
  flags: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): void {
  const most = maxControlBody(id);
  if (flags !== 0 || end - start > most) {
    throw new BadDataError(
      `packet ${id} of the extension "${extensionOf(id)}" is compressed, or its body longer than ${most} bytes`,
    );
  }
  const body = plainBody(id, bytes, start, end) ?? bodies.decode(bytes, start, end, flags, false, most, most);
  deliver(host, side, id, body, HEADER_SIZE + LENGTH_SIZE + end - start);
}

/** The body of a packet in the form that peers of this kind write, read without a codec; `undefined`: it has another form. */
function plainBody(id: number, bytes: Uint8Array, start: number, end: number): unknown {
  if (id === ACKNOWLEDGE_ID) return readNumber(bytes, start, end);
  return id === TICKET_ID ? ticketAt(bytes, start, end) : undefined;
}

/**
 * Writes a packet of an extension.
 *
 * @param context - that of the encoder.
 * @param name - for errors.
 */
export function writeControl(
  encoder: FrameEncoder,
  context: EncodingContext,
  id: number,
  body: unknown,
  name: string,
): void {
  const { compression, threshold } = context;
  // The other side refuses them compressed, however short what is compressed otherwise.
  if (compression === undefined || threshold >= MAX_RESUME_BODY) encoder.encode(id, body, name);
  else encoder.append(encodeUncompressed(context, id, body));
}

/** Tells a host of a packet of an extension. @param length - of the whole packet, its prefix included, in bytes. */
function deliver(host: ConnectionHost, side: Side, id: number, body: unknown, length: number): void {
  if (isHeartbeat(id)) host.heartbeatReceived?.(id, body, length);
  else if (id === ACKNOWLEDGE_ID) host.acknowledged?.(readAcknowledgement(body), length);
  else if (id === TICKET_ID && side === SIDE_CLIENT) {
    const { ticket, window } = readTicket(body);
    host.ticketReceived?.(ticket, window, length);
  } else {
    throw new UnexpectedPacketError(
      id === TICKET_ID
        ? "the client sent a ticket for resumption, which only a server gives"
        : "the peer says within a stream that the stream goes on (resumed)",
    );
  }
}
