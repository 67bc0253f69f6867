/** Objects that nobody uses at the moment, kept for who needs one next. */
export class ObjectPool<T> {
  readonly #make: () => T;
  readonly #kept: number;
  readonly #free: T[] = [];

  /** @param kept - how many are kept at most. */
  constructor(kept: number, make: () => T) {
    this.#kept = kept;
    this.#make = make;
  }

  /** Takes one, or makes it. */
  acquire(): T {
    return this.#free.pop() ?? this.#make();
  }

  /** Gives one back, which must be as it was when it was new. */
  release(spare: T): void {
    if (this.#free.length < this.#kept) this.#free.push(spare);
  }
}
