import type { ConfigKey, ConfigValues } from "./options.js";
import { checkOption, DEFAULT_CONFIG, isConfigKey } from "./rules.js";

/** Initial values: some or all keys. */
export type ConfigOverrides = { readonly [K in ConfigKey]?: ConfigValues[K] | undefined };

/** What a config can be stacked on: the config of an engine, a plain object, or another {@link Config}. */
export type ConfigSource = { get(key: string): unknown } | Readonly<Record<string, unknown>>;

/** Something that options are read from: a {@link Config}, or an object that stands for one. */
export interface ConfigReader {
  /**
   * The value of an option.
   *
   * @throws {@link ConfigError} as {@link Config.get}.
   */
  get<K extends ConfigKey>(key: K): ConfigValues[K];
}

type OwnValues = ReadonlyMap<ConfigKey, unknown>;

/** What was checked last. A process may have thousands of clients with the same options. */
let lastChecked: WeakRef<OwnValues> | undefined;

/** The values of some overrides, checked; the same object for the same ones in a row. */
function ownValues(overrides: ConfigOverrides): OwnValues {
  const last = lastChecked?.deref();
  if (last !== undefined && sameValues(overrides, last)) return last;
  const own = new Map<ConfigKey, unknown>();
  let simple = true;
  for (const [key, value] of Object.entries(overrides)) {
    if (value === undefined && isConfigKey(key)) continue;
    checkOption(key, value);
    own.set(key, value);
    // Whether an object still is what was checked nobody can tell.
    simple &&= typeof value !== "object" || value === null;
  }
  if (simple) lastChecked = new WeakRef(own);
  return own;
}

function sameValues(overrides: ConfigOverrides, known: OwnValues): boolean {
  let count = 0;
  for (const key of Object.keys(overrides) as ConfigKey[]) {
    const value = overrides[key];
    if (value === undefined && isConfigKey(key)) continue;
    if (value === undefined || known.get(key) !== value) return false;
    count++;
  }
  return count === known.size;
}

function lookUp(source: ConfigSource, key: string): unknown {
  return typeof source.get === "function"
    ? source.get(key)
    : (source as Readonly<Record<string, unknown>>)[key];
}

/**
 * A stack of option values: own values lie over those of a parent (e.g. an engine's config), and those over the defaults.
 *
 * Own values are checked when they are set, and those of a parent when they are read. {@link ConfigValues} says when each
 * option is read. Most are read for each new connection: a later change, also one of the parent's, holds for connections
 * made after it, while those that exist keep what they began with.
 */
export class Config implements ConfigReader {
  /** Never changed, as others may have it, too; a change puts another one in its place. */
  #own: OwnValues;
  readonly #parent: ConfigSource | undefined;

  /**
   * @param overrides - own values to start with; `undefined` counts as not given.
   * @param parent - config to fall back on before the defaults.
   * @throws {@link ConfigError} if a key is unknown or a value is not allowed.
   */
  constructor(overrides: ConfigOverrides = {}, parent?: ConfigSource) {
    this.#parent = parent;
    this.#own = ownValues(overrides);
  }

  /**
   * The value of an option.
   *
   * @throws {@link ConfigError} if the key is unknown, or the parent holds a value that is not allowed.
   */
  get<K extends ConfigKey>(key: K): ConfigValues[K] {
    const own = this.#own.get(key);
    if (own !== undefined) return own as ConfigValues[K];
    const inherited = this.#parent === undefined ? undefined : lookUp(this.#parent, key);
    // Defaults need no check.
    if (inherited === undefined && isConfigKey(key)) return DEFAULT_CONFIG[key];
    checkOption(key, inherited);
    return inherited as ConfigValues[K];
  }

  /**
   * Sets an own value.
   *
   * @throws {@link ConfigError} if the key is unknown or the value not allowed.
   */
  set<K extends ConfigKey>(key: K, value: ConfigValues[K]): void {
    checkOption(key, value);
    this.#own = new Map(this.#own).set(key, value);
  }

  /** Removes an own value, so that the parent's value or the default holds again. */
  delete(key: ConfigKey): void {
    const own = new Map(this.#own);
    own.delete(key);
    this.#own = own;
  }

  /**
   * What says, as long as it is the same, that all options are the same as in every other config that says so; `undefined`: that
   * cannot be told, since a parent tells nobody when it changes.
   */
  get fingerprint(): object | undefined {
    return this.#parent === undefined ? this.#own : undefined;
  }
}
