import { BufferBudget } from "../messages/buffer-budget.js";
import type { Poll } from "../platform/platform.js";
import { FlushScheduler } from "../session/flush-scheduler.js";
import type { Pausable } from "../session/pausable.js";
import { lengthPrefixed } from "../session/raw-packet.js";
import type { Session } from "../session/session.js";
import type { TickHost } from "../time/ticker.js";
import { PacketProcessor } from "../turns/packet-processor.js";
import { RunQueue } from "../turns/run-queue.js";
import type { WaitingPackets } from "../turns/waiting-packets.js";
import { type PartsInit, PeerParts } from "./peer-parts.js";

/** Ticks in a millisecond: the engine keeps integers of 32 bits in the object itself. */
const TICKS = 1024;

/** Where the platform has none. */
const NO_POLL: Poll = { arrived() {} };

/** An iterator of messages. */
interface Stream {
  end(): void;
  forget(session: Pausable): void;
}

/**
 * What the sessions of a peer share: turns, the queue for `process`, buffers of messages, flushes, ticks. What is not there from
 * the start is made once there is use for it, since a process may have thousands of clients.
 */
export abstract class PeerResources extends PeerParts implements TickHost {
  /** Whether packets are processed as they come, without a queue and without overridable steps. */
  direct = false;
  readonly turns: RunQueue;
  /** What message iterators have buffered; made with the first of them. */
  buffers: BufferBudget | undefined = undefined;
  /** Whether output is gathered, and handed over at once when that ends. */
  gathering = false;
  /** Whether nothing ticks or comes any more. */
  atEnd = false;
  /** Whether a subclass overrides a step of receiving, so that every packet has to take that way. */
  protected overridden = false;
  /** Whether packets are processed as they come. */
  #dispatching = false;
  #scheduler: FlushScheduler | undefined = undefined;
  #processor: PacketProcessor | undefined = undefined;
  #streams: Set<Stream> | undefined = undefined;
  #tickers: Set<{ stop(): void }> | undefined = undefined;
  /** What iterators may buffer together, in bytes. */
  #maxBuffered = 0;
  /** What polls while bytes keep coming, of whatever connection; `undefined`: nobody has asked for it yet. */
  #poll: Poll | undefined = undefined;
  /** When bytes came last, as long as that is so, in ticks. */
  #arrivedAt = 0;

  constructor(init: PartsInit) {
    super(init);
    const { clock, platform } = init.setup;
    this.turns = new RunQueue(clock, platform.yield);
  }

  // ---- packets that wait for `process` ----------------------------------------------------------

  /** Processes packets as they come from now on. */
  dispatch(): void {
    this.#dispatching = true;
    this.#processor?.dispatch();
    this.direct = !this.overridden;
  }

  /**
   * A connection begins.
   *
   * @param overridden - whether a subclass overrides a step of receiving.
   * @param maxBuffered - what iterators may buffer together from now on, in bytes.
   */
  begin(overridden: boolean, maxBuffered: number): void {
    this.overridden = overridden;
    this.direct = this.#dispatching && !overridden;
    this.#maxBuffered = maxBuffered;
    if (this.buffers !== undefined) this.buffers.limit = maxBuffered;
  }

  /** What iterators buffer counts here. */
  get budget(): BufferBudget {
    if (this.buffers === undefined) {
      this.buffers = new BufferBudget(this.registry);
      this.buffers.limit = this.#maxBuffered;
    }
    return this.buffers;
  }

  /** Makes what packets wait in. Asked for once. */
  protected abstract waitingPackets(): WaitingPackets;

  /** Packets that wait for `process`. */
  get processor(): PacketProcessor {
    if (this.#processor === undefined) {
      const { clock, platform } = this;
      this.#processor = new PacketProcessor(clock, platform.yield, this.waitingPackets());
      if (this.#dispatching) this.#processor.dispatch();
    }
    return this.#processor;
  }

  /** Puts a packet into the queue for `process`; in the handshake, processes it at once. */
  enqueue(session: Session, raw: Uint8Array): void {
    this.processor.enqueue(session, raw);
  }

  queuedOf(session: Session): readonly Uint8Array[] {
    return this.processor.queuedOf(session).map(lengthPrefixed);
  }

  /** Lets those go on who wait for a packet. */
  wake(): void {
    this.#processor?.wake();
  }

  released(session: Session): void {
    this.#processor?.released(session);
  }

  /** Iterators of messages that have not ended. */
  get streams(): Set<Stream> {
    this.#streams ??= new Set();
    return this.#streams;
  }

  /** A session is closed: nothing waits for it or in it any more. */
  protected letGo(session: Session): void {
    // A connection that is paused has reached those that paused it.
    if (session.paused) {
      this.buffers?.forget(session);
      for (const stream of this.#streams ?? []) stream.forget(session);
    }
    this.#processor?.closed(session);
  }

  // ---- flushes, turns, polling ------------------------------------------------------------------

  scheduleFlush(session: Session): void {
    this.#scheduler ??= new FlushScheduler(this.platform.defer);
    this.#scheduler.add(session);
  }

  inLaterTurn(call: () => void): void {
    this.platform.yield(call);
  }

  /** Bytes came. @param window - how long this polls for the next ones, in seconds; 0: not at all. */
  protected arrived(window: number): void {
    if (window === 0) return;
    if (this.#poll !== undefined) this.#poll.arrived(window);
    else if (this.platform.poll !== undefined) this.arrivedAlone(window);
  }

  /** Nothing polls until bytes come right behind others: an idle client hears of a beat now and then, and has nothing for that. */
  protected arrivedAlone(window: number): void {
    const { clock, platform } = this;
    const now = (clock.now() * TICKS) | 0;
    const soon = (now - this.#arrivedAt) >>> 0 <= window * 1000 * TICKS;
    this.#arrivedAt = now;
    if (!soon) return;
    this.#poll = platform.poll?.(clock) ?? NO_POLL;
    this.#poll.arrived(window);
  }

  // ---- for tickers ------------------------------------------------------------------------------

  get tickers(): Set<{ stop(): void }> {
    this.#tickers ??= new Set();
    return this.#tickers;
  }

  gather(call: () => void): void {
    // A handler may turn the clock of a test: the outer call hands over then.
    if (this.gathering) {
      call();
      return;
    }
    this.gathering = true;
    try {
      call();
    } finally {
      this.gathering = false;
      this.#scheduler?.flush();
    }
  }

  /** Nothing comes any more, and there is nothing to tick for: what goes on by itself is at its end. */
  stop(): void {
    this.atEnd = true;
    this.wake();
    for (const stream of this.#streams ?? []) stream.end();
    for (const ticker of this.#tickers ?? []) ticker.stop();
  }
}
