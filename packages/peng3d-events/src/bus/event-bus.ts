import {
  type ConfigSource,
  checkKnownOptions,
  describeError,
  escapeText,
  kindOfError,
  type Logger,
  type OptionNames,
  Repeats,
  whenRejected,
} from "@peng3dnet/peer";
import { UnknownListenerError } from "../errors.js";
import type { PengEventMap } from "../events/event-map.js";
import { BusConfig, type BusConfigOverrides, type BusConfigValues, DEFAULTS } from "./bus-config.js";
import { warn } from "./warn.js";

/** Name of an event in a map of events. */
export type EventName<M> = keyof M & string;

/** Data of an event, as a sender has to give it. */
export type EventData<M, K extends keyof M> = { readonly [P in keyof M[K]]: M[K][P] };

/** Whether an event has no data: its type in the map is `undefined`, or may be, or is an object without keys. */
type WithoutData<T> = undefined extends T
  ? true
  : keyof T extends never
    ? true
    : T extends Readonly<Record<string, never>>
      ? true
      : false;

/**
 * Whether `K` is each of several events. So it is where a bus is compared with what a server or client takes as `peng`, which sends
 * events by any name. The data of events of several packages have nothing in common, so that nothing else would fit.
 */
type IsAnyOf<M, K extends keyof M, One extends keyof M = K> = [EventName<M>] extends [K]
  ? true extends (One extends unknown ? ([K] extends [One] ? false : true) : never)
    ? true
    : false
  : false;

/** The arguments of a sender after the name of an event: its data, which may be left out for events without data. */
export type EventArguments<M, K extends keyof M> =
  IsAnyOf<M, K> extends true
    ? [data?: Readonly<Record<string, unknown>>]
    : WithoutData<M[K]> extends true
      ? [data?: M[K]]
      : [data: EventData<M, K>];

/** Called on each event with its name and data. It may be asynchronous, but nothing waits for it. */
export type EventListener<M, K extends keyof M> = (event: K, data: M[K]) => unknown;

/** How a listener is called. */
export interface ListenerOptions {
  /** Whether `sendEvent` throws what the listener throws, see {@link HeadlessPeng.addEventListener}. Default false. */
  readonly raiseErrors?: boolean | undefined;
  /** Returns whether the listener wants events now. While not, {@link HeadlessPeng.hasListeners} does not count it. */
  readonly wanted?: (() => boolean) | undefined;
}

/** Options of a {@link HeadlessPeng}. */
export interface HeadlessPengOptions {
  /** Initial config values: `events.*`, `net.*` for all peers on the bus, and keys of your own. */
  readonly cfg?: BusConfigOverrides | undefined;
  /** Config to fall back on. */
  readonly parent?: ConfigSource | undefined;
  /**
   * Where failed listeners are reported. Default: the first failure of each event is a warning of the process, or a line on the
   * console where there is no process.
   */
  readonly logger?: Logger | undefined;
}

const OPTIONS: OptionNames<HeadlessPengOptions> = { cfg: true, parent: true, logger: true };

interface Entry {
  readonly fn: (event: never, data: never) => unknown;
  readonly raiseErrors: boolean;
  readonly wanted: (() => boolean) | undefined;
  removed: boolean;
}

/** For how many events the first failure of a listener causes a warning. */
const MAX_WARNINGS = 20;
/** How many characters of the name of an event a message shows. */
const MAX_NAME = 200;

/** How many events are counted that nobody listens to, so that made-up names do not fill the memory. */
const MAX_COUNTED = 1024;

/**
 * An event bus of the engine's shape, for programs without an engine: pass it as `peng` to any number of
 * servers and clients.
 *
 * Listeners are called in the order in which they were added, at once, within `sendEvent`. One that is added
 * while an event runs is first called on the next event; one that is removed is not called any more.
 *
 * @typeParam M - the events and their data. Extend {@link PengEventMap} for events of your own.
 * @reference peng3d's `HeadlessPeng`
 */
export class HeadlessPeng<M extends object = PengEventMap> {
  /** Options of the bus; peers stack theirs on it. */
  readonly cfg: BusConfig;
  readonly #logger: Logger | undefined;
  /** Listeners by event. A list is replaced and never changed, so that an event under way goes on with the one it has. */
  readonly #listeners = new Map<string, readonly Entry[]>();
  readonly #ignored = new Map<string, number>();
  #asking = false;
  readonly #repeats = new Repeats();
  readonly #warned = new Set<string>();

  /** @throws {@link ConfigError} if an option is unknown or not allowed; TypeError for a `logger` that is none. */
  constructor(options: HeadlessPengOptions = {}) {
    checkKnownOptions("HeadlessPeng", options, OPTIONS);
    const { cfg, parent, logger } = options;
    // It would swallow what it is there to tell.
    if (logger !== undefined && typeof logger?.error !== "function")
      throw new TypeError('the option "logger" has no error()');
    this.cfg = new BusConfig(cfg, parent);
    this.#logger = logger;
  }

