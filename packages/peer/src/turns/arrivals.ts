/** For so long after a connection was accepted, others may wait to be accepted, in milliseconds. */
const MORE_MAY_WAIT = 25;
/** After work that took long, no more of it is done for this many times as long, so that others are accepted meanwhile. */
const REST = 2;
/** Turns of the event loop after which work that may take long is done all the same. */
const MOST_TURNS = 16;

/**
 * Connections that come while others keep the event loop busy. A runtime accepts one in each turn of its loop: hundreds that come
 * at once would wait for as many turns, whose length is up to those who are there already. So, for as long as connections
 * come, what may take long leaves most of the time to them.
 */
export class Arrivals {
  #last = Number.NEGATIVE_INFINITY;
  #longUntil = 0;
  #longTook = 0;
  #turns = 0;

  /** A connection was accepted. */
  came(now: number): void {
    this.#last = now;
  }

  /** Whether others may wait to be accepted. */
  expected(now: number): boolean {
    return now - this.#last < MORE_MAY_WAIT;
  }

  /** Asked once in a turn: whether something may be done in it that may take long. */
  allowLong(now: number): boolean {
    if (!this.expected(now) || now - this.#longUntil >= REST * this.#longTook) return true;
    this.#turns++;
    return this.#turns >= MOST_TURNS;
  }

  /** Something was done that may take long. */
  tookLong(since: number, until: number): void {
    this.#longTook = until - since;
    this.#longUntil = until;
    this.#turns = 0;
  }
}
