import {
  type CommonContext,
  type Config,
  type ConfigKey,
  type ConfigReader,
  type ConfigValues,
  type ConnectionContext,
  type ConnectionContextOptions,
  contextFor,
  createCommonContext,
  createConnectionContext,
  type Peer,
  SIDE_SERVER,
  type Side,
} from "@peng3dnet/protocol";
import type { PeerOptions } from "../base/options.js";
import type { Platform } from "../platform/platform.js";
import type { Clock } from "../time/clock.js";
import type { PrintOptions, SessionOptions } from "./session-hooks.js";

/** What a connection is made with. It serves all that begin while no option changes. */
export interface ConnectionSettings {
  readonly context: ConnectionContext;
  readonly options: SessionOptions;
  /** What it has in common with other clients. */
  readonly shared?: SharedSettings;
}

/** Remembers what was read of a config, to find out whether that has changed. */
export class ReadConfig implements ConfigReader {
  readonly #cfg: Config;
  readonly #read = new Map<ConfigKey, unknown>();
  readonly #fingerprint: object | undefined;
  /** Whether there were connections before that were made with other values. */
  readonly follows: boolean;

  constructor(cfg: Config, follows: boolean) {
    this.#cfg = cfg;
    this.#fingerprint = cfg.fingerprint;
    this.follows = follows;
  }

  get<K extends ConfigKey>(key: K): ConfigValues[K] {
    const value = this.#cfg.get(key);
    this.#read.set(key, value);
    return value;
  }

  /** Whether a value is another one now, also if it is one of an engine's config that tells nobody. */
  get changed(): boolean {
    if (this.#fingerprint !== undefined && this.#fingerprint === this.#cfg.fingerprint) return false;
    for (const [key, value] of this.#read) if (this.#cfg.get(key) !== value) return true;
    return false;
  }
}

/** What a peer is made with, beside its config. */
export interface SettingsSource {
  readonly clock: Clock;
  readonly platform: Platform;
  readonly codec: PeerOptions["codec"];
  readonly extensions: PeerOptions["extensions"];
  readonly validateSent: boolean | undefined;
  /** On a client, whether its session outlives its transport. */
  readonly resumes: boolean;
}

/**
 * Reads what connections are made with that begin from now on.
 *
 * @param former - what those before were made with: its buffers and connection types are shared.
 * @throws {@link ConfigError} for a value of the engine's config that is not allowed.
 */
export function readSettings(
  peer: Peer,
  cfg: ConfigReader,
  source: SettingsSource,
  former: ConnectionSettings | undefined,
): ConnectionSettings {
  const parts = { ...contextOptions(peer.side, cfg, source), former: former?.context };
  const resources = former?.context.resources ?? source.platform.receiveResources(peer.side);
  return {
    context: createConnectionContext(peer, cfg, { ...parts, resources }),
    options: readOptions(cfg, source.clock),
  };
}

function contextOptions(
  side: Side,
  cfg: ConfigReader,
  { platform, codec, extensions, validateSent = platform.validateSent, resumes }: SettingsSource,
): ConnectionContextOptions {
  const window = cfg.get("net.resume.window");
  return {
    codec,
    extensions,
    heartbeats: true,
    resume: side === SIDE_SERVER ? (window > 0 ? { window } : undefined) : resumes ? {} : undefined,
    validateSent,
    compression: platform.compression(cfg.get("net.compress.level")),
  };
}

function readOptions(cfg: ConfigReader, clock: Clock): SessionOptions {
  const heartbeatTimeout = cfg.get("net.heartbeat.timeout");
  return {
    clock,
    handshakeTimeout: cfg.get("net.timeout.handshake"),
    idleTimeout: cfg.get("net.timeout.idle"),
    unsentTimeout: cfg.get("net.timeout.unsent"),
    closeTimeout: cfg.get("net.timeout.close"),
    heartbeatTimeout: heartbeatTimeout === Number.POSITIVE_INFINITY ? 0 : heartbeatTimeout,
    unsentLimit: cfg.get("net.limits.unsent"),
    highWater: cfg.get("net.limits.unsent.highwater"),
    maxQueuedPackets: cfg.get("net.limits.unprocessed.packets"),
    maxQueuedBytes: cfg.get("net.limits.unprocessed.bytes"),
    maxQueuedTotal: cfg.get("net.limits.unprocessed.total"),
    unsentTotal: cfg.get("net.limits.unsent.total"),
    maxBuffered: cfg.get("net.limits.buffered"),
    maxRequests: cfg.get("net.limits.requests"),
    resumeBytes: cfg.get("net.resume.bytes"),
    inflatedRate: cfg.get("net.limits.inflated.rate"),
    prints: readPrints(cfg),
    pollWindow: cfg.get("net.latency.poll"),
  };
}

function readPrints(cfg: ConfigReader): PrintOptions | undefined {
  const prints: PrintOptions = {
    connect: cfg.get("net.debug.print.connect"),
    recv: cfg.get("net.debug.print.recv"),
    send: cfg.get("net.debug.print.send"),
    close: cfg.get("net.debug.print.close"),
  };
  return Object.values(prints).includes(true) ? prints : undefined;
}

/** What the clients of a process are made with that have the same options. */
export interface SharedSettings {
  readonly source: SettingsSource;
  readonly validateSent: boolean | undefined;
  readonly fingerprint: object;
  readonly common: CommonContext;
  readonly options: SessionOptions;
}

/** What clients are made with whose sessions have these options: it lasts as long as one of the sessions. */
const sharedBy = new WeakMap<SessionOptions, SharedSettings>();

/** The options of the client that was made last. */
let lastOptions: WeakRef<SessionOptions> | undefined;

/** As {@link readSettings}, for a client: a process may have thousands of them, most of which have the same options. */
export function readClientSettings(
  peer: Peer,
  cfg: Config,
  source: SettingsSource,
  former: ConnectionSettings | undefined,
): ConnectionSettings {
  const { fingerprint } = cfg;
  if (fingerprint === undefined) return readSettings(peer, cfg, source, former);
  const { platform, validateSent = platform.validateSent } = source;
  const last = lastOptions?.deref();
  let shared = last && sharedBy.get(last);
  if (
    shared === undefined ||
    shared.fingerprint !== fingerprint ||
    shared.validateSent !== validateSent ||
    !sameSource(shared.source, source)
  ) {
    const resources = platform.receiveResources(peer.side);
    const common = createCommonContext(cfg, { ...contextOptions(peer.side, cfg, source), resources });
    shared = { source, validateSent, fingerprint, common, options: readOptions(cfg, source.clock) };
    sharedBy.set(shared.options, shared);
    lastOptions = new WeakRef(shared.options);
  }
  return { context: contextFor(peer, shared.common), options: shared.options, shared };
}

function sameSource(one: SettingsSource, other: SettingsSource): boolean {
  return (
    one.platform === other.platform &&
    one.clock === other.clock &&
    one.codec === other.codec &&
    one.extensions === other.extensions &&
    one.resumes === other.resumes
  );
}
