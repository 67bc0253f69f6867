import { isRequest, textOf } from "./items.js";

/** What became of the items of one direction, as their receiver saw it. */
export interface Arrivals {
  /** Packets that came, each counted once. */
  readonly packets: number;
  /** Requests that reached a handler, each counted once. */
  readonly requests: number;
  /** Packets that had come before. */
  readonly doubled: number;
  /** Requests that had reached a handler before. */
  readonly repeated: number;
  /** Items that came after one with a higher number. */
  readonly late: number;
  /** Items that were not what was sent, or that nobody can have sent. */
  readonly damaged: number;
}

/** Writes down what comes in one direction. */
export class Ledger {
  readonly #seen: Uint8Array;
  readonly #counts = { packets: 0, requests: 0, doubled: 0, repeated: 0, late: 0, damaged: 0 };
  #highest = -1;

  /** @param items - how many are sent; they are numbered from 0. */
  constructor(items: number) {
    this.#seen = new Uint8Array(items);
  }

  /** An item came. */
  arrived(number: number, text: string): void {
    const counts = this.#counts;
    if (this.#seen[number] === undefined || text !== textOf(number)) {
      counts.damaged++;
    } else if (this.#seen[number] === 1) {
      if (isRequest(number)) counts.repeated++;
      else counts.doubled++;
    } else {
      this.#seen[number] = 1;
      if (isRequest(number)) counts.requests++;
      else counts.packets++;
      if (number < this.#highest) counts.late++;
      else this.#highest = number;
    }
  }

  get arrivals(): Arrivals {
    return { ...this.#counts };
  }
}
