import type { Clock } from "../time/clock.js";

/** How long bytes may wait for their acknowledgement, in milliseconds, unless more of them come. */
const DELAY = 1000;

/** A session that has received what it has to acknowledge. */
export interface Acknowledging {
  /** Whether it is to acknowledge within the second. The schedule sets it, so that nobody looks into a set for each chunk that comes. */
  scheduled: boolean;
  /** The time is over. */
  acknowledgeIfOwed(): void;
}

/** Acknowledges for all connections of a peer what came some time ago, with one timer. There is none while nothing came. */
export class AcknowledgementSchedule {
  readonly #clock: Clock;
  #due = new Set<Acknowledging>();
  #timer: unknown = undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Has it acknowledge within the second. */
  add(session: Acknowledging): void {
    if (session.scheduled) return;
    session.scheduled = true;
    this.#due.add(session);
    this.#timer ??= this.#clock.setTimeout(this.#fired, DELAY);
  }

  /** It has nothing to acknowledge any more. A timer for nobody would keep a program from its end. */
  delete(session: Acknowledging): void {
    if (!session.scheduled) return;
    session.scheduled = false;
    this.#due.delete(session);
    if (this.#due.size > 0) return;
    this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  readonly #fired = (): void => {
    this.#timer = undefined;
    const due = this.#due;
    this.#due = new Set();
    for (const session of due) {
      session.scheduled = false;
      session.acknowledgeIfOwed();
    }
  };
}
