/** A pool of objects that are free at the moment, for whoever needs one next. */
export class ObjectPool<T> {
  readonly #make: () => T;
  readonly #capacity: number;
  readonly #free: T[] = [];

  /**
   * @param capacity - how many free objects are kept at most.
   * @param make - makes an object when none is free.
   */
  constructor(capacity: number, make: () => T) {
    this.#capacity = capacity;
    this.#make = make;
  }

  /** A free object, or a new one. */
  acquire(): T {
    return this.#free.pop() ?? this.#make();
  }

  /** Takes an object back, which must be in the state of a new one. */
  release(object: T): void {
    if (this.#free.length < this.#capacity) this.#free.push(object);
  }
}
