/** The time of a server. */
export interface ServerTime {
  /** Seconds since the server was made, by its monotonic clock: it never jumps, and is no time of day. */
  readonly time: number;
  /** How far that is off at most, in seconds; 0 on the server itself. */
  readonly error: number;
}

/** How far two clocks may drift apart, in seconds for each second. Those of computers stay well below. */
const DRIFT = 0.0002;

/**
 * Estimates another machine's clock. Each message bounds the difference of the clocks from one side, since none arrives
 * before it was sent; the difference lies between the tightest bounds, and how wide these are apart is the possible error.
 * All times are in milliseconds.
 */
export class ServerClock {
  // A bound gets looser at a steady rate, so that one number says what it is at any time: what it would have been at time 0.
  /** The difference is at least this, less the drift since then. */
  #lower = Number.NEGATIVE_INFINITY;
  /** The difference is at most this, and the drift since then. */
  #upper = Number.POSITIVE_INFINITY;

  /** A message came. @param sent - by the server's clock. @param now - when it came, by this one. */
  received(sent: number, now: number): void {
    const bound = sent - now;
    if (bound > this.#upperNow(now)) this.#upper = Number.POSITIVE_INFINITY;
    if (bound < this.#lowerNow(now)) return;
    this.#lower = bound + now * DRIFT;
  }

  /** The server got one. @param sent - by this clock. @param arrived - by the server's. @param now - by this one. */
  arrived(sent: number, arrived: number, now: number): void {
    const bound = arrived - sent;
    // Bounds that leave nothing between them are those of a clock that was set, or of a machine that slept.
    if (bound < this.#lowerNow(now)) this.#lower = Number.NEGATIVE_INFINITY;
    if (bound > this.#upperNow(now)) return;
    this.#upper = bound - now * DRIFT;
  }

  /** The server's time; `undefined` until there are bounds on both sides. */
  at(now: number): ServerTime | undefined {
    const [lower, upper] = [this.#lowerNow(now), this.#upperNow(now)];
    if (lower === Number.NEGATIVE_INFINITY || upper === Number.POSITIVE_INFINITY) return undefined;
    return { time: (now + (lower + upper) / 2) / 1000, error: (upper - lower) / 2000 };
  }

  #lowerNow(now: number): number {
    return this.#lower - now * DRIFT;
  }

  #upperNow(now: number): number {
    return this.#upper + now * DRIFT;
  }
}
