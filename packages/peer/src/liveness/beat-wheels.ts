import type { Clock } from "../time/clock.js";
import { BeatWheel } from "./beat-wheel.js";

/** Wheels by interval: connections that began with the same one share a wheel. */
export class BeatWheels {
  readonly #clock: Clock;
  readonly #wheels = new Map<number, BeatWheel>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How many there are. */
  get size(): number {
    return this.#wheels.size;
  }

  /** The wheel of an interval. Whoever asks puts something onto it. @param interval - seconds; of a client, what its server said. */
  of(interval: number): BeatWheel {
    const known = this.#wheels.get(interval);
    if (known !== undefined) return known;
    // Each server may say another interval: wheels that nobody is on any more would gather without end.
    for (const [other, { empty }] of this.#wheels) if (empty) this.#wheels.delete(other);
    const wheel = new BeatWheel(this.#clock, interval);
    this.#wheels.set(interval, wheel);
    return wheel;
  }
}
