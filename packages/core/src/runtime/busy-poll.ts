import type { Clock, Poll } from "@peng3dnet/peer";

/** Short intervals in a row that it takes to begin polling: at first, and at most after polls that did not pay. */
const LEAST_TRUST = 32;
const MOST_TRUST = 2048;
/** Arrivals after which it is judged whether a poll pays. */
const TRIAL = 64;
/** A poll pays if bytes come within this part of the time that they took while the event loop slept. */
const PAYS = 0.9;
/** Arrivals of a poll that pays, until it is compared with sleeping again: at first, and at most after several that paid. */
const LEAST_TERM = 512;
const MOST_TERM = 8192;

/** Ticks in a millisecond. The engine keeps integers of 32 bits in the object itself, and other numbers elsewhere. */
const TICKS = 1024;

/**
 * Polls for the next bytes instead of letting the event loop sleep, where that makes them come sooner: to fall asleep and
 * to be woken up may take longer than such a wait, on both sides. That is what a kernel's busy polling of sockets and a
 * hypervisor's polling on halt do.
 *
 * Whether it does is measured, as machines differ: how soon bytes follow each other while the event loop sleeps, and how soon
 * while this polls. What comes at a pace of its own, as of many clients, does so as fast in both cases, and is left to sleep. A poll
 * that does not pay doubles the number of short intervals that it takes to try again. One that pays is compared again now and then.
 */
export class BusyPoll implements Poll {
  /** Longest wait for the next bytes. */
  readonly seconds: number;
  readonly #clock: Clock;
  /** Ticks after an arrival for which the next one is waited for. */
  readonly #window: number;
  /** When the last arrival was. */
  #last = 0;
  /** When the first arrival was of the row that is counted: of short intervals, or within a poll. */
  #first = 0;
  /** Intervals since then; -1: there was no arrival at all. */
  #count = -1;
  /** How many short ones in a row it takes to poll. */
  #trust = LEAST_TRUST;
  /** How long so many took, before the poll. */
  #slept = 0;
  #polling = false;
  /** Whether a turn is due: bytes of many connections may end a poll and begin the next one within one turn. */
  #turning = false;
  /** After how many arrivals a poll that pays is to end. */
  #term = LEAST_TERM;

  /** @param seconds - longest wait for the next bytes (`net.latency.poll`). */
  constructor(clock: Clock, seconds: number) {
    this.seconds = seconds;
    this.#clock = clock;
    this.#window = Math.round(seconds * 1000 * TICKS);
  }

  /** Whether it polls now. */
  get polling(): boolean {
    return this.#polling;
  }

  /** Bytes came. */
  arrived(): void {
    const now = this.#now();
    if (this.#polling) this.#count++;
    else if (this.#count >= 0 && since(this.#last, now) <= this.#window) this.#count++;
    else this.#begin(now);
    this.#last = now;
    if (this.#polling) this.#judge(now);
    else if (this.#count >= this.#trust) this.#poll(now);
  }

  /** In ticks, and from the beginning again after an hour or so. */
  #now(): number {
    return (this.#clock.now() * TICKS) | 0;
  }

  #begin(now: number): void {
    this.#first = now;
    this.#count = 0;
  }

  #poll(now: number): void {
    this.#slept = since(this.#first, now);
    this.#polling = true;
    this.#begin(now);
    this.#takeTurn();
  }

  #judge(now: number): void {
    if (this.#count === TRIAL && !this.#pays(now)) this.#inVain(now);
    else if (this.#count >= this.#term) this.#paid(now);
  }

  /** Whether bytes came sooner in this poll than before it. */
  #pays(now: number): boolean {
    return since(this.#first, now) * this.#trust <= PAYS * this.#slept * this.#count;
  }

  #paid(now: number): void {
    this.#term = Math.min(2 * this.#term, MOST_TERM);
    this.#trust = Math.max(this.#trust / 2, LEAST_TRUST);
    this.#end(now);
  }

  #inVain(now: number): void {
    this.#trust = Math.min(2 * this.#trust, MOST_TRUST);
    this.#term = LEAST_TERM;
    this.#end(now);
  }

  #end(now: number): void {
    this.#polling = false;
    this.#begin(now);
  }

  #takeTurn(): void {
    if (this.#turning) return;
    this.#turning = true;
    setImmediate(this.#turn);
  }

  /** One turn of the event loop; while another one is due, the loop looks for events and does not sleep. */
  readonly #turn = (): void => {
    this.#turning = false;
    if (!this.#polling) return;
    const now = this.#now();
    if (since(this.#last, now) <= this.#window) this.#takeTurn();
    // The wait that was in vain counts as well: a machine may be slow for a moment, and the poll have paid until then.
    else if (this.#pays(now)) this.#paid(now);
    else this.#inVain(now);
  };
}

/** Ticks from one moment to another. */
function since(then: number, now: number): number {
  return (now - then) >>> 0;
}
