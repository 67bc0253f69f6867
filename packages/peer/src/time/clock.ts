/** Source of time and timers, so that tests can turn the clock by hand. */
export interface Clock {
  /** Monotonic time in milliseconds. */
  now(): number;
  /** Calls `callback` once after `milliseconds`. */
  setTimeout(callback: () => void, milliseconds: number): unknown;
  /** Cancels what `setTimeout` returned. */
  clearTimeout(timer: unknown): void;
  /**
   * Calls `callback` once all input has been read that waits now. Deadlines look at that before they judge. Left out:
   * there is nothing to wait for, and they judge at once.
   */
  afterInput?(callback: () => void): void;
}
