/**
 * Status of a peng3dnet server: ask for it with {@link pingServer}, answer it with {@link PingableServerMixin} or
 * {@link enablePing}.
 *
 * @packageDocumentation
 */

export { PingClient, type PingServerOptions, pingServer } from "./asking/ping-server.js";
export {
  InvalidPingPacketError,
  PingDataError,
  PingError,
  type PingFailure,
  PingInvalidSideError,
} from "./errors.js";
export { PingConnectionType, type PingSource } from "./protocol/connection-type.js";
export {
  MAX_PING_LENGTH,
  MAX_PINGS,
  MAX_PONG_LENGTH,
  PING_ID,
  PONG_ID,
  WRITEBACK,
} from "./protocol/constants.js";
export type { PingData } from "./protocol/data.js";
export {
  type EnablePingOptions,
  enablePing,
  type PingableClient,
  PingableClientMixin,
  type PingableServer,
  PingableServerMixin,
  type Pong,
} from "./protocol/mixins.js";
