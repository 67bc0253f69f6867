/**
 * Starts a real nats-server: for tests, and for commands that measure or show something over one.
 *
 * @packageDocumentation
 */
export { findNatsServer, HOW_TO_GET_NATS_SERVER } from "./find-nats-server.js";
export { NatsServer, type NatsServerOptions } from "./nats-server.js";
