import { morePlaces, type Numbered } from "./places.js";

/**
 * Things under ids that somebody else gives out. Ids that count up have a place each in an array, as in a ring: a `Map` whose
 * entries come and go makes garbage all the time. Those whose place is taken are in a `Map` nevertheless, so that ids chosen to
 * collide cost no more than that.
 */
export class RequestTable<T extends Numbered> {
  #places: (T | undefined)[] = [];
  readonly #others = new Map<number, T>();
  #size = 0;

  /** How many are there. */
  get size(): number {
    return this.#size;
  }

  /** What has an id; `undefined`: nothing. */
  get(id: number): T | undefined {
    if (this.#size === 0) return undefined;
    const item = this.#places[id & (this.#places.length - 1)];
    if (item?.id === id) return item;
    return this.#others.size > 0 ? this.#others.get(id) : undefined;
  }

  /** Adds something under an id that nothing there has. */
  add(item: T): void {
    if (2 * this.#size >= this.#places.length) this.#grow();
    this.#size++;
    this.#place(item);
  }

  /** Removes something; what is not there is left alone. */
  delete(item: T): void {
    const place = item.id & (this.#places.length - 1);
    if (this.#places[place] === item) this.#places[place] = undefined;
    else if (this.#others.get(item.id) === item) this.#others.delete(item.id);
    else return;
    this.#size--;
  }

  /** All that are there now. */
  items(): T[] {
    return [...this.#places.filter((item) => item !== undefined), ...this.#others.values()];
  }

  /** Removes all. */
  clear(): void {
    this.#places = [];
    this.#others.clear();
    this.#size = 0;
  }

  #place(item: T): void {
    const place = item.id & (this.#places.length - 1);
    if (this.#places[place] === undefined) this.#places[place] = item;
    else this.#others.set(item.id, item);
  }

  #grow(): void {
    const items = this.items();
    this.#others.clear();
    this.#places = morePlaces(this.#places.length);
    for (const item of items) this.#place(item);
  }
}
