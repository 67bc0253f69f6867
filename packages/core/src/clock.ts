/** Source of time and timers, so that tests can turn the clock by hand. */
export interface Clock {
  /** Monotonic time in milliseconds. */
  now(): number;
  /** Calls `callback` once after `milliseconds`. */
  setTimeout(callback: () => void, milliseconds: number): unknown;
  /** Cancels what `setTimeout` returned. */
  clearTimeout(timer: unknown): void;
}

/** The system's clock. */
export const systemClock: Clock = {
  now: () => performance.now(),
  setTimeout: (callback, milliseconds) => setTimeout(callback, milliseconds),
  clearTimeout: (timer) => clearTimeout(timer as NodeJS.Timeout),
};
