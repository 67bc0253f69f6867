/** Counts a series of pings. Delays are in seconds. */
export class Statistics {
  /** How many pings were sent. */
  sent = 0;
  /** How many pings were answered. */
  received = 0;
  /** Shortest delay; infinite before the first answer. */
  min = Number.POSITIVE_INFINITY;
  /** Longest delay; 0 before the first answer. */
  max = 0;
  #mean = 0;
  #squares = 0;

  /**
   * Counts a ping.
   *
   * @param delay - its delay; `undefined` if it was not answered.
   */
  add(delay: number | undefined): void {
    this.sent++;
    if (delay === undefined) return;
    this.received++;
    this.min = Math.min(this.min, delay);
    this.max = Math.max(this.max, delay);
    // Welford's algorithm stays exact over any number of pings.
    const off = delay - this.#mean;
    this.#mean += off / this.received;
    this.#squares += off * (delay - this.#mean);
  }

  /** Mean of the delays. */
  get avg(): number {
    return this.#mean;
  }

  /** Standard deviation of the delays. */
  get stddev(): number {
    return this.received > 0 ? Math.sqrt(this.#squares / this.received) : 0;
  }

  /** Part of the pings that was not answered, 0 to 1. */
  get loss(): number {
    return this.sent > 0 ? 1 - this.received / this.sent : 0;
  }

  /** Whether there were pings, and each was answered. */
  get complete(): boolean {
    return this.sent > 0 && this.received === this.sent;
  }
}
