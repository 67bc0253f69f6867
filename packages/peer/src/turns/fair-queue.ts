import { Fifo } from "./fifo.js";

/** One of those that wait. */
interface Sharing {
  /** The same value for all that have no more turns together than one of the others; `undefined`: it shares with nobody. */
  readonly share?: unknown;
}

/**
 * Those that wait for a turn. The shares have one each in turns, and within one, what came first goes first. To add one or to take one
 * takes a time that does not depend on how many wait.
 */
export class FairQueue<T extends Sharing> {
  /** How many wait. */
  length = 0;
  /** The shares in the order in which they have their turn. */
  readonly #shares = new Fifo<unknown>();
  /** Those that wait, by share. */
  readonly #lines = new Map<unknown, Fifo<T>>();

  /** Adds one behind those of its share. */
  push(item: T): void {
    const share = item.share ?? item;
    let line = this.#lines.get(share);
    if (line === undefined) {
      line = new Fifo();
      this.#lines.set(share, line);
      this.#shares.push(share);
    }
    line.push(item);
    this.length++;
  }

  /** Takes the one whose turn it is; `undefined`: none waits. */
  shift(): T | undefined {
    const share = this.#shares.shift();
    const line = this.#lines.get(share);
    if (line === undefined) return undefined;
    const item = line.shift();
    this.length--;
    if (line.length > 0) this.#shares.push(share);
    else this.#lines.delete(share);
    return item;
  }
}
