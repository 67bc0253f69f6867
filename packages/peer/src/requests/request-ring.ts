import { morePlaces, type Numbered } from "./places.js";

/** Ids are small integers, which engines keep in place. After the last one they begin anew. */
const LAST_ID = 0x3fff_ffff;

function following(id: number): number {
  return id < LAST_ID ? id + 1 : 1;
}

/**
 * Things under ids that it gives out and that count up. Each has its place in an array by its id: a `Map` whose entries come and
 * go makes garbage all the time, which costs more than a request else does.
 */
export class RequestRing<T extends Numbered> {
  #places: (T | undefined)[] = [];
  #size = 0;
  /** The id that was given out last; the next ones follow it. */
  lastId = 0;

  /** How many are there. */
  get size(): number {
    return this.#size;
  }

  /** The next id, for {@link RequestRing.add}. */
  nextId(): number {
    // At most half of the places are taken, so that a free one is near.
    if (2 * this.#size >= this.#places.length) this.#grow();
    const mask = this.#places.length - 1;
    let id = this.lastId;
    do id = following(id);
    while (this.#places[id & mask] !== undefined);
    this.lastId = id;
    return id;
  }

  /** Adds something under the id that was given out last. */
  add(item: T): void {
    this.#places[item.id & (this.#places.length - 1)] = item;
    this.#size++;
  }

  /** What has an id; `undefined`: nothing. */
  get(id: number): T | undefined {
    const item = this.#places[id & (this.#places.length - 1)];
    return item?.id === id ? item : undefined;
  }

  /** Those that were added after the one with an id, and are still there. */
  after(id: number): T[] {
    const items: T[] = [];
    for (let next = id; next !== this.lastId; ) {
      next = following(next);
      const item = this.get(next);
      if (item !== undefined) items.push(item);
    }
    return items;
  }

  /** Removes something that is there. */
  delete({ id }: T): void {
    this.#places[id & (this.#places.length - 1)] = undefined;
    this.#size--;
  }

  /** All that are there now. */
  items(): T[] {
    return this.#places.filter((item) => item !== undefined);
  }

  /** Removes all. */
  clear(): void {
    this.#places = [];
    this.#size = 0;
  }

  #grow(): void {
    const items = this.items();
    this.#places = morePlaces(this.#places.length);
    const mask = this.#places.length - 1;
    for (const item of items) this.#places[item.id & mask] = item;
  }
}
