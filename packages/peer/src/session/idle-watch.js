import { Deadline } from "../time/deadline.js";
/** Notices that a peer has been silent for a time. */
export class IdleWatch {
  #clock;
  #seconds;
  #watched;
  #lastHeard;
  #deadline = undefined;
  constructor(clock, seconds, watched) {
    this.#clock = clock;
    this.#seconds = seconds;
    this.#watched = watched;
    this.#lastHeard = clock.now();
    this.#arm(seconds);
  }
  /** The peer gave a sign of life, or could not. */
  heard() {
    this.#lastHeard = this.#clock.now();
  }
  /** Stops it. */
  cancel() {
    this.#deadline?.cancel();
  }
  #arm(seconds) {
    const options = { lateAllowance: this.#seconds };
    this.#deadline = Deadline.start(this.#clock, seconds, () => this.#expired(), options);
  }
  #expired() {
    const left = this.#seconds - (this.#clock.now() - this.#lastHeard) / 1000;
    if (this.#watched.blocked || this.#watched.hasUnprocessedInput) this.#arm(this.#seconds);
    else if (left > 0.001) this.#arm(left);
    else this.#watched.silent();
  }
}
//# sourceMappingURL=idle-watch.js.map
