/**
 * Status of a peng3dnet server: ask for it with {@link pingServer}, answer it with {@link PingableServerMixin} or
 * {@link enablePing}.
 *
 * @packageDocumentation
 */
export { PingConnectionType, type PingSource } from "./connection-type.js";
export {
  MAX_PING_LENGTH,
  MAX_PINGS,
  MAX_PONG_LENGTH,
  PING_ID,
  PONG_ID,
  WRITEBACK,
} from "./constants.js";
export type { PingData } from "./data.js";
export {
  InvalidPingPacketError,
  PingDataError,
  PingError,
  type PingFailure,
  PingInvalidSideError,
} from "./errors.js";
export {
  type EnablePingOptions,
  enablePing,
  type PingableClient,
  PingableClientMixin,
  type PingableServer,
  PingableServerMixin,
  type Pong,
} from "./mixins.js";
export { PingClient, type PingServerOptions, pingServer } from "./ping-server.js";
