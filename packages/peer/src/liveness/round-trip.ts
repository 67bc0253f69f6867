/** How long a beat and its answer took, there and back. */
export interface RoundTrip {
  /** The last one, in seconds. */
  readonly latest: number;
  /** The mean of all, in which each new one counts an eighth, in seconds. */
  readonly smoothed: number;
}

/** How much a new sample counts in the mean, as in TCP (RFC 6298). */
const WEIGHT = 1 / 8;

/** Keeps the round trips of a connection. */
export class RoundTrips {
  #latest = Number.NaN;
  #smoothed = Number.NaN;

  /** One was measured. @param milliseconds - by a clock of one side alone. */
  add(milliseconds: number): void {
    // What the other side says of its own part may be anything.
    const sample = Math.max(0, milliseconds);
    this.#latest = sample;
    this.#smoothed = Number.isNaN(this.#smoothed)
      ? sample
      : this.#smoothed + (sample - this.#smoothed) * WEIGHT;
  }

  /** What is known; `undefined` until one was measured. */
  get(): RoundTrip | undefined {
    if (Number.isNaN(this.#latest)) return undefined;
    return { latest: this.#latest / 1000, smoothed: this.#smoothed / 1000 };
  }
}
