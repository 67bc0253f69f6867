/**
 * Status of a peng3dnet server: ask for it with {@link pingServer}, answer it with {@link PingableServerMixin} or
 * {@link enablePing}.
 *
 * @packageDocumentation
 */
export { PingError, type PingFailure } from "./asking/ping-error.js";
export { PingClient, type PingServerOptions, pingServer } from "./asking/ping-server.js";
export * from "./peer.js";
