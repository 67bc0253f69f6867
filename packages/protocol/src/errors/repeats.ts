import { escapeText } from "./quote-text.js";

/** Characters of a kind that count. */
const MAX_KIND = 400;
/** What is counted together once there are as many kinds as there may be. */
const REST = "";

/**
 * Counts what happens again and again, by kind, and tells when it is worth a line in a log: the first time, and then
 * at 10, 100, 1,000 … times. Keeps a bounded number of kinds; what is beyond counts as one. Has no timer.
 */
export class Repeats {
  readonly #maxKinds: number;
  readonly #counts = new Map<string, number>();

  /** @param maxKinds - kinds that are told apart; default 100. */
  constructor(maxKinds = 100) {
    this.#maxKinds = maxKinds;
  }

  /** Counts one more. @returns how often it has happened, if that is worth saying now, else 0. */
  note(kind: string): number {
    let key = kind;
    // One that is known is not escaped again: it is by far the most, and that would be most of the work.
    if (kind.length > MAX_KIND || !this.#counts.has(kind)) {
      key = escapeText(kind, MAX_KIND);
      if (!this.#counts.has(key) && this.#counts.size >= this.#maxKinds) key = REST;
    }
    const count = (this.#counts.get(key) ?? 0) + 1;
    this.#counts.set(key, count);
    return isPowerOfTen(count) ? count : 0;
  }

  /**
   * Counts one more and says so where it is worth it.
   *
   * @param say - writes a line.
   * @param text - makes the line; it is called only where the line is written.
   */
  tell(kind: string, say: (line: string) => void, text: (first: boolean) => string): void {
    const count = this.note(kind);
    if (count === 1) say(text(true));
    else if (count > 0) say(`${text(false)} (happened ${count} times so far)`);
  }
}

function isPowerOfTen(count: number): boolean {
  let rest = count;
  while (rest % 10 === 0) rest /= 10;
  return rest === 1;
}
