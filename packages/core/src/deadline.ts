import type { Clock } from "./clock.js";

/** A point in time at which something happens unless it is cancelled before. */
export class Deadline {
  readonly #clock: Clock;
  #timer: unknown = undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether it is running. */
  get armed(): boolean {
    return this.#timer !== undefined;
  }

  /** Starts it: calls `expired` in `seconds` from now, 0 meaning never. A running one is replaced. */
  arm(seconds: number, expired: () => void): void {
    this.cancel();
    if (seconds <= 0) return;
    this.#timer = this.#clock.setTimeout(() => {
      this.#timer = undefined;
      expired();
    }, seconds * 1000);
  }

  /** Stops it. */
  cancel(): void {
    if (this.#timer === undefined) return;
    this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
