/**
 * The events of peng3dnet: their types, a bus for programs without an engine, and bridges to what programs
 * have already.
 *
 * @packageDocumentation
 */
export { BusConfig, type BusConfigOverrides, type BusConfigValues } from "./bus-config.js";
export type { Disposer } from "./disposer.js";
export {
  type BridgeOptions,
  type EmitterEvents,
  fromEventEmitter,
  toEventEmitter,
} from "./emitter-bridge.js";
export { EventOverflowError, NoEventBusError, UnknownListenerError } from "./errors.js";
export {
  type EventArguments,
  type EventData,
  type EventListener,
  type EventName,
  HeadlessPeng,
  type HeadlessPengOptions,
  type ListenerOptions,
} from "./event-bus.js";
export { EventIterator, type EventIteratorOptions, events } from "./event-iterator.js";
export * from "./event-map.js";
export { gather } from "./gather.js";
export { type EventOf, type EventOrigin, type EventsOf, type ListenableEngine, listen } from "./source.js";
export { fromEventTarget, PengEvent, toEventTarget } from "./target-bridge.js";
