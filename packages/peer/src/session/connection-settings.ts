import {
  type Config,
  type ConfigKey,
  type ConfigReader,
  type ConfigValues,
  type ConnectionContext,
  createConnectionContext,
  type Peer,
  SIDE_SERVER,
} from "@peng3dnet/protocol";
import type { PeerOptions } from "../base/options.js";
import type { Platform } from "../platform/platform.js";
import type { Clock } from "../time/clock.js";
import type { PrintOptions, SessionOptions } from "./session-hooks.js";

/** What a connection is made with. One object serves all that begin while no option changes. */
export interface ConnectionSettings extends SessionOptions {
  readonly context: ConnectionContext;
}

/** Remembers what was read of a config, to find out whether that has changed. */
export class ReadConfig implements ConfigReader {
  readonly #cfg: Config;
  readonly #read = new Map<ConfigKey, unknown>();
  /** Whether there were connections before that were made with other values. */
  readonly follows: boolean;

  constructor(cfg: Config, follows: boolean) {
    this.#cfg = cfg;
    this.follows = follows;
  }

  get<K extends ConfigKey>(key: K): ConfigValues[K] {
    const value = this.#cfg.get(key);
    this.#read.set(key, value);
    return value;
  }

  /** Whether a value is another one now, also if it is one of an engine's config that tells nobody. */
  get changed(): boolean {
    for (const [key, value] of this.#read) if (this.#cfg.get(key) !== value) return true;
    return false;
  }
}

/**
 * Reads what connections are made with that begin from now on.
 *
 * @param resumes - on a client, whether its session outlives its transport.
 * @param former - what those before were made with: its buffers and connection types are shared.
 * @throws {@link ConfigError} for a value of the engine's config that is not allowed.
 */
export function readSettings(
  peer: Peer,
  cfg: ConfigReader,
  clock: Clock,
  platform: Platform,
  { codec, extensions, validateSent = platform.validateSent }: PeerOptions,
  resumes: boolean,
  former: ConnectionSettings | undefined,
): ConnectionSettings {
  const pollWindow = cfg.get("net.latency.poll");
  const window = cfg.get("net.resume.window");
  const heartbeatTimeout = cfg.get("net.heartbeat.timeout");
  return {
    context: createConnectionContext(peer, cfg, {
      codec,
      extensions,
      former: former?.context,
      heartbeats: true,
      resume: peer.side === SIDE_SERVER ? (window > 0 ? { window } : undefined) : resumes ? {} : undefined,
      resources: former?.context.resources ?? platform.receiveResources(peer.side),
      validateSent,
      compression: platform.compression(cfg.get("net.compress.level")),
    }),
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
    poll:
      former?.poll?.seconds === pollWindow
        ? former.poll
        : pollWindow > 0
          ? platform.poll?.(clock, pollWindow)
          : undefined,
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
