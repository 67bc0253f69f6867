/**
 * Takes the WebSocket connections of an http or https server into a peng3dnet server.
 *
 * @packageDocumentation
 */

export type { Server } from "@peng3dnet/core";
