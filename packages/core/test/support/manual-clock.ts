import type { Clock } from "@peng3dnet/core";

interface Timer {
  readonly at: number;
  readonly callback: () => void;
}

/** A clock that stands still until the test turns it. */
export class ManualClock implements Clock {
  #now = 0;
  readonly #timers = new Set<Timer>();

  now(): number {
    return this.#now;
  }

  setTimeout(callback: () => void, milliseconds: number): unknown {
    const timer: Timer = { at: this.#now + milliseconds, callback };
    this.#timers.add(timer);
    return timer;
  }

  clearTimeout(timer: unknown): void {
    this.#timers.delete(timer as Timer);
  }

  /** Timers that are running. */
  get timers(): number {
    return this.#timers.size;
  }

  /** Turns the clock on; timers run on the way, in order. */
  advance(seconds: number): void {
    const until = this.#now + seconds * 1000;
    for (;;) {
      const [due] = [...this.#timers].filter(({ at }) => at <= until).sort((a, b) => a.at - b.at);
      if (due === undefined) break;
      this.#timers.delete(due);
      this.#now = due.at;
      due.callback();
    }
    this.#now = until;
  }
}
