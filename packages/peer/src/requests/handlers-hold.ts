import type { Clock } from "../time/clock.js";

/** What a request takes beside what was asked, in bytes. */
const OVERHEAD = 512;
/** What the handlers of one connection may hold whatever others do, in bytes: a few short requests are always answered. */
const SHARE = 4096;
/** How long what is held for a connection that is closed counts, in milliseconds: a handler may never end, and hold nothing. */
const REMEMBERED = 30_000;

/** What the handlers of one connection hold. */
export class Holding {
  /** What they were asked and have not answered, decoded, in bytes. */
  asked = 0;
  /** With all that it takes beside that. */
  bytes = 0;
  /** Until when that counts, by the clock, in milliseconds; `undefined`: the connection is there. */
  until: number | undefined = undefined;
  /** Whether it counts no more. */
  forgotten = false;
}

/** How much handlers may hold; see the config options. */
export interface HoldingLimits {
  readonly clock: Clock;
  /** `net.limits.unprocessed.bytes` */
  readonly maxQueuedBytes: number;
  /** `net.limits.unprocessed.total` */
  readonly maxQueuedTotal: number;
}

/**
 * What the handlers of requests hold that have not answered, of all connections of a peer together. A handler that does not heed
 * its signal outlives its connection, and so does what it holds: that goes on counting for some time.
 */
export class HandlersHold {
  #bytes = 0;
  /** Of connections that are closed; the first one was closed first. */
  readonly #closed = new Set<Holding>();

  /** Whether there is no room for one more request of so many bytes. A large one is let in where it is alone. */
  full(holding: Holding, size: number, limits: HoldingLimits): boolean {
    if (holding.asked > 0 && holding.asked + size > limits.maxQueuedBytes) return true;
    if (holding.bytes + size + OVERHEAD <= SHARE) return false;
    if (this.#fits(size, limits)) return false;
    this.#forget(limits.clock.now());
    return !this.#fits(size, limits);
  }

  #fits(size: number, { maxQueuedTotal }: HoldingLimits): boolean {
    return this.#bytes === 0 || this.#bytes + size + OVERHEAD <= maxQueuedTotal;
  }

  /** A handler holds so many bytes, beside what it was given to hold them. */
  add(holding: Holding, size: number): void {
    holding.asked += size;
    holding.bytes += size + OVERHEAD;
    this.#bytes += size + OVERHEAD;
  }

  /** It has ended. */
  remove(holding: Holding, size: number): void {
    if (holding.forgotten) return;
    holding.asked -= size;
    holding.bytes -= size + OVERHEAD;
    this.#bytes -= size + OVERHEAD;
    if (holding.bytes === 0 && holding.until !== undefined) this.#closed.delete(holding);
  }

  /** The connection is closed, and its handlers are to end. @param now - by the clock, in milliseconds. */
  close(holding: Holding, now: number): void {
    this.#forget(now);
    if (holding.bytes === 0) return;
    holding.until = now + REMEMBERED;
    this.#closed.add(holding);
  }

  #forget(now: number): void {
    for (const holding of this.#closed) {
      if ((holding.until as number) > now) return;
      this.#closed.delete(holding);
      holding.forgotten = true;
      this.#bytes -= holding.bytes;
    }
  }
}
