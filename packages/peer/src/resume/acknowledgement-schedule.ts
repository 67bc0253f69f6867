import type { Clock } from "../time/clock.js";

/** How long bytes may wait for their acknowledgement, in milliseconds, unless more of them come. */
const DELAY = 1000;

/** A session that has received what it has to acknowledge. */
export interface Acknowledging {
  /** The time is over. */
  acknowledge(): void;
}

/** Acknowledges for all connections of a peer what came some time ago, with one timer. There is none while nothing came. */
export class AcknowledgementSchedule {
  readonly #clock: Clock;
  #due = new Set<Acknowledging>();
  #armed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Has it acknowledge within the second. */
  add(session: Acknowledging): void {
    this.#due.add(session);
    if (this.#armed) return;
    this.#armed = true;
    this.#clock.setTimeout(this.#fired, DELAY);
  }

  /** It has nothing to acknowledge any more. */
  delete(session: Acknowledging): void {
    this.#due.delete(session);
  }

  readonly #fired = (): void => {
    this.#armed = false;
    const due = this.#due;
    this.#due = new Set();
    for (const session of due) session.acknowledge();
  };
}
