/** Ids and names of the protocol's own packets (clause 2). */

/** Id of {@link HELLO_NAME}. */
export const HELLO_ID = 1;
/** Server to client, first of all: version information. */
export const HELLO_NAME = "peng3dnet:internal.hello";
/** Id of {@link SETTYPE_NAME}. */
export const SETTYPE_ID = 2;
/** Client to server: the connection type. */
export const SETTYPE_NAME = "peng3dnet:internal.settype";
/** Id of {@link HANDSHAKE_NAME}. */
export const HANDSHAKE_ID = 3;
/** Server to client: the registry. */
export const HANDSHAKE_NAME = "peng3dnet:internal.handshake";
/** Id of {@link ACCEPT_NAME}. */
export const ACCEPT_ID = 4;
/** Client to server: the registry is taken over. */
export const ACCEPT_NAME = "peng3dnet:internal.handshake.accept";
/** Id of {@link CLOSECONN_NAME}. */
export const CLOSECONN_ID = 16;
/** Both ways: the sender closes, with a reason. */
export const CLOSECONN_NAME = "peng3dnet:internal.closeconn";
