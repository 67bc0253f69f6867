import type { Clock } from "./clock.js";

/** Intervals in a row that have to be short before polling begins, */
const LEAST_TRUST = 8;
/** and after many polls in vain. */
const MOST_TRUST = 128;
/** A poll that had so many arrivals was worth it, so that the next one begins as soon as the first did. */
const WORTH_IT = 64;

/**
 * Polls for the next bytes instead of letting the event loop sleep, while they keep coming within microseconds: to
 * fall asleep and to be woken up takes longer than such a wait, on both sides. That is what a kernel's busy polling of
 * sockets and a hypervisor's polling on halt do.
 *
 * Traffic at the pace of frames or of people never makes it poll. A poll in vain doubles the number of short
 * intervals that it takes to begin again.
 */
export class BusyPoll {
  readonly #clock: Clock;
  /** Milliseconds after an arrival for which the next one is waited for. */
  readonly #window: number;
  #last = Number.NEGATIVE_INFINITY;
  /** Short intervals in a row. */
  #short = 0;
  /** How many of them it takes. */
  #trust = LEAST_TRUST;
  #polling = false;

  /** @param seconds - longest wait for the next bytes (`net.latency.poll`). */
  constructor(clock: Clock, seconds: number) {
    this.#clock = clock;
    this.#window = seconds * 1000;
  }

  /** Whether it polls now. */
  get polling(): boolean {
    return this.#polling;
  }

  /** Bytes came. */
  arrived(): void {
    const now = this.#clock.now();
    this.#short = now - this.#last <= this.#window ? this.#short + 1 : 0;
    this.#last = now;
    if (this.#short < this.#trust || this.#polling) return;
    this.#polling = true;
    this.#short = 0;
    setImmediate(this.#turn);
  }

  /** One turn of the event loop; while another one is due, the loop looks for events and does not sleep. */
  readonly #turn = (): void => {
    if (this.#clock.now() - this.#last <= this.#window) {
      setImmediate(this.#turn);
      return;
    }
    this.#polling = false;
    this.#trust = this.#short >= WORTH_IT ? LEAST_TRUST : Math.min(2 * this.#trust, MOST_TRUST);
    this.#short = 0;
  };
}
