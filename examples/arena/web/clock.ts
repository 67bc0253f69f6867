// The game's time: seconds since its step 0, the same on all pages. Each of them draws the saws by it, and the others.

import { HZ } from "../src/shared/motion.js";
import type { GameClient } from "./connection.js";

export class GameClock {
  /** The server's time of step 0. */
  begun = 0;
  readonly #client: GameClient;
  /** The latest step that has come, and when. */
  #step = { time: 0, at: 0 };
  #latest = 0;

  constructor(client: GameClient) {
    this.#client = client;
  }

  stepCame(tick: number): void {
    if (tick / HZ > this.#step.time) this.#step = { time: tick / HZ, at: performance.now() };
  }

  /** It never goes back, as an estimate may that becomes better. Until there is one, the last step that came tells the time. */
  now(): number {
    // Nothing comes while the line is broken: the picture stands still.
    if (!this.#client.active || this.#client.suspended) return this.#latest;
    const server = this.#client.serverTime();
    const now =
      server === undefined
        ? this.#step.time + (performance.now() - this.#step.at) / 1000
        : server.time - this.begun;
    this.#latest = Math.max(this.#latest, now);
    return this.#latest;
  }

  /** The time at which the server will make what the player does now. */
  soon(): number {
    return this.now() + (this.#client.rtt?.smoothed ?? 0) / 2 + 1 / HZ;
  }
}
