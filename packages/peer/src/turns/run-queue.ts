import type { Clock } from "../time/clock.js";
import type { Arrivals } from "./arrivals.js";
import { FairQueue } from "./fair-queue.js";

/** Longest time that the connections of a peer are worked off before the event loop goes on, in milliseconds. */
const SLICE = 10;
/** The same while many connections are being accepted. */
const SHORT_SLICE = 0.25;
/** Longest time that one of several waiting connections has of it. */
const SHARE = 1;
/** Work after which the clock is looked at. A packet is one unit, and one more for each 512 bytes. */
const UNITS_BETWEEN_LOOKS = 8;
/** The most work between two looks at the clock: it doubles up to this while the work takes next to no time. */
const MOST_UNITS_BETWEEN_LOOKS = 32;
/** Work between two looks that takes less than this takes next to no time, in milliseconds. */
const NO_TIME = 0.1;
/** Bytes of a packet that make one more unit of work, as a power of two. */
const BYTES_PER_UNIT = 9;

/** Packets of so many bytes may take long, as compressed ones may. */
export const COSTLY_LENGTH = (UNITS_BETWEEN_LOOKS - 1) << BYTES_PER_UNIT;
/** Input of at most so many bytes is worked off in a moment, but for packets that may take long. */
export const BRIEF_LENGTH = 512;

/** A connection with input that waits for its turn. */
export interface Runnable {
  /** Works off input until there is none, or until the queue is `spent`. */
  takeTurn(): void;
  /** The same value for all that are to have no more time together than one of the others. Default: it shares with nobody. */
  readonly share?: unknown;
}

/**
 * Who goes first of those that wait, in this order; whoever adds a connection says which it is, e.g. `SessionInput`.
 *
 * - `"brief"`: it had no share of the time yet, and all that it has received is {@link BRIEF_LENGTH} or less.
 * - `"fresh"`: it had no share of the time yet.
 * - `"used"`: it had a share already.
 * - `"costly"`: its next packet may take long.
 */
export type Precedence = "brief" | "fresh" | "used" | "costly";

/**
 * Shares the event loop among the connections of a peer. Input is worked off as it comes, until the time of one slice is
 * {@link RunQueue.spent}. From then on input waits for the next turn of the loop, so that nobody who sends much makes others
 * wait for long.
 *
 * In each turn, connections go in the order of {@link Precedence}, and at least one of each kind goes on. A connection that comes
 * to a packet that may take long waits behind the others from there on. Connections of one address take turns with each other, so that
 * many of them have no more time than few, see {@link FairQueue}. While connections are being accepted, see {@link Arrivals}.
 */
export class RunQueue {
  /** Whether the time is used up, so that no packet is begun now. */
  spent = false;
  /** Whether packets that may take long are not begun now, since others wait for whom a moment is enough. */
  quickOnly = false;
  /** Connections that come; `undefined`: none was {@link accepted}. */
  arrivals: Arrivals | undefined = undefined;

  readonly #clock: Clock;
  readonly #yield: (call: () => void) => void;
  #unitsLeft = UNITS_BETWEEN_LOOKS;
  #unitsBetweenLooks = UNITS_BETWEEN_LOOKS;
  #lookedAt = 0;
  /** When the time is used up, in milliseconds; `undefined`: it has not begun, and nobody waits for the end of this turn of the loop. */
  #until: number | undefined = undefined;
  /** There once somebody waits: a process may have thousands of clients. */
  #waiting: Record<Precedence, FairQueue<Runnable>> | undefined = undefined;
  #turn: (() => void) | undefined = undefined;

  /** @param yieldTurn - calls something in the next turn of the event loop. */
  constructor(clock: Clock, yieldTurn: (call: () => void) => void) {
    this.#clock = clock;
    this.#yield = yieldTurn;
  }

  /** A packet of so many bytes was processed. One that may take long is to be looked at before, too, so that the time begins. */
  after(length: number): void {
    this.#unitsLeft -= 1 + (length >> BYTES_PER_UNIT);
    if (this.#unitsLeft <= 0) this.look();
  }

  /** Looks at the clock, since something was done that may have taken long. */
  look(): void {
    const now = this.#clock.now();
    const units = now - this.#lookedAt < NO_TIME ? 2 * this.#unitsBetweenLooks : UNITS_BETWEEN_LOOKS;
    this.#unitsBetweenLooks = Math.min(units, MOST_UNITS_BETWEEN_LOOKS);
    this.#unitsLeft = this.#unitsBetweenLooks;
    this.#lookedAt = now;
    if (this.#until === undefined) this.#begin(now);
    else if (now >= this.#until) this.spent = true;
  }

  /** Lets a connection go on in the next turn of the event loop. */
  add(runnable: Runnable, precedence: Precedence): void {
    this.#waiting ??= {
      brief: new FairQueue(),
      fresh: new FairQueue(),
      used: new FairQueue(),
      costly: new FairQueue(),
    };
    this.#waiting[precedence].push(runnable);
    if (this.#until === undefined) this.#begin(this.#clock.now());
  }

  #begin(now: number): void {
    this.#until = now + SLICE;
    this.#turn ??= () => this.#nextTurn();
    this.#yield(this.#turn);
  }

  get #empty(): boolean {
    if (this.#waiting === undefined) return true;
    const { brief, fresh, used, costly } = this.#waiting;
    return brief.length === 0 && fresh.length === 0 && used.length === 0 && costly.length === 0;
  }

  #nextTurn(): void {
    this.#until = undefined;
    this.spent = false;
    if (this.#empty) return;
    const now = this.#clock.now();
    this.#begin(now);
    const arrivals = this.arrivals?.expected(now) === true ? this.arrivals : undefined;
    const short = arrivals?.hurry(now) === true;
    const end = now + (short ? SHORT_SLICE : SLICE);
    this.quickOnly = true;
    this.#run("brief", end);
    this.#run("fresh", end);
    this.#run("used", end);
    this.quickOnly = false;
    if (arrivals === undefined) this.#run("costly", end);
    else this.#runCostly(arrivals, end);
    // With nobody left, what comes next in this turn of the loop has the time of a slice, too.
    this.spent = !this.#empty;
    const over = this.#clock.now();
    this.#until = over + SLICE;
    if (short) arrivals?.hurried(over - now);
  }

  /** Gives those their turn whose packet may take long, while connections come: most of the time is left to these. */
  #runCostly(arrivals: Arrivals, end: number): void {
    const now = this.#clock.now();
    if (this.#waiting?.costly.length === 0 || !arrivals.allowLong(now)) return;
    this.#run("costly", end);
    arrivals.tookLong(now, this.#clock.now());
  }

  /** Gives those their turn that wait now, until `end`. */
  #run(precedence: Precedence, end: number): void {
    const { [precedence]: waiting } = this.#waiting as Record<Precedence, FairQueue<Runnable>>;
    // Each kind gets on in each turn, however much there is of the others.
    let first = precedence !== "brief";
    for (let left = waiting.length; left > 0; left--) {
      const now = this.#clock.now();
      if (now >= end && !first) break;
      first = false;
      this.spent = false;
      this.#until = Math.min(now + SHARE, end);
      // Where several wait, a share is short: the clock is looked at as often as at first.
      this.#unitsBetweenLooks = UNITS_BETWEEN_LOOKS;
      this.#unitsLeft = UNITS_BETWEEN_LOOKS;
      waiting.shift()?.takeTurn();
    }
  }
}
