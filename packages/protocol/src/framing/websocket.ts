/** How a peng3dnet stream travels in WebSocket messages (clause 7 of the protocol). */

/** Subprotocol that both ends agree upon in the WebSocket's opening handshake (7.1). */
export const WEBSOCKET_SUBPROTOCOL = "peng3dnet.2";

/**
 * Codes that a WebSocket is closed with (7.4). Those below 4000 are the ones of RFC 6455.
 *
 * - `closed` 1000: both ends have ended their streams.
 * - `violation` 1002: a message came after the end of its sender's stream.
 * - `text` 1003: a text message came.
 * - `tooLong` 1009: a message is longer than the receiver takes.
 * - `reason` 4000: closed with a reason of peng3dnet, which is the close frame's text, too.
 * - `brokenOff` 4001: broken off without a reason.
 * - `overflow` 4002: more came than the receiver can hold back, for a WebSocket of a browser cannot pause its input.
 */
export const WEBSOCKET_CLOSE_CODES = {
  closed: 1000,
  violation: 1002,
  text: 1003,
  tooLong: 1009,
  reason: 4000,
  brokenOff: 4001,
  overflow: 4002,
} as const;
