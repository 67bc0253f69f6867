import type { EventName, HeadlessPeng } from "../bus/event-bus.js";
import type { PengEventMap, PengEventName } from "../events/event-map.js";
import { type Disposer, disposer, disposerOfAll } from "../listening/disposer.js";
import { busOf, type EventOf, type EventOrigin, subscribe } from "../listening/source.js";
import { type BridgeOptions, bridgedEvents } from "./bridge-options.js";
import { relay, untyped } from "./relay.js";

/** An event of a bus as a DOM event: `type` is its name, `detail` its data. */
export class PengEvent<K extends string = PengEventName> extends Event {
  declare readonly type: K;
  /** The data. */
  readonly detail: DataOf<K>;

  constructor(type: K, detail: DataOf<K>) {
    super(type);
    this.detail = detail;
  }
}

type DataOf<K> = K extends PengEventName ? PengEventMap[K] : unknown;

/**
 * Dispatches events on a DOM `EventTarget`, as {@link PengEvent}. A target does not tell whether anybody listens, so that the
 * data of all `events` are built: name those that you need.
 *
 * An error that a listener of the target throws goes to the platform, not to the sender of the event. Node ends the process
 * with it.
 *
 * @param origin - a bus; or a server or client, whose own events are taken.
 * @returns a function that ends the bridge.
 * @throws {@link NoEventBusError} if there is no bus that can be listened to; {@link ConfigError} for an option.
 */
export function toEventTarget<S extends EventOrigin, K extends EventOf<S> = EventOf<S>>(
  origin: S,
  target: EventTarget,
  options: BridgeOptions<K> = {},
): Disposer {
  const bus = busOf(origin);
  return disposerOfAll(bridgedEvents(options), (name) =>
    subscribe(
      origin,
      name,
      (event, data) =>
        relay(event, data, bus, target, () => {
          target.dispatchEvent(new PengEvent(event, data));
        }),
      { raiseErrors: true },
    ),
  );
}

/**
 * Sends events of a DOM `EventTarget` to a bus, with their `detail` as the data, which a {@link PengEvent} and a `CustomEvent`
 * have. An event without one is passed over.
 *
 * @returns a function that ends the bridge.
 * @throws {@link ConfigError} for an option.
 */
export function fromEventTarget<M extends object, K extends EventName<M> = EventName<M>>(
  target: EventTarget,
  bus: HeadlessPeng<M>,
  options: BridgeOptions<K> = {},
): Disposer {
  return disposerOfAll(bridgedEvents(options), (name) => {
    const forward = (event: Event): void => {
      if (!("detail" in event)) return;
      const data = event.detail;
      relay(name, data, target, bus, () => untyped(bus).sendEvent(name, data as never));
    };
    target.addEventListener(name, forward);
    return disposer(() => target.removeEventListener(name, forward));
  });
}
