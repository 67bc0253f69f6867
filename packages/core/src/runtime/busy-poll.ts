import type { Clock, Poll } from "@peng3dnet/peer";

/** Short intervals in a row that it takes to begin polling: at first, and at most after polls that did not pay. */
const LEAST_TRUST = 32;
const MOST_TRUST = 2048;
/** As many as it takes after a wait in vain, while polling pays: a machine may be slow for a moment. */
const TO_GO_ON = 4;
/** Polling pays if bytes come within this part of the time that they take while the event loop sleeps. */
const PAYS = 0.9;
/** It is given the time of so many arrivals to show that. */
const GRACE = 64;
/** Arrivals after which polling that pays is compared with sleeping again: at first, and at most after it paid several times. */
const LEAST_TERM = 512;
const MOST_TERM = 8192;

/** Ticks in a millisecond. The engine keeps integers of 32 bits in the object itself, and other numbers elsewhere. */
const TICKS = 1024;

/** Not one that a test put in its place, whose turns come when the test says, or never. */
const { setImmediate: nextTurn } = globalThis;

/**
 * Polls for the next bytes instead of letting the event loop sleep, where that makes them come sooner: to fall asleep and
 * to be woken up may take longer than such a wait, on both sides. That is what a kernel's busy polling of sockets and a
 * hypervisor's polling on halt do.
 *
 * Whether it does is measured, as machines differ: how soon bytes follow each other while the event loop sleeps, and how soon
 * while this polls, waits in vain included. What comes at a pace of its own, as of many clients, comes as fast in both cases, and
 * is left to sleep. If polling does not pay, it takes twice as many short intervals to try again. If it does, it is compared again
 * now and then.
 */
export class BusyPoll implements Poll {
  readonly #clock: Pick<Clock, "now">;
  /** Ticks after the last arrival for which the next one is waited for. */
  #window = 0;
  /** When the last arrival was. */
  #last = 0;
  /** When the poll of now began, or the row of short intervals. */
  #since = 0;
  /** Short intervals in a row; -1: there was no arrival at all. */
  #short = -1;
  /** How many of them it takes to poll. */
  #trust = LEAST_TRUST;
  /** Ticks that so many of them took while the event loop slept; -1: that is to be measured. */
  #slept = -1;
  /** What polling is judged by: arrivals while it polled, and the ticks of polls that are over. */
  #polled = 0;
  #spent = 0;
  /** After how many arrivals it is compared again. */
  #term = LEAST_TERM;
  #polling = false;
  /** Whether a turn is due: bytes of many connections may end a poll and begin the next one within one turn. */
  #turning = false;

  /** @param clock - one that goes on by itself: while it stands still, a poll does not end. */
  constructor(clock: Pick<Clock, "now">) {
    this.#clock = clock;
  }

  /** Whether it polls now. */
  get polling(): boolean {
    return this.#polling;
  }

  /** Bytes came. @param seconds - longest wait for the next ones, in which connections of one peer may differ. */
  arrived(seconds: number): void {
    const now = this.#now();
    const soon = this.#short >= 0 && ticks(this.#last, now) <= this.#window;
    this.#last = now;
    this.#window = Math.round(seconds * 1000 * TICKS);
    if (this.#polling) this.#arrivedInPoll(now);
    else if (!soon) this.#beginRow(now);
    else if (++this.#short >= (this.#slept < 0 ? this.#trust : TO_GO_ON)) this.#poll(now);
  }

  /** In ticks, and from the beginning again after an hour or so. */
  #now(): number {
    return (this.#clock.now() * TICKS) | 0;
  }

  #beginRow(now: number): void {
    this.#since = now;
    this.#short = 0;
  }

  #poll(now: number): void {
    if (this.#slept < 0) this.#slept = ticks(this.#since, now);
    this.#since = now;
    this.#polling = true;
    this.#takeTurn();
  }

  #arrivedInPoll(now: number): void {
    this.#polled++;
    if (!this.#pays(now)) this.#inVain(now);
    else if (this.#polled >= this.#term) {
      this.#term = Math.min(2 * this.#term, MOST_TERM);
      this.#trust = Math.max(this.#trust / 2, LEAST_TRUST);
      this.#compareAnew(now);
    }
  }

  #pays(now: number): boolean {
    const took = this.#spent + ticks(this.#since, now);
    return took * this.#trust <= PAYS * this.#slept * Math.max(this.#polled, GRACE);
  }

  #inVain(now: number): void {
    this.#term = LEAST_TERM;
    this.#trust = Math.min(2 * this.#trust, MOST_TRUST);
    this.#compareAnew(now);
  }

  #compareAnew(now: number): void {
    this.#slept = -1;
    this.#polled = 0;
    this.#spent = 0;
    this.#end(now);
  }

  #end(now: number): void {
    this.#polling = false;
    this.#beginRow(now);
  }

  #takeTurn(): void {
    if (this.#turning) return;
    this.#turning = true;
    nextTurn(this.#turn);
  }

  /** One turn of the event loop; while another one is due, the loop looks for events and does not sleep. */
  readonly #turn = (): void => {
    this.#turning = false;
    if (!this.#polling) return;
    const now = this.#now();
    if (ticks(this.#last, now) <= this.#window) this.#takeTurn();
    else if (this.#pays(now)) {
      this.#spent += ticks(this.#since, now);
      this.#end(now);
    } else this.#inVain(now);
  };
}

/** Ticks from one moment to another. */
function ticks(then: number, now: number): number {
  return (now - then) >>> 0;
}
