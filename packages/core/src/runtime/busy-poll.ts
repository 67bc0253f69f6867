import type { Clock, Poll } from "@peng3dnet/peer";

/** Short intervals in a row that it takes to begin polling, at first and after a poll that was worth it. */
const LEAST_TRUST = 8;
/** As many as it takes at most, after polls in vain. */
const MOST_TRUST = 128;
/** A poll that had so many arrivals was worth it. */
const WORTH_IT = 64;

/** Ticks in a millisecond. The engine keeps integers of 32 bits in the object itself, and other numbers elsewhere. */
const TICKS = 1024;

/**
 * Polls for the next bytes instead of letting the event loop sleep, while they keep coming within microseconds: to
 * fall asleep and to be woken up takes longer than such a wait, on both sides. That is what a kernel's busy polling of
 * sockets and a hypervisor's polling on halt do.
 *
 * Traffic at the pace of frames or of people never makes it poll. A poll in vain doubles the number of short
 * intervals that it takes to begin again.
 */
export class BusyPoll implements Poll {
  /** Longest wait for the next bytes. */
  readonly seconds: number;
  readonly #clock: Clock;
  /** Ticks after an arrival for which the next one is waited for. */
  readonly #window: number;
  /** When the last arrival was. */
  #last = 0;
  /** Short intervals in a row; the first arrival ends none. */
  #short = -1;
  /** How many of them it takes. */
  #trust = LEAST_TRUST;
  #polling = false;

  /** @param seconds - longest wait for the next bytes (`net.latency.poll`). */
  constructor(clock: Clock, seconds: number) {
    this.seconds = seconds;
    this.#clock = clock;
    this.#window = Math.round(seconds * 1000 * TICKS);
  }

  /** Whether it polls now. */
  get polling(): boolean {
    return this.#polling;
  }

  /** Bytes came. */
  arrived(): void {
    const now = this.#now();
    this.#short = this.#soon(now) ? this.#short + 1 : 0;
    this.#last = now;
    if (this.#short < this.#trust || this.#polling) return;
    this.#polling = true;
    this.#short = 0;
    setImmediate(this.#turn);
  }

  /** In ticks, and from the beginning again after an hour or so. */
  #now(): number {
    return (this.#clock.now() * TICKS) | 0;
  }

  #soon(now: number): boolean {
    return (now - this.#last) >>> 0 <= this.#window;
  }

  /** One turn of the event loop; while another one is due, the loop looks for events and does not sleep. */
  readonly #turn = (): void => {
    if (this.#soon(this.#now())) {
      setImmediate(this.#turn);
      return;
    }
    this.#polling = false;
    this.#trust = this.#short >= WORTH_IT ? LEAST_TRUST : Math.min(2 * this.#trust, MOST_TRUST);
    this.#short = 0;
  };
}
