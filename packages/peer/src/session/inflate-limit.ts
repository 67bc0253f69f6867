import type { Clock } from "../time/clock.js";
import { Deadline } from "../time/deadline.js";
import type { Pausable } from "./pausable.js";

/** Bytes that each body counts as at least: to inflate a short one takes as long, and as much memory. */
const LEAST = 16 * 1024;

/**
 * Bounds what a connection makes this side inflate: as much at once as in one second, and past that its packets wait until
 * the rate allows more. A few hundred bytes are enough to keep a processor busy with inflating otherwise.
 */
export class InflateLimit {
  readonly #clock: Clock;
  readonly #perSecond: number;
  readonly #session: Pausable;
  /** Bytes that may still be inflated at once. Negative: what was beyond that. */
  #left: number;
  /** When that was counted, in milliseconds. */
  #countedAt: number;
  #pause: Deadline | undefined = undefined;
  /** Whether the peer is lost, so that nobody is owed what waits. */
  lost = false;

  /** @param perSecond - bytes a second (`net.limits.inflated.rate`). */
  constructor(clock: Clock, perSecond: number, session: Pausable) {
    this.#clock = clock;
    this.#perSecond = perSecond;
    this.#session = session;
    this.#left = perSecond;
    this.#countedAt = clock.now();
  }

  /** A body was inflated to so many bytes: holds the connection for as long as that was too much. */
  inflated(bytes: number): void {
    const now = this.#clock.now();
    const gained = ((now - this.#countedAt) / 1000) * this.#perSecond;
    this.#countedAt = now;
    this.#left = Math.min(this.#perSecond, this.#left + gained) - Math.max(bytes, LEAST);
    if (this.#left >= 0 || this.#pause !== undefined) return;
    this.#session.pause();
    const goOn = (): void => {
      this.#pause = undefined;
      this.#session.resume();
    };
    this.#pause = Deadline.start(this.#clock, -this.#left / this.#perSecond, goOn, { lateAllowance: 0 });
  }

  /** Whether packets wait until the rate allows them. */
  get waits(): boolean {
    return this.#pause !== undefined;
  }

  /** Lets the connection go on at once. */
  release(): void {
    if (!this.waits) return;
    this.cancel();
    this.#session.resume();
  }

  /** The connection is over. */
  cancel(): void {
    this.#pause?.cancel();
    this.#pause = undefined;
  }
}
