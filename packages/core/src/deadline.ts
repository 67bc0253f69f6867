import type { Clock } from "./clock.js";

/** Calls something at a point in time, unless it is cancelled before. */
export class Deadline {
  readonly #clock: Clock;
  readonly #timer: unknown;

  private constructor(clock: Clock, timer: unknown) {
    this.#clock = clock;
    this.#timer = timer;
  }

  /** Calls `expired` in `seconds` from now. With 0, which means never, there is no deadline. */
  static start(clock: Clock, seconds: number, expired: () => void): Deadline | undefined {
    if (seconds <= 0) return undefined;
    return new Deadline(clock, clock.setTimeout(expired, seconds * 1000));
  }

  /** Stops it. */
  cancel(): void {
    this.#clock.clearTimeout(this.#timer);
  }
}
