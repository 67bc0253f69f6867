/** How many are known again: what a broker held up for long may come back late, and several times. */
const KEPT = 1024;
const BITS = 32;

/** Marks of the beats of this node. Two nodes with one id, such as copies of one process, draw different ones. */
export class BeatMarks {
  readonly #marks = new Set<number>();

  /** A mark for the next beat. */
  next(): number {
    const [low = 0, high = 0] = crypto.getRandomValues(new Uint32Array(2));
    const mark = (high >>> 12) * 2 ** BITS + low;
    this.#marks.add(mark);
    const [oldest] = this.#marks;
    if (this.#marks.size > KEPT && oldest !== undefined) this.#marks.delete(oldest);
    return mark;
  }

  /** Whether a beat of this node had it. */
  has(mark: number): boolean {
    return this.#marks.has(mark);
  }
}
