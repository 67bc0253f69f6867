import { escapeText, WEBSOCKET_CLOSE_CODES } from "@peng3dnet/peer";
import type { WebSocketClose } from "./web-socket.js";

/** Bytes of UTF-8 that the reason of a close may have (RFC 6455, 5.5.1). */
const MAX_CLOSE_TEXT = 123;
/** Characters of a peer's reason that a message shows. */
const MAX_SHOWN = 200;

const MEANINGS: Readonly<Record<number, string>> = {
  1002: "what came broke a rule of WebSocket or of the protocol",
  1003: "a text message came",
  1006: "the connection broke",
  1008: "refused by a policy",
  1009: "a message was too long",
  1011: "the other end failed",
  1013: "try again later",
  1015: "TLS failed",
  [WEBSOCKET_CLOSE_CODES.brokenOff]: "broken off by the other end",
  [WEBSOCKET_CLOSE_CODES.overflow]: "the other end cannot hold more back",
};

/** How a WebSocket was closed, for a message. */
export function describeClose({ code, reason }: WebSocketClose): string {
  // The other end may have said it already.
  const meaning = reason.startsWith(MEANINGS[code] ?? "") ? undefined : MEANINGS[code];
  const text = reason === "" ? "" : `, ${escapeText(reason, MAX_SHOWN)}`;
  return `the WebSocket was closed with code ${code}${meaning === undefined ? "" : ` (${meaning})`}${text}`;
}

/** Whether the sender's stream has ended in order with this close (clause 7.3). */
export function isOrderly({ code, wasClean }: WebSocketClose): boolean {
  const { closed, reason } = WEBSOCKET_CLOSE_CODES;
  // 1001: a page that is left, a server that goes down; 1005: without a code.
  return wasClean && (code === closed || code === reason || code === 1001 || code === 1005);
}

/** A reason as a close frame takes it: on one line, and cut to what fits. */
export function closeText(reason: string): string {
  const text = escapeText(reason, MAX_CLOSE_TEXT);
  const encoder = new TextEncoder();
  const { read } = encoder.encodeInto(text, new Uint8Array(MAX_CLOSE_TEXT));
  return text.slice(0, read);
}
