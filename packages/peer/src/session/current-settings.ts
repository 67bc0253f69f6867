import { type Config, type Peer, SIDE_SERVER } from "@peng3dnet/protocol";
import type { PeerSetup } from "../base/peer-setup.js";
import {
  type ConnectionSettings,
  ReadConfig,
  readClientSettings,
  readSettings,
  type SettingsSource,
} from "./connection-settings.js";

/** What the settings of connections follow from. */
interface PeerSource {
  readonly peer: Peer;
  readonly cfg: Config;
  readonly setup: PeerSetup;
  /** On a client: whether its session outlives its transport. */
  readonly resumes: boolean;
}

/** The settings of connections that begin now. They are read again only if an option has changed since. */
export class CurrentSettings {
  readonly #peer: PeerSource;
  #settings: ConnectionSettings | undefined = undefined;
  #read: ReadConfig | undefined = undefined;

  constructor(peer: PeerSource) {
    this.#peer = peer;
  }

  /** @throws {@link ConfigError} for a value of the engine's config that is not allowed. */
  get(): ConnectionSettings {
    const former = this.#settings;
    if (former !== undefined && !this.#changed(former)) return former;
    const { peer, cfg } = this.#peer;
    const onServer = peer.side === SIDE_SERVER;
    if (!onServer && cfg.fingerprint !== undefined) {
      this.#settings = readClientSettings(peer, cfg, this.#source(), former);
      return this.#settings;
    }
    const read = new ReadConfig(cfg, former !== undefined);
    this.#settings = readSettings(peer, read, this.#source(), former);
    this.#read = read;
    return this.#settings;
  }

  #changed({ shared }: ConnectionSettings): boolean {
    if (shared === undefined) return this.#read?.changed === true;
    return shared.fingerprint !== this.#peer.cfg.fingerprint;
  }

  #source(): SettingsSource {
    const { setup, resumes } = this.#peer;
    const { clock, platform, codec, extensions, validateSent } = setup;
    return { clock, platform, codec, extensions, validateSent, resumes };
  }

  /** Whether connections may have different settings: they began with others, or their peers declined compression. */
  get several(): boolean {
    return this.#read?.follows === true || this.#settings?.context.uncompressed.used === true;
  }
}
