/** For so long after a connection was accepted, others may wait to be accepted, in milliseconds. */
const MORE_MAY_WAIT = 25;
/** Past so many that came one soon after the other, hundreds may wait. */
const MANY = 16;
/** After work that took long, no more of it is done for this many times as long, so that others are accepted meanwhile. */
const REST = 2;
/** Turns of the event loop after which work that may take long is done all the same. */
const MOST_TURNS = 16;
/** For so long turns may be short, in milliseconds: some hundreds are accepted in that time. */
const MOST_SHORT = 2000;
/** Part of the time that turns may be short of while connections come without end. */
const SHORT_PART = 0.25;

/**
 * Connections that come while others keep the event loop busy. A runtime accepts one in each turn of its loop: hundreds that come
 * at once would wait for as many turns, whose length is up to those who are there already. So, for as long as connections
 * come, turns are short, and what may take long leaves most of the time to them. Short turns get less done: whoever connects
 * without end has them for a part of the time only.
 */
export class Arrivals {
  #last = Number.NEGATIVE_INFINITY;
  /** How many came one soon after the other. */
  #inARow = 0;
  #longUntil = 0;
  #longTook = 0;
  #turns = 0;
  /** How long turns were short, less what was made up for since, in milliseconds. */
  #short = 0;
  #lookedAt = 0;

  /** A connection was accepted. */
  came(now: number): void {
    this.#inARow = this.expected(now) ? this.#inARow + 1 : 1;
    this.#last = now;
  }

  /** Whether many came one soon after the other, by the last one that came. */
  get many(): boolean {
    return this.#inARow > MANY;
  }

  /** Whether others may wait to be accepted. */
  expected(now: number): boolean {
    return now - this.#last < MORE_MAY_WAIT;
  }

  /** Asked as a turn begins, or a pass of `process()`: whether it is to be short. */
  hurry(now: number): boolean {
    this.#short = Math.max(0, this.#short - SHORT_PART * (now - this.#lookedAt));
    this.#lookedAt = now;
    return this.expected(now) && this.#short < MOST_SHORT;
  }

  /** That one was short, and took so many milliseconds. */
  hurried(took: number): void {
    this.#short += took;
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

/**
 * A connection was accepted at that time, by the clock, in milliseconds: those in `turns` leave time to others that come. It is no
 * method of theirs, so that a client in a browser goes without.
 */
export function accepted(turns: { arrivals: Arrivals | undefined }, now: number): void {
  turns.arrivals ??= new Arrivals();
  turns.arrivals.came(now);
}
