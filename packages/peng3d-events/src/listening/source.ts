import type { EngineLike, SIDE_CLIENT, Side } from "@peng3dnet/peer";
import { type EventName, HeadlessPeng, type ListenerOptions } from "../bus/event-bus.js";
import { NoEventBusError } from "../errors.js";
import type { ClientEventMap, PengEventMap, ServerEventMap } from "../events/event-map.js";
import { type Disposer, disposer } from "./disposer.js";

/** An engine that can be listened to: a {@link HeadlessPeng}, or one with the same two methods. */
export interface ListenableEngine {
  /** Calls `fn` on each event of this name. */
  addEventListener(event: string, fn: (event: string, data: unknown) => unknown, raiseErrors?: boolean): void;
  /** Stops calling `fn`. */
  delEventListener(event: string, fn: (event: string, data: unknown) => unknown): void;
}

/** A server or client, as far as events are concerned. */
export interface EventfulPeer {
  /** Its engine or bus. */
  readonly peng: EngineLike | undefined;
  /** Which side it is on. */
  readonly side: Side;
  /** Its options. */
  readonly cfg: { get(key: "net.events.enable"): boolean | "auto" };
}

/** Where events come from: a bus, an engine, a server or a client. Of a server or client, only its own events are taken. */
export type EventOrigin = object;

/** The events of an origin: a map of names to data. */
export type EventsOf<S> = S extends { readonly peng: unknown; readonly side: unknown }
  ? S extends { readonly clients: ReadonlyMap<number, infer C> }
    ? ServerEventMap<C, S>
    : S extends { readonly side: typeof SIDE_CLIENT }
      ? ClientEventMap<S>
      : PengEventMap
  : S extends HeadlessPeng<infer M>
    ? M
    : S extends { addEventListener: unknown; delEventListener: unknown }
      ? PengEventMap
      : Record<never, never>;

/** Name of an event of an origin. */
export type EventOf<S> = EventName<EventsOf<S>>;

function isListenable(value: unknown): value is ListenableEngine {
  const engine = value as Partial<ListenableEngine> | null | undefined;
  return typeof engine?.addEventListener === "function" && typeof engine.delEventListener === "function";
}

/**
 * The bus of an origin.
 *
 * @throws {@link NoEventBusError} if there is none that can be listened to.
 */
export function busOf(origin: EventOrigin): ListenableEngine {
  if (isListenable(origin)) return origin;
  if (!("peng" in Object(origin))) {
    throw new NoEventBusError("events can be had of a bus, or of a server or client; this is neither");
  }
  const { peng, cfg } = origin as EventfulPeer;
  if (peng === undefined) {
    throw new NoEventBusError(
      "this server or client has no bus to send events to; pass `peng: new HeadlessPeng()` to its constructor",
    );
  }
  if (cfg.get("net.events.enable") === false) {
    throw new NoEventBusError('this server or client sends no events: its "net.events.enable" is false');
  }
  if (isListenable(peng)) return peng;
  throw new NoEventBusError(
    "the engine of this server or client has no addEventListener and delEventListener, so that nobody can listen; pass a HeadlessPeng as peng",
  );
}

/** Whether a peer sent an event. The data of all events name the server or client that sent it. */
function isFrom(peer: object, data: unknown): boolean {
  if (typeof data !== "object" || data === null) return false;
  const { server, client } = data as { readonly server?: unknown; readonly client?: unknown };
  return server === peer || client === peer;
}

/** Adds a listener that its disposer removes, and that only gets events of the origin. */
export function subscribe(
  origin: EventOrigin,
  event: string,
  fn: (event: string, data: unknown) => unknown,
  { raiseErrors = false, wanted }: ListenerOptions = {},
): Disposer {
  const bus = busOf(origin);
  const listener =
    (bus as object) === origin
      ? // Each subscription has a function of its own, so that its disposer does not remove another one of the same `fn`.
        (name: string, data: unknown): unknown => fn(name, data)
      : (name: string, data: unknown): unknown => (isFrom(origin, data) ? fn(name, data) : undefined);
  if (bus instanceof HeadlessPeng) bus.addEventListener(event, listener, { raiseErrors, wanted });
  else bus.addEventListener(event, listener, raiseErrors);
  return disposer(() => {
    try {
      bus.delEventListener(event, listener);
    } catch {
      // The bus has removed the listener already, since it failed.
    }
  });
}

/**
 * Calls `fn` on each event of this name.
 *
 * @param origin - a bus; or a server or client, whose own events are taken, whoever else is on its bus.
 * @param raiseErrors - see {@link HeadlessPeng.addEventListener}.
 * @returns a function that removes the listener.
 * @throws {@link NoEventBusError} if there is no bus that can be listened to.
 */
export function listen<S extends EventOrigin, K extends EventOf<S>>(
  origin: S,
  event: K,
  fn: (event: K, data: EventsOf<S>[K]) => unknown,
  raiseErrors: boolean | ListenerOptions = false,
): Disposer {
  const options = typeof raiseErrors === "boolean" ? { raiseErrors } : raiseErrors;
  return subscribe(origin, event, fn as (event: string, data: unknown) => unknown, options);
}
