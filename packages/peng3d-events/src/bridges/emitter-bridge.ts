import type { EventEmitter } from "node:events";
import type { EventName, HeadlessPeng } from "../bus/event-bus.js";
import { PENG_EVENTS, type PengEventMap } from "../events/event-map.js";
import { type Disposer, disposeAll, disposer } from "../listening/disposer.js";
import { busOf, type EventOf, type EventOrigin, type EventsOf, subscribe } from "../listening/source.js";
import { relay, untyped } from "./relay.js";

/** The type argument for Node's `EventEmitter`: each event of a map with its data as the only argument. */
export type EmitterEvents<M = PengEventMap> = { [K in EventName<M>]: [data: M[K]] };

/** What Node's types allow as type argument of an `EventEmitter`; `[never]` stands for an untyped one. */
export type EmitterMap<T> = Record<keyof T, unknown[]> | [never];

/** Accepts an emitter that is untyped, or whose events all fit. */
type Fits<T, Misfit> = T extends readonly [never]
  ? unknown
  : [Misfit] extends [never]
    ? unknown
    : { readonly "events that do not fit the emitter": Misfit };

type MisfitsTo<T, M, K extends string> = {
  [P in K]: P extends keyof T & keyof M ? ([data: M[P]] extends T[P] ? never : P) : P;
}[K];

type MisfitsFrom<T, M, K extends string> = {
  [P in K]: P extends keyof T & keyof M ? (T[P] extends [data: M[P], ...unknown[]] ? never : P) : P;
}[K];

/** Which events a bridge takes. */
export interface BridgeOptions<K extends string> {
  /** Names of the events. Default: all of peng3dnet's. */
  readonly events?: readonly K[] | undefined;
}

/**
 * Emits events on a Node `EventEmitter`, with their data as the argument. The data of frequent events are not built while the
 * emitter has no listener for them. An error that one of its listeners throws reaches whoever sent the event; a server or
 * client reports it as its `handlerError`.
 *
 * @param origin - a bus; or a server or client, whose own events are taken.
 * @returns a function that ends the bridge.
 * @throws {@link NoEventBusError} if there is no bus that can be listened to.
 */
export function toEventEmitter<
  S extends EventOrigin,
  T extends EmitterMap<T>,
  K extends EventOf<S> = EventOf<S>,
>(
  origin: S,
  emitter: EventEmitter<T> & Fits<T, MisfitsTo<T, EventsOf<S>, K>>,
  { events }: BridgeOptions<K> = {},
): Disposer {
  const target = emitter as object as EventEmitter;
  const bus = busOf(origin);
  return disposeAll(
    (events ?? PENG_EVENTS).map((name) =>
      subscribe(
        origin,
        name,
        (event, data) => relay(event, data, bus, target, () => void target.emit(event, data)),
        { raiseErrors: true, wanted: () => target.listenerCount(name) > 0 },
      ),
    ),
  );
}

/**
 * Sends what a Node `EventEmitter` emits to a bus, with the first argument as the data.
 *
 * @returns a function that ends the bridge.
 */
export function fromEventEmitter<
  M extends object,
  T extends EmitterMap<T>,
  K extends EventName<M> = EventName<M>,
>(
  emitter: EventEmitter<T> & Fits<T, MisfitsFrom<T, M, K>>,
  bus: HeadlessPeng<M>,
  { events }: BridgeOptions<K> = {},
): Disposer {
  const source = emitter as object as EventEmitter;
  return disposeAll(
    (events ?? PENG_EVENTS).map((event) => {
      const forward = (data: unknown): void =>
        relay(event, data, source, bus, () => untyped(bus).sendEvent(event, data as never));
      source.on(event, forward);
      return disposer(() => void source.off(event, forward));
    }),
  );
}
