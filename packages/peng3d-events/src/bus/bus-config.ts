import {
  Config,
  ConfigError,
  type ConfigKey,
  type ConfigOverrides,
  type ConfigSource,
  type ConfigValues,
  DEFAULT_CONFIG,
} from "@peng3dnet/peer";

/** The options of the bus itself. */
export interface BusConfigValues {
  /** Remove a listener that fails, unless it was added with `raiseErrors`. Default true. */
  "events.removeonerror": boolean;
  /** How often, per event, the log says that an event had no listener. Default 3. */
  "events.maxignore": number;
}

/** Initial values of a bus: its own options, options of the peers on it, and any keys of the application's. */
export type BusConfigOverrides = {
  readonly [K in keyof BusConfigValues]?: BusConfigValues[K] | undefined;
} & ConfigOverrides &
  Readonly<Record<string, unknown>>;

/** What holds where nothing is set. */
export const DEFAULTS: Readonly<BusConfigValues> = { "events.removeonerror": true, "events.maxignore": 3 };

function check(key: string, value: unknown): void {
  if (key === "events.removeonerror") {
    if (typeof value === "boolean") return;
    throw new ConfigError(key, `config option "${key}" has to be true or false`);
  }
  if (key !== "events.maxignore") {
    throw new ConfigError(key, `unknown config option "${key}"; known: ${Object.keys(DEFAULTS).join(", ")}`);
  }
  if (Number.isInteger(value) && (value as number) >= 0) return;
  throw new ConfigError(key, `config option "${key}" has to be an integer from 0`);
}

/**
 * Config of a bus, on which servers and clients stack theirs. Values of `events.*` and `net.*` are checked when they are
 * set. All other keys are the application's own.
 */
export class BusConfig {
  readonly #own = new Map<string, unknown>();
  readonly #net = new Config();
  readonly #parent: ConfigSource | undefined;

  /**
   * @param overrides - values to start with; `undefined` counts as not given.
   * @param parent - config to fall back on.
   * @throws {@link ConfigError} if a key is unknown or a value is not allowed.
   */
  constructor(overrides: BusConfigOverrides = {}, parent?: ConfigSource) {
    this.#parent = parent;
    for (const [key, value] of Object.entries(overrides)) {
      if (value !== undefined) this.set(key, value);
    }
  }

  /**
   * The value of an option; `undefined` if there is none.
   *
   * @throws {@link ConfigError} if the parent holds a value that is not allowed.
   */
  get<K extends keyof BusConfigValues>(key: K): BusConfigValues[K];
  get<K extends ConfigKey>(key: K): ConfigValues[K];
  get(key: string): unknown;
  get(key: string): unknown {
    if (this.#own.has(key)) return this.#own.get(key);
    const inherited = this.#inherited(key);
    if (Object.hasOwn(DEFAULTS, key)) {
      if (inherited === undefined) return DEFAULTS[key as keyof BusConfigValues];
      check(key, inherited);
    }
    return inherited === undefined && Object.hasOwn(DEFAULT_CONFIG, key)
      ? DEFAULT_CONFIG[key as ConfigKey]
      : inherited;
  }

  #inherited(key: string): unknown {
    const parent = this.#parent;
    if (parent === undefined) return undefined;
    return typeof parent.get === "function"
      ? parent.get(key)
      : (parent as Readonly<Record<string, unknown>>)[key];
  }

  /**
   * Sets a value.
   *
   * @throws {@link ConfigError} if the key is an unknown one of `events.*` or `net.*`, or the value not allowed.
   */
  set<K extends keyof BusConfigValues>(key: K, value: BusConfigValues[K]): void;
  set<K extends ConfigKey>(key: K, value: ConfigValues[K]): void;
  set(key: string, value: unknown): void;
  set(key: string, value: unknown): void {
    if (key.startsWith("events.")) check(key, value);
    // A peer would refuse a wrong value only when it reads it. It is refused here, where it is set.
    if (key.startsWith("net.")) this.#net.set(key as ConfigKey, value as never);
    this.#own.set(key, value);
  }

  /** Removes a value, so that the parent's or the default holds again. */
  delete(key: string): void {
    this.#own.delete(key);
  }
}
