/**
 * The peng3dnet client for browsers, over WebSocket.
 *
 * @packageDocumentation
 */

export * from "@peng3dnet/peer";
