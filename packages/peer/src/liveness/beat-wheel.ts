import type { Clock } from "../time/clock.js";
import { EARLY, LONGEST_DELAY } from "../time/timers.js";

/** In how many parts an interval is cut. With 10,000 connections, 156 have their turn together. */
const SLOTS = 64;
/** Connections that begin in one instant are spread over so many slots. */
const SPREAD = SLOTS / 2;

/** What has its turn once in an interval. */
export interface Visited {
  /** Its place in the wheel, which sets it: that in its slot, and which slot that is, in one number. */
  seat: number;
  /** It has its turn. @param late - how late, in milliseconds, since the event loop was busy. */
  visit(late: number): void;
}

/**
 * Visits each of any number of connections once in an interval, with one timer for all of them, and no more of them at once
 * than have to be.
 */
export class BeatWheel {
  readonly #clock: Clock;
  /** Milliseconds from one slot to the next. */
  readonly #step: number;
  readonly #slots = new Map<number, Visited[]>();
  #begun = 0;
  #timer: unknown = undefined;
  /** The number of the slot that the timer is set for. */
  #next = Number.POSITIVE_INFINITY;
  #added = 0;

  /** @param interval - seconds. */
  constructor(clock: Clock, interval: number) {
    this.#clock = clock;
    this.#step = (interval * 1000) / SLOTS;
  }

  /** Whether nobody is visited. */
  get empty(): boolean {
    return this.#slots.size === 0;
  }

  /** Visits somebody from now on: first in half an interval to a whole one. */
  add(visited: Visited): void {
    if (this.empty) {
      this.#begun = this.#clock.now();
      this.#added = 0;
    }
    const elapsed = Math.floor((this.#clock.now() - this.#begun) / this.#step);
    const turn = elapsed + SLOTS - (this.#added++ % SPREAD);
    const number = turn % SLOTS;
    const slot = this.#slots.get(number);
    visited.seat = (slot?.length ?? 0) * SLOTS + number;
    if (slot === undefined) this.#slots.set(number, [visited]);
    else slot.push(visited);
    if (turn < this.#next) this.#arm(turn);
  }

  /** Visits it no more. */
  remove(visited: Visited): void {
    const { seat } = visited;
    const slot = this.#slots.get(seat % SLOTS);
    const place = Math.floor(seat / SLOTS);
    if (slot?.[place] !== visited) return;
    const last = slot.pop() as Visited;
    if (last !== visited) {
      slot[place] = last;
      last.seat = seat;
    }
    if (slot.length === 0) this.#slots.delete(seat % SLOTS);
    if (this.empty) this.#disarm();
  }

  #arm(turn: number): void {
    this.#disarm();
    this.#next = turn;
    const delay = this.#begun + turn * this.#step - this.#clock.now();
    this.#timer = this.#clock.setTimeout(this.#fired, Math.min(Math.max(0, delay), LONGEST_DELAY));
  }

  #disarm(): void {
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#next = Number.POSITIVE_INFINITY;
  }

  readonly #fired = (): void => {
    this.#timer = undefined;
    const turn = this.#next;
    this.#next = Number.POSITIVE_INFINITY;
    const elapsed = this.#clock.now() - this.#begun;
    const reached = Math.floor((elapsed + EARLY) / this.#step);
    if (reached >= turn) {
      // Each slot has one turn, however many were missed.
      for (let index = turn; index <= reached && index < turn + SLOTS; index++)
        this.#visit(index % SLOTS, Math.max(0, elapsed - index * this.#step));
    }
    this.#armNext(reached >= turn ? reached : turn - 1);
  };

  #visit(number: number, late: number): void {
    const slot = this.#slots.get(number);
    // From the end, since a visit may remove whom it visits, whose place the last one takes.
    for (let index = (slot?.length ?? 0) - 1; index >= 0; index--) slot?.[index]?.visit(late);
  }

  /** Sets the timer for the next slot that is not empty. @param done - the last one that had its turn. */
  #armNext(done: number): void {
    let next = Number.POSITIVE_INFINITY;
    for (const slot of this.#slots.keys()) {
      const ahead = (((slot - done) % SLOTS) + SLOTS) % SLOTS;
      next = Math.min(next, done + (ahead === 0 ? SLOTS : ahead));
    }
    if (next < this.#next) this.#arm(next);
  }
}
