/**
 * Pings over any transport: the connection type, and the mixins that let servers answer and clients ask. It needs no sockets and
 * runs wherever `@peng3dnet/peer` does. `@peng3dnet/ping` exports all of it, too.
 *
 * @packageDocumentation
 */
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
export { InvalidPingPacketError, PingDataError, PingInvalidSideError } from "./protocol/errors.js";
export {
  type EnablePingOptions,
  enablePing,
  type PingableClient,
  PingableClientMixin,
  type PingableServer,
  PingableServerMixin,
  type Pong,
} from "./protocol/mixins.js";
