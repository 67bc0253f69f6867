import {
  ACCEPT_ID,
  ACCEPT_NAME,
  CLOSECONN_ID,
  CLOSECONN_NAME,
  HANDSHAKE_ID,
  HANDSHAKE_NAME,
  HELLO_ID,
  HELLO_NAME,
  SETTYPE_ID,
  SETTYPE_NAME,
} from "../handshake/internal-names.js";

/** Ids of the protocol's own packets by name (clause 2.3). */
export const PROTOCOL_IDS: ReadonlyMap<string, number> = new Map([
  [HELLO_NAME, HELLO_ID],
  [SETTYPE_NAME, SETTYPE_ID],
  [HANDSHAKE_NAME, HANDSHAKE_ID],
  [ACCEPT_NAME, ACCEPT_ID],
  [CLOSECONN_NAME, CLOSECONN_ID],
]);
