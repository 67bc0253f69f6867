import { isCompressed } from "../session/raw-packet.js";
import type { Session } from "../session/session.js";
import type { Clock } from "../time/clock.js";
import type { Arrivals } from "./arrivals.js";
import { COSTLY_LENGTH } from "./run-queue.js";

/** Time that one connection's packets may take in one pass, in milliseconds. */
const SLICE = 10;
/** Time of a pass after which it is crowded, in milliseconds: a second packet that may take long waits for the next pass. */
const CROWDED = 20;
/** Time after which a pass is crowded while connections are being accepted, in milliseconds. */
const SOON_CROWDED = 2;
/** Time that the connections of one address have together once a pass is crowded, in milliseconds. */
const SHARE = 1;
/** After so many times the time that makes a pass crowded, an address that had anything of it waits for the next pass. */
const OVERCROWDED = 2;

/**
 * One call of `process`: says which of the packets that wait are processed in it, so that no connection keeps the program
 * for long. A connection whose packet has to wait keeps the order of those behind it.
 */
export class ProcessPass {
  readonly #clock: Clock;
  readonly #started: number;
  /** Time that each connection has used, in milliseconds. */
  readonly #used = new Map<Session, number>();
  /** Time that connections with a common share have used together, by that share; there once the pass is crowded. */
  #usedTogether: Map<unknown, number> | undefined = undefined;
  /** Connections whose packets wait for the next pass. */
  readonly #waiting = new Set<Session>();
  /** When the last packet was processed, by the clock. */
  #last: number;
  /** How many packets were admitted that may take long. */
  #costly = 0;
  /** When the turn of one that was postponed is over. */
  #turnUntil = 0;
  /** Whether packets wait for want of time, and not because somebody holds their connection. */
  outOfTime = false;

  /** Says how much time newcomers are left; `undefined`: no connections are being accepted. */
  readonly #arrivals: Arrivals | undefined;
  readonly #crowdedAfter: number;
  /** Whether packets that may take long are processed; `undefined`: none came so far. */
  #allowsLong: boolean | undefined = undefined;
  /** Whether the packet that is processed may take long. */
  #long = false;

  constructor(clock: Clock, arrivals: Arrivals | undefined) {
    this.#clock = clock;
    this.#started = clock.now();
    this.#last = this.#started;
    this.#arrivals = arrivals?.expected(this.#started) === true ? arrivals : undefined;
    this.#crowdedAfter = this.#arrivals === undefined ? CROWDED : SOON_CROWDED;
  }

  /** How long its packets have taken so far, in milliseconds. */
  get took(): number {
    return this.#last - this.#started;
  }

  /** Whether there is little time left, so that shares are kept to. */
  get crowded(): boolean {
    return this.took >= this.#crowdedAfter;
  }

  /** Whether a connection's next packet is processed in this pass. */
  admits(session: Session, raw: Uint8Array): boolean {
    if (this.#waiting.has(session)) return false;
    if (!session.paused && this.#hasTime(session, raw)) return true;
    this.outOfTime ||= !session.paused;
    this.#waiting.add(session);
    return false;
  }

  /** One that was postponed has its turn among others. */
  beginTurn(): void {
    this.#turnUntil = this.#last + SHARE;
  }

  /** Whether its turn is over, since others wait as well. */
  get turnOver(): boolean {
    return this.#last >= this.#turnUntil;
  }

  #hasTime(session: Session, raw: Uint8Array): boolean {
    const used = this.#used.get(session) ?? 0;
    if (used >= SLICE) return false;
    const costly = raw.length >= COSTLY_LENGTH || isCompressed(raw);
    if (this.crowded) {
      const together = this.#together(session);
      if (together >= SHARE || (costly && this.#costly > 0)) return false;
      if (together > 0 && this.took >= OVERCROWDED * this.#crowdedAfter) return false;
    }
    if (costly) {
      if (this.#arrivals !== undefined && !this.#hasTimeForLong(this.#arrivals)) return false;
      this.#costly++;
    }
    return true;
  }

  #hasTimeForLong(arrivals: Arrivals): boolean {
    // One of them leaves no time for a second one.
    if (this.#costly > 0) return false;
    this.#allowsLong ??= arrivals.allowLong(this.#started);
    this.#long = this.#allowsLong;
    return this.#allowsLong;
  }

  /** What a connection has used together with those that it shares with. */
  #together({ share }: Session): number {
    if (this.#usedTogether === undefined) {
      this.#usedTogether = new Map();
      for (const [session, time] of this.#used) add(this.#usedTogether, session.share, time);
    }
    return this.#usedTogether.get(share) ?? 0;
  }

  /** A packet was processed, and what that made room for was taken up. */
  processed(session: Session): void {
    const now = this.#clock.now();
    const time = now - this.#last;
    this.#used.set(session, (this.#used.get(session) ?? 0) + time);
    if (this.#usedTogether !== undefined) add(this.#usedTogether, session.share, time);
    if (this.#long) {
      this.#long = false;
      this.#arrivals?.tookLong(this.#last, now);
    }
    this.#last = now;
  }
}

function add(times: Map<unknown, number>, share: unknown, time: number): void {
  times.set(share, (times.get(share) ?? 0) + time);
}
