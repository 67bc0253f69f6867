import type { ConnectionHost } from "../connection/connection-host.js";
import { SIDE_CLIENT, type Side } from "../constants.js";
import { UnexpectedPacketError } from "../errors/errors.js";
import { BEAT_ANSWER_ID, BEAT_ID, isHeartbeat, MAX_BEAT_BODY } from "./heartbeat.js";
import {
  ACKNOWLEDGE_ID,
  MAX_RESUME_BODY,
  RESUMED_ID,
  readAcknowledgement,
  readTicket,
  TICKET_ID,
} from "./resume.js";

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
export function maxControlBody(id: number): number {
  return isHeartbeat(id) ? MAX_BEAT_BODY : MAX_RESUME_BODY;
}

/**
 * Tells a host of a packet of an extension.
 *
 * @param side - the side that received it.
 * @param length - of the whole packet, its prefix included, in bytes.
 * @throws {@link BadDataError} for another body, {@link UnexpectedPacketError} on the wrong side, and what the host throws.
 */
export function deliverControl(
  host: ConnectionHost,
  side: Side,
  id: number,
  body: unknown,
  length: number,
): void {
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
