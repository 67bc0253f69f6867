import { type MetricsSum, RejectionCounter } from "../session/metrics.js";
import { addNumbers, type CountedSession, clearNumbers, SessionNumbers } from "../session/session-numbers.js";
import type { CensusTaking } from "./census.js";

/** Sessions that are listed before they are looked at again: as many as a census may have to look at, beside restless ones. */
const LISTED = 128;

/** A session that is part of a tally. */
export interface TalliedSession extends CountedSession {
  /** Its part in the tally; `undefined`: there is none. */
  tallied: TalliedPart | undefined;
  /** Whether its numbers may change without a word of it, since something waits in it or is under way. */
  readonly restless: boolean;
}

/** What a tally has of one session. */
export class TalliedPart {
  /** Its numbers as they are in the sum. */
  readonly numbers: SessionNumbers = new SessionNumbers();
  /** Whether the session is on the list of those whose numbers may be others by now. */
  listed = false;
  /** `undefined`: it is over. It may stay listed for long where nobody takes a census, and is not to be kept by that. */
  session: TalliedSession | undefined;
  readonly #tally: Tally;

  constructor(tally: Tally, session: TalliedSession) {
    this.#tally = tally;
    this.session = session;
  }

  /** Numbers of the session change. */
  changes(): void {
    if (!this.listed) this.#tally.list(this);
  }

  /** The session counts a rejection. */
  rejected(reason: string): void {
    this.#tally.rejections.add(reason);
  }
}

/**
 * Sums of the sessions of a server, kept from census to census: it looks at those only whose numbers may have changed, and not at
 * ten thousand. Who changes says so before, or is restless by then and until it is over.
 */
export class Tally {
  readonly rejections: RejectionCounter = new RejectionCounter();
  readonly #sum: SessionNumbers = new SessionNumbers();
  #listed: TalliedPart[] = [];
  #most = LISTED;

  /** A session becomes part of it. */
  add(session: TalliedSession): void {
    const part = new TalliedPart(this, session);
    session.tallied = part;
    if (session.rejections !== undefined) this.rejections.addAll(session.rejections);
    this.list(part);
  }

  /** A session is no part of it any more. */
  remove(session: TalliedSession): void {
    const part = session.tallied;
    if (part === undefined) return;
    session.tallied = undefined;
    part.session = undefined;
    addNumbers(this.#sum, part.numbers, -1);
    if (session.rejections !== undefined) this.rejections.addAll(session.rejections, -1);
  }

  /** Numbers of a session change. */
  list(part: TalliedPart): void {
    // Before it is listed itself: it changes only after this.
    if (this.#listed.length >= this.#most) this.#update();
    part.listed = true;
    this.#listed.push(part);
  }

  /** Adds all to a census. */
  addTo(census: CensusTaking): void {
    this.#update();
    addNumbers(census.numbers, this.#sum);
    census.sum.rejectAll(this.rejections);
  }

  /** Adds what is part of metrics to a sum. */
  addMetricsTo(sum: MetricsSum): void {
    this.#update();
    this.#sum.addTo(sum);
    sum.rejectAll(this.rejections);
  }

  /** Brings the sum up to date. Those stay listed whose numbers may go on changing. */
  #update(): void {
    const sum = this.#sum;
    let restless = 0;
    for (const part of this.#listed) {
      const { session, numbers } = part;
      if (session === undefined) continue;
      addNumbers(sum, numbers, -1);
      clearNumbers(numbers);
      numbers.count(session);
      addNumbers(sum, numbers);
      part.listed = session.restless;
      if (part.listed) this.#listed[restless++] = part;
    }
    this.#listed.length = restless;
    // Restless ones take up no room of the others, and however many there are, a change costs two looks at most: theirs would
    // be looked at over and over, for a few others each time.
    this.#most = 2 * restless + LISTED;
  }
}
