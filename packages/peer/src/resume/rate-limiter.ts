/** How often something may happen at once, and then each second. */
export interface RateLimits {
  readonly atOnce: number;
  readonly perSecond: number;
}

/** Limits how often something happens that costs more than to ask for it: some at once, and more of them one after the other. */
export class RateLimiter {
  readonly #between: number;
  readonly #ahead: number;
  /** When the one after those so far would come, had none come early, in milliseconds. */
  #next = 0;

  constructor({ atOnce, perSecond }: RateLimits) {
    this.#between = 1000 / perSecond;
    this.#ahead = (atOnce - 1) * this.#between;
  }

  /** Counts one more. @param now - in milliseconds. @returns after how many seconds it may happen. */
  reserve(now: number): number {
    const next = Math.max(this.#next, now);
    this.#next = next + this.#between;
    return Math.max(0, next - this.#ahead - now) / 1000;
  }

  /** One that was counted gave up before its time, and counts no more: the next one waits as long as it would have. */
  release(): void {
    this.#next -= this.#between;
  }
}
