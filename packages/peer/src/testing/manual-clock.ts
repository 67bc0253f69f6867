import type { Clock } from "../time/clock.js";

interface Timer {
  readonly at: number;
  readonly callback: () => void;
}

/** A clock that stands still until a test turns it. */
export class ManualClock implements Clock {
  #now = 0;
  readonly #timers = new Set<Timer>();

  /** Number of timers that are set. */
  get timers(): number {
    return this.#timers.size;
  }

  now(): number {
    return this.#now;
  }

  setTimeout(callback: () => void, milliseconds: number): unknown {
    const timer: Timer = { at: this.#now + Math.max(0, milliseconds), callback };
    this.#timers.add(timer);
    return timer;
  }

  clearTimeout(timer: unknown): void {
    this.#timers.delete(timer as Timer);
  }

  /** When the next timer is due, in milliseconds as {@link ManualClock.now} tells them; `undefined`: there is none. */
  get next(): number | undefined {
    let next: number | undefined;
    for (const { at } of this.#timers) if (next === undefined || at < next) next = at;
    return next;
  }

  /**
   * Turns the clock on by `seconds` and runs what is due meanwhile, in order of time.
   *
   * @throws RangeError if that is no number from 0.
   */
  advance(seconds: number): void {
    this.advanceTo(this.#now + millisecondsOf(seconds));
  }

  /**
   * As {@link ManualClock.advance}, until it shows `end`, in milliseconds. It never goes back.
   *
   * @throws RangeError if that is no finite number.
   */
  advanceTo(end: number): void {
    if (!Number.isFinite(end)) throw new RangeError(`a clock shows a number of milliseconds, and not ${end}`);
    for (;;) {
      let due: Timer | undefined;
      for (const timer of this.#timers) {
        if (timer.at <= end && (due === undefined || timer.at < due.at)) due = timer;
      }
      if (due === undefined) break;
      this.#timers.delete(due);
      this.#now = due.at;
      due.callback();
    }
    this.#now = Math.max(this.#now, end);
  }
}

/** A time to let pass, in milliseconds. @throws RangeError if `seconds` is no number from 0: time does not go back, nor on for ever. */
export function millisecondsOf(seconds: number): number {
  if (Number.isFinite(seconds) && seconds >= 0) return seconds * 1000;
  throw new RangeError(`the seconds that pass are a number from 0, and not ${seconds}`);
}
