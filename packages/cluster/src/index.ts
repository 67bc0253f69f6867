/**
 * Several peng3dnet servers as one.
 *
 * @packageDocumentation
 */

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
export {
  credsAuthenticator,
  jwtAuthenticator,
  nkeyAuthenticator,
  tokenAuthenticator,
  usernamePasswordAuthenticator,
} from "./nats/authenticators.js";
export { natsBus } from "./nats/nats-bus.js";
export type {
  NatsAuthenticator,
  NatsBusOptions,
  NatsCredentials,
  NatsTlsOptions,
} from "./nats/nats-options.js";
