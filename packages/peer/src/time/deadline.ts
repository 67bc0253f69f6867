import type { Clock } from "./clock.js";
import { EARLY, LONGEST_DELAY } from "./timers.js";

/** A timer that is this much late, in milliseconds, was so since the event loop was busy. */
const LATE = 100;
/** What a peer gets that is heard of at the last moment, in seconds. */
export const GRACE = 1;

/** What a {@link Deadline} takes into account, besides its time. */
export interface DeadlineOptions {
  /**
   * Seconds that are given back at most where the event loop was busy while the deadline passed: the peer could not get
   * on by itself then. Default: as long as the deadline is.
   */
  readonly lateAllowance?: number | undefined;
  /** A number that changes with what comes from the peer. If it does at the last moment, there is {@link GRACE}, once. */
  readonly received?: (() => number) | undefined;
}

/**
 * Calls something at a point in time, unless it is cancelled before.
 *
 * Timers fire before input is read, so that after a time in which the event loop was busy a peer would be judged by
 * what it had not been asked. So this gives back the time that the timer was late, once; and before it calls, it has
 * all read that waits. Whatever that leads to may cancel it.
 */
export class Deadline {
  readonly #clock: Clock;
  readonly #expired: () => void;
  readonly #received: (() => number) | undefined;
  #timer: unknown = undefined;
  /** When it is due, by the clock. */
  #due = 0;
  /** What can be given back, in milliseconds. */
  #lateAllowance: number;
  #graceGiven = false;
  #cancelled = false;

  private constructor(clock: Clock, seconds: number, expired: () => void, options: DeadlineOptions) {
    this.#clock = clock;
    this.#expired = expired;
    this.#received = options.received;
    this.#lateAllowance = (options.lateAllowance ?? seconds) * 1000;
    this.#begin(seconds * 1000);
  }

  /** Calls `expired` in `seconds` from now. With 0 or `Infinity`, which mean never, there is no deadline. */
  static start(
    clock: Clock,
    seconds: number,
    expired: () => void,
    options: DeadlineOptions = {},
  ): Deadline | undefined {
    if (seconds <= 0 || seconds === Number.POSITIVE_INFINITY) return undefined;
    return new Deadline(clock, seconds, expired, options);
  }

  /** Stops it. */
  cancel(): void {
    this.#cancelled = true;
    this.#clock.clearTimeout(this.#timer);
  }

  #begin(milliseconds: number): void {
    this.#due = this.#clock.now() + milliseconds;
    this.#arm(milliseconds);
  }

  #arm(milliseconds: number): void {
    this.#timer = this.#clock.setTimeout(() => this.#fired(), Math.min(milliseconds, LONGEST_DELAY));
  }

  #fired(): void {
    const late = this.#clock.now() - this.#due;
    if (late < -EARLY) {
      // A part of a delay that no timer can hold is over.
      this.#arm(-late);
    } else if (late > LATE && this.#lateAllowance > 0) {
      const back = Math.min(late, this.#lateAllowance);
      this.#lateAllowance = 0;
      this.#begin(back);
    } else if (this.#clock.afterInput === undefined) {
      this.#expired();
    } else {
      const before = this.#received?.();
      this.#clock.afterInput(() => this.#judge(before));
    }
  }

  #judge(before: number | undefined): void {
    if (this.#cancelled) return;
    if (this.#graceGiven || this.#received?.() === before) {
      this.#expired();
      return;
    }
    this.#graceGiven = true;
    this.#begin(GRACE * 1000);
  }
}
