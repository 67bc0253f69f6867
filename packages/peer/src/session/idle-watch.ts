import type { Clock } from "../time/clock.js";
import { Deadline } from "../time/deadline.js";

/** What an {@link IdleWatch} watches over. */
export interface Watched {
  /** Whether the peer is not listened to at the moment, so that its silence means nothing. */
  readonly blocked: boolean;
  /** Whether something has come from it that waits to be worked off. */
  readonly hasUnprocessedInput: boolean;
  /** It was silent for too long. */
  silent(): void;
}

/** Notices that a peer has been silent for a time. */
export class IdleWatch {
  readonly #clock: Clock;
  readonly #seconds: number;
  readonly #watched: Watched;
  #lastHeard: number;
  #deadline: Deadline | undefined = undefined;

  constructor(clock: Clock, seconds: number, watched: Watched) {
    this.#clock = clock;
    this.#seconds = seconds;
    this.#watched = watched;
    this.#lastHeard = clock.now();
    this.#arm(seconds);
  }

  /** The peer gave a sign of life, or could not. */
  heard(): void {
    this.#lastHeard = this.#clock.now();
  }

  /** Stops it. */
  cancel(): void {
    this.#deadline?.cancel();
  }

  #arm(seconds: number): void {
    const options = { lateAllowance: this.#seconds };
    this.#deadline = Deadline.start(this.#clock, seconds, () => this.#expired(), options);
  }

  #expired(): void {
    const left = this.#seconds - (this.#clock.now() - this.#lastHeard) / 1000;
    if (this.#watched.blocked || this.#watched.hasUnprocessedInput) this.#arm(this.#seconds);
    else if (left > 0.001) this.#arm(left);
    else this.#watched.silent();
  }
}
