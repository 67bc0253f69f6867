import type { EventName, HeadlessPeng } from "../bus/event-bus.js";
import { type Disposer, disposerOfAll } from "../listening/disposer.js";
import { busOf, type EventOrigin, subscribe } from "../listening/source.js";
import { type BridgeOptions, bridgedEvents } from "./bridge-options.js";
import { relay, untyped } from "./relay.js";

/**
 * Sends the events of several servers, clients or buses to one bus. Those that are on it already are left as they are. Where
 * peers can be given one bus from the start, pass it to each of them as `peng` instead. The data of frequent events are not
 * built while nobody listens to them on the one bus.
 *
 * @returns a function that ends it.
 * @throws {@link NoEventBusError} if one of them has no bus that can be listened to. Nothing is joined then.
 * {@link ConfigError} for an option.
 */
export function gather<M extends object, K extends EventName<M> = EventName<M>>(
  origins: Iterable<EventOrigin>,
  bus: HeadlessPeng<M>,
  options: BridgeOptions<K> = {},
): Disposer {
  const names = bridgedEvents(options);
  const others = [...new Set(origins)].filter((origin) => busOf(origin) !== (bus as object));
  return disposerOfAll(others, (origin) => {
    const from = busOf(origin);
    return disposerOfAll(names, (name) =>
      subscribe(
        origin,
        name,
        (event, data) => relay(event, data, from, bus, () => untyped(bus).sendEvent(event, data as never)),
        { raiseErrors: true, wanted: () => bus.hasListeners(name) },
      ),
    );
  });
}
