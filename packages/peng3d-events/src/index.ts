/**
 * The events of peng3dnet: their types, a bus for programs without an engine, and bridges to what programs
 * have already.
 *
 * @packageDocumentation
 */

export type { BridgeOptions } from "./bridges/bridge-options.js";
export {
  type EmitterEvents,
  fromEventEmitter,
  toEventEmitter,
} from "./bridges/emitter-bridge.js";
export { gather } from "./bridges/gather.js";
export { fromEventTarget, PengEvent, toEventTarget } from "./bridges/target-bridge.js";
export { BusConfig, type BusConfigOverrides, type BusConfigValues } from "./bus/bus-config.js";
export {
  type EventArguments,
  type EventData,
  type EventListener,
  type EventName,
  HeadlessPeng,
  type HeadlessPengOptions,
  type ListenerOptions,
} from "./bus/event-bus.js";
export { EventOverflowError, NoEventBusError, UnknownListenerError } from "./errors.js";
export * from "./events/event-map.js";
export type { Disposer } from "./listening/disposer.js";
export { EventIterator, type EventIteratorOptions, events } from "./listening/event-iterator.js";
export {
  type EventOf,
  type EventOrigin,
  type EventsOf,
  type ListenableEngine,
  listen,
} from "./listening/source.js";
