/**
 * Several peng3dnet servers as one.
 *
 * @packageDocumentation
 */

export {
  credsAuthenticator,
  jwtAuthenticator,
  nkeyAuthenticator,
  tokenAuthenticator,
  usernamePasswordAuthenticator,
} from "@nats-io/transport-node";
export type {
  Bus,
  BusChange,
  BusContext,
  BusFactory,
  BusListener,
  BusReceiver,
  BusState,
  BusSubscription,
} from "./bus/bus.js";
export {
  BusAwayError,
  BusClosedError,
  BusConnectError,
  BusError,
  BusFullError,
  BusPayloadError,
  BusSubjectError,
} from "./bus/bus-errors.js";
export type { MemoryBusOptions } from "./bus/memory-broker.js";
export { memoryBus } from "./bus/memory-bus.js";
export type { OfflineOptions } from "./bus/outbox.js";
export { natsBus } from "./nats/nats-bus.js";
export type { NatsBusOptions } from "./nats/nats-options.js";
