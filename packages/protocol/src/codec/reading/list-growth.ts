/**
 * What a map costs whose keys look like indices of a list ("0", "1023"). The engine keeps the values of such keys in a
 * list, with places for what is missing between them, in whatever order they come, and whoever copies the map. So two
 * keys may reserve the places of thousands.
 *
 * For a key far behind a list the engine makes a table of it, and of a table that is full enough a list again with the next
 * key. Each time it moves all entries, so that a map with many such keys in turn would take it seconds.
 */

/** Keys from this one on the engine hashes, unless most places are taken. */
const FIRST_HASHED = 3322;
/** A key so far behind the places that there are makes the engine hash all of them. */
const MAX_GAP = 1024;
/** Places that a body may reserve for nothing, whatever its length: those of one map. */
const FREE_PLACES = 5120;
/** And so many for each of its bytes. */
const PLACES_PER_BYTE = 4;
/** Up to so many places for each key, the engine may make a list of a table. */
const PLACES_PER_KEY = 64;
/** A map of so few keys is moved in no time, however often. */
const FEW_KEYS = 256;
/** Largest key that is an index. */
const MAX_INDEX = 0xfffffffe;
const MAX_DIGITS = 10;
/** Bytes that a place takes. */
export const PLACE_SIZE = 8;

const ZERO = 0x30;
const NINE = 0x39;

/** Whether a key may be an index: its first character is a digit. */
export function beginsLikeIndex(first: number): boolean {
  return first <= NINE && first >= ZERO;
}

/** The index that a key is, if it is one; otherwise -1. */
export function listIndex(key: string): number {
  const { length } = key;
  if (length === 0 || length > MAX_DIGITS || (length > 1 && key.charCodeAt(0) === ZERO)) return -1;
  let index = 0;
  for (let at = 0; at < length; at++) {
    const code = key.charCodeAt(at);
    if (!beginsLikeIndex(code)) return -1;
    index = 10 * index + code - ZERO;
  }
  return index <= MAX_INDEX ? index : -1;
}

/** Places that a body of so many bytes may reserve for nothing. */
export function placesAllowed(bytes: number, maxElements: number): number {
  return Math.min(FREE_PLACES + PLACES_PER_BYTE * bytes, maxElements);
}

/** Places that the engine reserves for nothing in a map whose only key is this index. */
export function placesBefore(index: number): number {
  return index < MAX_GAP ? placesUpTo(index) - 1 : 0;
}

/** As the engine grows a list: by half, and sixteen. */
function placesUpTo(index: number): number {
  return index + 1 + ((index + 1) >> 1) + 16;
}

/** Entries that the engine may have to move for a body. */
export function movesAllowed(maxElements: number): number {
  return FREE_PLACES + maxElements;
}

/** How many places one map's keys reserve at most, in whatever order they are added, and how many entries they move. */
export class ListGrowth {
  /** Places reserved. */
  places = 0;
  /** Keys too far behind those, so far. */
  #lowestBeyond = FIRST_HASHED;
  #highestBeyond = -1;
  #keys = 0;
  #highest = -1;
  #moved = 0;
  /** Made with the first key, with a place for that one alone: a body may have thousands of maps with one. */
  #indices: number[] | undefined = undefined;
  #ascending = true;

  /** Adds a key. @returns how many entries the engine moves for it at most. */
  add(index: number): number {
    const moved = leaps(index, this.#highest, this.#keys) ? this.#keys : 0;
    this.#moved += moved;
    if (index < this.#highest) this.#ascending = false;
    if (this.#indices === undefined) this.#indices = [index];
    else this.#indices.push(index);
    this.#keys++;
    if (index > this.#highest) this.#highest = index;
    if (index < FIRST_HASHED) this.#add(index);
    return moved;
  }

  /**
   * How many entries the engine moves at most for a copy of the map, beyond what `add` has told: whoever copies it takes
   * such keys in ascending order.
   */
  copyMoves(): number {
    if (this.#ascending || this.#keys < FEW_KEYS || this.#indices === undefined) return 0;
    const sorted = new Float64Array(this.#indices).sort();
    let moves = 0;
    let highest = -1;
    for (let keys = 0; keys < sorted.length; keys++) {
      const index = sorted[keys] as number;
      if (leaps(index, highest, keys)) moves += keys;
      highest = index;
    }
    return Math.max(0, moves - this.#moved);
  }

  #add(index: number): void {
    if (index - this.places >= MAX_GAP) {
      if (index < this.#lowestBeyond) this.#lowestBeyond = index;
      if (index > this.#highestBeyond) this.#highestBeyond = index;
      return;
    }
    this.#reach(index);
    if (this.#lowestBeyond - this.places < MAX_GAP) {
      this.#reach(this.#highestBeyond);
      this.#lowestBeyond = FIRST_HASHED;
    }
  }

  #reach(index: number): void {
    const places = placesUpTo(index);
    if (places > this.places) this.places = places;
  }
}

/** Whether a key is far behind a map's highest one, where so many may be a list. */
function leaps(index: number, highest: number, keys: number): boolean {
  return index - highest > MAX_GAP && highest < PLACES_PER_KEY * keys;
}
