/** What came first is taken first, in a time that does not depend on how much there is. */
export class Fifo<T> {
  #items: (T | undefined)[] = [];
  #head = 0;

  /** How many there are. */
  get length(): number {
    return this.#items.length - this.#head;
  }

  /** The first one, or `undefined`. */
  get first(): T | undefined {
    return this.#items[this.#head];
  }

  /** The last one, or `undefined`. */
  get last(): T | undefined {
    return this.#items[this.#items.length - 1];
  }

  /** Adds one at the end. */
  push(item: T): void {
    this.#items.push(item);
  }

  /** Puts one back that was taken, before all others. */
  putBack(item: T): void {
    if (this.#head > 0) this.#items[--this.#head] = item;
    else this.#items.unshift(item);
  }

  /** All of them, in order. */
  items(): T[] {
    return this.#items.slice(this.#head) as T[];
  }

  /** Takes the first one, or `undefined`. */
  shift(): T | undefined {
    if (this.#head === this.#items.length) return undefined;
    const item = this.#items[this.#head];
    this.#items[this.#head++] = undefined;
    if (this.#head === this.#items.length || (this.#head > 1024 && this.#head * 2 > this.#items.length)) {
      this.#items = this.#head === this.#items.length ? [] : this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }
}
