import type { EventEmitter } from "node:events";
import type { EventName, HeadlessPeng } from "../bus/event-bus.js";
import type { PengEventMap } from "../events/event-map.js";
import { type Disposer, disposer, disposerOfAll } from "../listening/disposer.js";
import { busOf, type EventOf, type EventOrigin, type EventsOf, subscribe } from "../listening/source.js";
import { type BridgeOptions, bridgedEvents } from "./bridge-options.js";
import { relay, untyped } from "./relay.js";

/** The type argument for Node's `EventEmitter`: each event of a map with its data as the only argument. */
export type EmitterEvents<M = PengEventMap> = { [K in EventName<M>]: [data: M[K]] };

/** What a parameter is that should be an emitter, and is not. */
interface NoEmitter {
  readonly "no EventEmitter": true;
}

/** The events that an emitter is typed with. The bounds of that type differ with the version of Node's types, which fill them in. */
type EventsIn<E> = E extends EventEmitter<infer T> ? T : NoEmitter;

/**
 * Accepts an emitter that is untyped, or whose events all fit. Untyped is `[never]` until version 24 of Node's types; later it is
 * `any`, or a map without names where the emitter is of a class that extends `EventEmitter`.
 */
type Fits<T, Misfit> = T extends readonly [never]
  ? unknown
  : T extends NoEmitter
    ? EventEmitter
    : [keyof T] extends [never]
      ? unknown
      : [Misfit] extends [never]
        ? unknown
        : { readonly "events that do not fit the emitter": Misfit };

type MisfitsTo<T, M, K extends string> = {
  [P in K]: P extends keyof T & keyof M ? ([data: M[P]] extends T[P] ? never : P) : P;
}[K];

type MisfitsFrom<T, M, K extends string> = {
  [P in K]: P extends keyof T & keyof M ? ([T[P]] extends [[data: M[P], ...unknown[]]] ? never : P) : P;
}[K];

/**
 * Emits events on a Node `EventEmitter`, with their data as the argument. The data of frequent events are not built while the
 * emitter has no listener for them. An error that one of its listeners throws reaches whoever sent the event; a server or
 * client reports it as its `handlerError`.
 *
 * @param origin - a bus; or a server or client, whose own events are taken.
 * @returns a function that ends the bridge.
 * @throws {@link NoEventBusError} if there is no bus that can be listened to; {@link ConfigError} for an option.
 */
export function toEventEmitter<S extends EventOrigin, E extends object, K extends EventOf<S> = EventOf<S>>(
  origin: S,
  emitter: E & Fits<EventsIn<E>, MisfitsTo<EventsIn<E>, EventsOf<S>, K>>,
  options: BridgeOptions<K> = {},
): Disposer {
  const target = emitter as object as EventEmitter;
  const bus = busOf(origin);
  return disposerOfAll(bridgedEvents(options), (name) =>
    subscribe(
      origin,
      name,
      (event, data) => relay(event, data, bus, target, () => void target.emit(event, data)),
      { raiseErrors: true, wanted: () => target.listenerCount(name) > 0 },
    ),
  );
}

/**
 * Sends what a Node `EventEmitter` emits to a bus, with the first argument as the data.
 *
 * @returns a function that ends the bridge.
 * @throws {@link ConfigError} for an option.
 */
export function fromEventEmitter<E extends object, M extends object, K extends EventName<M> = EventName<M>>(
  emitter: E & Fits<EventsIn<E>, MisfitsFrom<EventsIn<E>, M, K>>,
  bus: HeadlessPeng<M>,
  options: BridgeOptions<K> = {},
): Disposer {
  const source = emitter as object as EventEmitter;
  return disposerOfAll(bridgedEvents(options), (event) => {
    const forward = (data: unknown): void =>
      relay(event, data, source, bus, () => untyped(bus).sendEvent(event, data as never));
    source.on(event, forward);
    return disposer(() => void source.off(event, forward));
  });
}
