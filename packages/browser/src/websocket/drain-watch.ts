import type { Clock } from "@peng3dnet/peer";

/** Milliseconds until the first look, and until the next one after less waits than before. */
const FIRST_LOOK = 2;
/** Milliseconds between two looks at most: where nothing changes, the time doubles up to this. */
const LAST_LOOK = 64;

/**
 * Looks by timers whether less waits in a WebSocket: none tells when it does. Browsers slow the timers of hidden pages down to
 * one a second, and later to one a minute.
 */
export class DrainWatch {
  readonly #clock: Clock;
  readonly #look: () => number;
  #timer: unknown = undefined;
  #delay = FIRST_LOOK;
  #last = 0;

  /** @param look - looks, and returns how much waits; it may stop the watch. */
  constructor(clock: Clock, look: () => number) {
    this.#clock = clock;
    this.#look = look;
  }

  /** Looks from now on. @param waiting - how much waits now. */
  start(waiting: number): void {
    this.#last = waiting;
    this.#delay = FIRST_LOOK;
    this.#timer ??= this.#clock.setTimeout(this.#fired, this.#delay);
  }

  /** Looks no more. */
  stop(): void {
    if (this.#timer === undefined) return;
    this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  readonly #fired = (): void => {
    // Until it is set again; the look may stop it, or start it for what is written meanwhile.
    this.#timer = this.#clock.setTimeout(this.#fired, this.#delay);
    const waiting = this.#look();
    this.#delay = waiting < this.#last ? FIRST_LOOK : Math.min(2 * this.#delay, LAST_LOOK);
    this.#last = waiting;
  };
}
