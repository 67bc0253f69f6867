import { type Config, type Peer, SIDE_SERVER } from "@peng3dnet/protocol";
import type { PeerOptions } from "../base/options.js";
import type { Platform } from "../platform/platform.js";
import type { Clock } from "../time/clock.js";
import { type ConnectionSettings, ReadConfig, readSettings } from "./connection-settings.js";

/** What the settings of connections follow from. */
interface SettingsSource {
  readonly peer: Peer;
  readonly cfg: Config;
  readonly clock: Clock;
  readonly platform: Platform;
}

/** On a client: whether its session outlives its transport, and whether another one may follow. */
interface Outliving {
  readonly resumes: boolean;
  readonly reconnects: boolean;
}

/** The settings of connections that begin now. They are read again only if an option has changed since. */
export class CurrentSettings {
  readonly #source: SettingsSource;
  readonly #options: PeerOptions;
  readonly #outliving: Outliving;
  #settings: ConnectionSettings | undefined = undefined;
  #read: ReadConfig | undefined = undefined;

  constructor(source: SettingsSource, options: PeerOptions, outliving: Outliving) {
    this.#source = source;
    this.#options = options;
    this.#outliving = outliving;
  }

  /** @throws {@link ConfigError} for a value of the engine's config that is not allowed. */
  get(): ConnectionSettings {
    const former = this.#settings;
    if (former !== undefined && this.#read?.changed !== true) return former;
    const { peer, cfg, clock, platform } = this.#source;
    const read = new ReadConfig(cfg, former !== undefined);
    this.#settings = readSettings(
      peer,
      read,
      clock,
      platform,
      this.#options,
      this.#outliving.resumes,
      former,
    );
    // Most clients connect once: they would hold what they never look at.
    if (peer.side === SIDE_SERVER || this.#outliving.reconnects) this.#read = read;
    return this.#settings;
  }

  /** Whether connections may have different settings: they began with others, or their peers declined compression. */
  get several(): boolean {
    return this.#read?.follows === true || this.#settings?.context.uncompressed.used === true;
  }
}
