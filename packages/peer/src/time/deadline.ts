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

/** What a {@link Deadline} is for. Where each of thousands of connections has one, it is an object that is there anyway. */
export interface Due {
  /** The time is over. */
  expired(): void;
  /** As {@link DeadlineOptions.received}. */
  received?(): number;
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
  readonly #due: Due;
  #timer: unknown = undefined;
  /** When that is, by the clock. */
  #at = 0;
  /** What can be given back, in milliseconds. */
  #lateAllowance: number;
  #graceGiven = false;
  #cancelled = false;

  private constructor(clock: Clock, seconds: number, due: Due, lateAllowance: number) {
    this.#clock = clock;
    this.#due = due;
    this.#lateAllowance = lateAllowance * 1000;
    this.#begin(seconds * 1000);
  }

  /** Calls `expired` in `seconds` from now. With 0 or `Infinity`, which mean never, there is no deadline. */
  static start(
    clock: Clock,
    seconds: number,
    expired: () => void,
    { lateAllowance, received }: DeadlineOptions = {},
  ): Deadline | undefined {
    return Deadline.of(clock, seconds, received ? { expired, received } : { expired }, lateAllowance);
  }

  /** As {@link Deadline.start}, for an object. @param lateAllowance - as {@link DeadlineOptions.lateAllowance}. */
  static of(clock: Clock, seconds: number, due: Due, lateAllowance = seconds): Deadline | undefined {
    if (seconds <= 0 || seconds === Number.POSITIVE_INFINITY) return undefined;
    return new Deadline(clock, seconds, due, lateAllowance);
  }

  /** Stops it. */
  cancel(): void {
    this.#cancelled = true;
    this.#clock.clearTimeout(this.#timer);
  }

  #begin(milliseconds: number): void {
    this.#at = this.#clock.now() + milliseconds;
    this.#arm(milliseconds);
  }

  #arm(milliseconds: number): void {
    this.#timer = this.#clock.setTimeout(() => this.#fired(), Math.min(milliseconds, LONGEST_DELAY));
  }

  #fired(): void {
    const late = this.#clock.now() - this.#at;
    if (late < -EARLY) {
      // A part of a delay that no timer can hold is over.
      this.#arm(-late);
    } else if (late > LATE && this.#lateAllowance > 0) {
      const back = Math.min(late, this.#lateAllowance);
      this.#lateAllowance = 0;
      this.#begin(back);
    } else if (this.#clock.afterInput === undefined) {
      this.#due.expired();
    } else {
      const before = this.#due.received?.();
      this.#clock.afterInput(() => this.#judge(before));
    }
  }

  #judge(before: number | undefined): void {
    if (this.#cancelled) return;
    if (this.#graceGiven || this.#due.received?.() === before) {
      this.#due.expired();
      return;
    }
    this.#graceGiven = true;
    this.#begin(GRACE * 1000);
  }
}
