import type { Clock } from "./clock.js";

/** A point in time at which something happens unless it is cancelled before. */
export class Deadline {
  readonly #clock: Clock;
  readonly #expired: () => void;
  #timer: unknown = undefined;

  /** @param expired - called when the time has come. */
  constructor(clock: Clock, expired: () => void) {
    this.#clock = clock;
    this.#expired = expired;
  }

  /** Whether it is running. */
  get armed(): boolean {
    return this.#timer !== undefined;
  }

  /** Starts it, in `seconds` from now; 0 means never. A running one is replaced. */
  arm(seconds: number): void {
    this.cancel();
    if (seconds <= 0) return;
    this.#timer = this.#clock.setTimeout(() => {
      this.#timer = undefined;
      this.#expired();
    }, seconds * 1000);
  }

  /** Stops it. */
  cancel(): void {
    if (this.#timer === undefined) return;
    this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