  /**
   * Calls `fn` on each event of this name. A function that is added twice is called twice.
   *
   * When a listener throws, the others are called all the same. Without `raiseErrors`, the failure is reported to the
   * logger, and the listener is removed if `events.removeonerror` is on. With `raiseErrors`, `sendEvent` throws the error
   * once all listeners were called, and the listener stays. A server or client that sent the event then reports the error as
   * its `handlerError`, and goes on. A promise that rejects is reported to the logger in either case.
   *
   * @param raiseErrors - true, false, or options. Default false.
   * @throws TypeError if `event` is no string or `fn` no function.
   */
  addEventListener<K extends EventName<M>>(
    event: K,
    fn: EventListener<M, K>,
    raiseErrors: boolean | ListenerOptions = false,
  ): void {
    if (typeof event !== "string") throw new TypeError("the name of an event has to be a string");
    if (typeof fn !== "function") throw new TypeError(`the listener for "${event}" has to be a function`);
    const options = typeof raiseErrors === "boolean" ? { raiseErrors } : raiseErrors;
    const entry: Entry = {
      fn,
      raiseErrors: options.raiseErrors ?? false,
      wanted: options.wanted,
      removed: false,
    };
    this.#listeners.set(event, [...(this.#listeners.get(event) ?? []), entry]);
  }

  /**
   * Stops calling `fn`. A function that was added twice is still called once.
   *
   * @throws {@link UnknownListenerError} if it does not listen to that event.
   */
  delEventListener<K extends EventName<M>>(event: K, fn: EventListener<M, K>): void {
    const entry = this.#listeners.get(event)?.find((listener) => listener.fn === fn);
    if (entry === undefined) {
      throw new UnknownListenerError(`the listener to be removed does not listen to "${event}"`);
    }
    this.#remove(event, entry);
  }

  #remove(event: string, entry: Entry): void {
    entry.removed = true;
    const left = (this.#listeners.get(event) ?? []).filter((listener) => listener !== entry);
    if (left.length > 0) this.#listeners.set(event, left);
    else this.#listeners.delete(event);
  }

  /** Whether anybody wants events of this name. If not, peers do not build the data of frequent events. */
  hasListeners(event: string): boolean {
    // Some buses have no listener at all and are there for their config alone.
    if (this.#listeners.size === 0) return false;
    const listeners = this.#listeners.get(event);
    // Buses may be joined in a ring, so that asking others comes back here. A bus that is being asked already says no.
    if (listeners === undefined || this.#asking) return false;
    this.#asking = true;
    try {
      return listeners.some(({ wanted }) => wanted === undefined || wanted());
    } finally {
      this.#asking = false;
    }
  }

  /** How many listeners an event has, or all events together. */
  listenerCount(event?: EventName<M>): number {
    if (event !== undefined) return this.#listeners.get(event)?.length ?? 0;
    let count = 0;
    for (const listeners of this.#listeners.values()) count += listeners.length;
    return count;
  }

  /**
   * Calls all listeners of an event.
   *
   * @param data - what they get. An event whose type in the map is `undefined`, or an object without keys, needs none;
   * its listeners get `undefined` then.
   * @throws the error of the first listener with `raiseErrors` that threw, once all were called.
   */
  sendEvent<K extends EventName<M>>(event: K, ...data: EventArguments<M, K>): void;
  sendEvent(event: EventName<M>, data?: unknown): void {
    const listeners = this.#listeners.get(event);
    if (listeners === undefined) {
      this.#noteIgnored(event);
      return;
    }
    let raised: { readonly error: unknown } | undefined;
    for (const entry of listeners) {
      if (entry.removed) continue;
      try {
        const result = entry.fn(event as never, data as never);
        whenRejected(result, (error) => this.#failed(event, entry, error));
      } catch (error) {
        if (entry.raiseErrors && raised === undefined) raised = { error };
        else {
          // A listener may throw a promise. Its rejection is ignored, so that it does not end the process.
          whenRejected(error, () => {});
          this.#failed(event, entry, error);
        }
      }
    }
    if (raised !== undefined) throw raised.error;
  }

  #failed(event: string, entry: Entry, error: unknown): void {
    const remove = !entry.raiseErrors && !entry.removed && this.#option("events.removeonerror");
    if (remove) this.#remove(event, entry);
    const failure = `a listener for "${escapeText(event, MAX_NAME)}" failed${remove ? " and was removed" : ""}`;
    const text = (stack: boolean): string => `${failure}: ${describeError(error, { stack })}`;
    if (this.#logger !== undefined) {
      this.#repeats.tell(`${event} ${kindOfError(error)}`, (line) => this.#log("error", line), text);
    } else if (!this.#warned.has(event) && this.#warned.size < MAX_WARNINGS) {
      this.#warned.add(event);
      warn(`${text(true)}\nFurther failures of its listeners are not shown; give the bus a logger.`);
    }
  }

  /** An option of the bus; its default where the parent config has a value that is not allowed, which is no fault of a sender. */
  #option<K extends keyof BusConfigValues>(key: K): BusConfigValues[K] {
    try {
      return this.cfg.get(key);
    } catch {
      return DEFAULTS[key];
    }
  }

  /** Writes to the logger. A logger that fails is ignored, since there is nobody else to tell. */
  #log(level: "debug" | "error", line: string): void {
    try {
      const result: unknown = this.#logger?.[level](line);
      whenRejected(result, () => {});
    } catch (error) {
      // A logger may throw a promise, too.
      whenRejected(error, () => {});
    }
  }

  #noteIgnored(event: string): void {
    const count = this.#ignored.get(event) ?? 0;
    if (count >= this.#option("events.maxignore")) return;
    if (count === 0 && this.#ignored.size >= MAX_COUNTED) return;
    this.#ignored.set(event, count + 1);
    this.#log("debug", `the event "${escapeText(event, MAX_NAME)}" has no listener`);
  }
}
