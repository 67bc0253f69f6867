/**
 * What texts cost that are keys and that the engine has not met yet. It keeps one string of each text that is a key; for a
 * new one it looks in vain among all that it has, makes that string, and a map with new keys has no shape in common with
 * others. That takes several times as long as any other short element, so that the keys of a body that has very many are
 * looked at: most of them have to be such as came just before.
 */
import { tooManyKeys } from "./body-errors.js";

/** The first pairs of a body, whose keys are not looked at and count as new. */
export const FREE_PAIRS = 8192;
/** Keys longer than this are always new. */
const MAX_LENGTH = 32;
/** A power of two. */
const PLACES = 4096;

/** How many of those behind them may be new in any case: none of them is known at first, be it in all maps. */
const ALWAYS_NEW = 1024;

/** A map that begins with a new key has a shape of its own, for which the engine takes as long as for a key. */
export const FIRST_KEY = 2;
export const FURTHER_KEY = 1;

/** How many keys of a body may be new: more would take longer than other elements do. */
function newKeysAllowed(maxElements: number): number {
  return Math.max(Math.floor(maxElements / 4), FREE_PAIRS + ALWAYS_NEW);
}

/**
 * Counts the keys of one body behind its first pairs that are new. Each key has one of some places, where the last one
 * stays: so a key that comes again after others of its place counts again, and no key costs more than one comparison.
 */
export class NewKeys {
  readonly #starts = new Int32Array(PLACES);
  readonly #lengths = new Int32Array(PLACES).fill(-1);
  readonly #allowed: number;
  #count = FREE_PAIRS;

  /** @param maxElements - elements that the body may have. */
  constructor(maxElements: number) {
    this.#allowed = newKeysAllowed(maxElements);
  }

  /**
   * Counts the key with these bytes, if it is new.
   *
   * @param weight - how much it counts.
   * @throws {@link BadDataError} if there are too many.
   */
  add(bytes: Uint8Array, start: number, length: number, weight: number): void {
    if (length <= MAX_LENGTH) {
      const place = placeOf(bytes, start, length);
      if (this.#holds(place, bytes, start, length)) return;
      this.#starts[place] = start;
      this.#lengths[place] = length;
    }
    this.#count += weight;
    if (this.#count > this.#allowed) throw tooManyKeys(this.#allowed);
  }

  #holds(place: number, bytes: Uint8Array, start: number, length: number): boolean {
    if (this.#lengths[place] !== length) return false;
    const known = this.#starts[place] as number;
    for (let index = 0; index < length; index++) {
      if (bytes[known + index] !== bytes[start + index]) return false;
    }
    return true;
  }
}

/** Everybody can compute it: keys that are made to share a place count as new, to the disadvantage of who made them. */
function placeOf(bytes: Uint8Array, start: number, length: number): number {
  let hash = length;
  for (let at = start; at < start + length; at++) hash = (Math.imul(hash, 31) + (bytes[at] as number)) | 0;
  return (hash ^ (hash >>> 12)) & (PLACES - 1);
}
