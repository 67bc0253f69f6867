import { IdleTimeoutError } from "@peng3dnet/protocol";
import type { Clock } from "../time/clock.js";
import { Deadline } from "../time/deadline.js";

/** What an {@link IdleWatch} watches over. */
export interface Watched {
  /** Whether the peer is not listened to at the moment, so that its silence means nothing. */
  readonly blocked: boolean;
  /** Whether something has come from it that waits to be worked off. */
  readonly hasUnprocessedInput: boolean;
  /** An error ends it, and the peer is told its reason. @param where - the step, for `handlerError`. */
  fail(error: IdleTimeoutError, where: string): void;
}

/** Ends a session whose peer has sent nothing but heartbeats for a time. */
export class IdleWatch {
  readonly #clock: Clock;
  readonly #seconds: number;
  readonly #watched: Watched;
  #lastHeard: number;
  /** What that was before the bytes that came last, and how many those were. */
  #heardBefore: number;
  #lastBytes = 0;
  #deadline: Deadline | undefined = undefined;

  constructor(clock: Clock, seconds: number, watched: Watched) {
    this.#clock = clock;
    this.#seconds = seconds;
    this.#watched = watched;
    this.#lastHeard = clock.now();
    this.#heardBefore = this.#lastHeard;
    this.#arm(seconds);
  }

  /** The peer gave a sign of life, or could not. @param bytes - how many came. */
  heard(bytes = 0): void {
    this.#heardBefore = this.#lastHeard;
    this.#lastBytes = bytes;
    this.#lastHeard = this.#clock.now();
  }

  /** A heartbeat was among the bytes that came last: it does not count if there was nothing else. @param bytes - its length. */
  heartbeat(bytes: number): void {
    if (bytes === this.#lastBytes) this.#lastHeard = this.#heardBefore;
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
    else this.#end();
  }

  #end(): void {
    const message = `nothing was received for ${this.#seconds} s (net.timeout.idle)`;
    this.#watched.fail(new IdleTimeoutError(message), "idle");
  }
}
