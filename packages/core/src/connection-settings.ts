import { availableParallelism } from "node:os";
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
import { BusyPoll } from "./busy-poll.js";
import { type Clock, systemClock } from "./clock.js";
import { zlibCompression } from "./compression.js";
import type { PeerOptions } from "./options.js";
import { receiveKit } from "./receive-kits.js";
import type { SessionOptions } from "./session-hooks.js";

/** What a new connection is made with. */
export interface ConnectionSettings {
  readonly context: ConnectionContext;
  readonly options: SessionOptions;
}

/** Remembers what was read of a config, to find out whether that has changed. */
class ReadConfig implements ConfigReader {
  readonly #cfg: Config;
  readonly #read = new Map<ConfigKey, unknown>();

  constructor(cfg: Config) {
    this.#cfg = cfg;
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
 * Reads the options of connections. Connections share what they are made with as long as no option changes; after a
 * change, later connections get new settings, and those there are keep theirs.
 */
export class SettingsSource {
  readonly #peer: Peer;
  readonly #clock: Clock;
  readonly #given: PeerOptions;
  #read: ReadConfig | undefined = undefined;
  #settings: ConnectionSettings | undefined = undefined;
  /** Whether there are connections with different settings, or were. */
  changed = false;

  constructor(peer: Peer, clock: Clock, given: PeerOptions) {
    this.#peer = peer;
    this.#clock = clock;
    this.#given = given;
  }

  /** What a connection is made with that begins now. @throws {@link ConfigError} for a value of the engine's config. */
  current(): ConnectionSettings {
    const former = this.#settings;
    if (former !== undefined && this.#read?.changed !== true) return former;
    const { cfg, side } = this.#peer;
    const read = new ReadConfig(cfg);
    this.#settings = this.#make(read, former);
    this.changed = former !== undefined;
    // A client connects once: it would hold what it never looks at.
    if (side === SIDE_SERVER) this.#read = read;
    return this.#settings;
  }

  #make(cfg: ConfigReader, former: ConnectionSettings | undefined): ConnectionSettings {
    const { codec, validateSent = process.env.NODE_ENV !== "production" } = this.#given;
    const context = createConnectionContext(this.#peer, cfg, {
      codec,
      former: former?.context,
      kit: former?.context.kit ?? receiveKit(this.#peer.side),
      validateSent,
      compression: zlibCompression(cfg.get("net.compress.level")),
    });
    return { context, options: this.#readOptions(cfg, former?.options) };
  }

  #readOptions(cfg: ConfigReader, former: SessionOptions | undefined): SessionOptions {
    const pollWindow = cfg.get("net.latency.poll");
    return {
      clock: this.#clock,
      handshakeTimeout: cfg.get("net.timeout.handshake"),
      idleTimeout: cfg.get("net.timeout.idle"),
      unsentTimeout: cfg.get("net.timeout.unsent"),
      closeTimeout: cfg.get("net.timeout.close"),
      unsentLimit: cfg.get("net.limits.unsent"),
      highWater: cfg.get("net.limits.unsent.highwater"),
      maxQueuedPackets: cfg.get("net.limits.unprocessed.packets"),
      maxQueuedBytes: cfg.get("net.limits.unprocessed.bytes"),
      printConnect: cfg.get("net.debug.print.connect"),
      printRecv: cfg.get("net.debug.print.recv"),
      printSend: cfg.get("net.debug.print.send"),
      printClose: cfg.get("net.debug.print.close"),
      pollWindow,
      poll:
        former !== undefined && former.pollWindow === pollWindow ? former.poll : this.#makePoll(pollWindow),
    };
  }

  /** With one processor the peer could not work while this polls; a clock that a test turns would never end a poll. */
  #makePoll(window: number): BusyPoll | undefined {
    return window > 0 && this.#clock === systemClock && availableParallelism() > 1
      ? new BusyPoll(this.#clock, window)
      : undefined;
  }
}
