/** Keys of maps that an object cannot hold: such a map becomes a `Map`. */
import { BinaryKeys, sameBytes } from "./binary-keys.js";

/** A key of a decoded `Map`. */
export type MapKey = string | number | bigint | Uint8Array;

/** Integers of a range so many times their number cannot all be unlucky. */
const SPREAD = 4;
/** Steps that a body may cost for each element that it may have. */
const STEPS_PER_ELEMENT = 128;

/** Steps that the engine may have to take for the integer keys of one body. */
export function stepsAllowed(maxElements: number): number {
  return STEPS_PER_ELEMENT * maxElements;
}

/** What an integer weighs as a key: for one that is a `bigint` a comparison takes four times as long. */
export function weightOf(key: number): number {
  return Number.isSafeInteger(key) ? 1 : 2;
}

/**
 * Elements that a key counts beyond a text: a binary one is copied and compared by its bytes, and for an integer that a number
 * cannot represent the engine has to leave its fast path.
 */
export const BINARY_KEY = 2;
export const LONG_INTEGER_KEY = 1;

/** Whether a value that begins so is an integer or a binary value, and may be a key. */
export function beginsLikeKey(head: number): boolean {
  return head < 0x80 || head >= 0xe0 || beginsLikeBinary(head) || (head >= 0xcc && head <= 0xd3);
}

/** Whether a value that begins so is a binary value. */
export function beginsLikeBinary(head: number): boolean {
  return head >= 0xc4 && head <= 0xc6;
}

/**
 * What the integer keys of one `Map` may cost. The engine hashes integers in a way that everybody knows, so that a peer
 * can choose thousands that all land in one place, and each has to be compared with those before it. That takes keys from
 * far more integers than there are keys: in a range of integers, only as many can collide as the range has for a place.
 */
export class KeyCost {
  /** Comparisons at most, so far. */
  steps = 0;
  #count = 0;
  #heaviest = 1;
  #lowest = Number.POSITIVE_INFINITY;
  #highest = Number.NEGATIVE_INFINITY;

  /**
   * @param weight - what {@link weightOf} says.
   * @returns by how much the key raises the cost.
   */
  add(key: number, weight = 1): number {
    this.#count += weight;
    if (weight > this.#heaviest) this.#heaviest = weight;
    if (key < this.#lowest) this.#lowest = key;
    if (key > this.#highest) this.#highest = key;
    const range = SPREAD * this.#heaviest * this.#heaviest * (this.#highest - this.#lowest + 1);
    // A key that comes again and again has a range of one.
    const steps = Math.max(Math.min(this.#count * this.#count, range), this.#count);
    const more = steps - this.steps;
    this.steps = steps;
    return more;
  }
}

/** A `Map` while it is read. */
export class MixedMap {
  readonly map = new Map<MapKey, unknown>();
  #cost: KeyCost | undefined;
  /** The first two binary keys. */
  #first: Uint8Array | undefined;
  #second: Uint8Array | undefined;
  /** All binary keys, if there are several. */
  #binaries: BinaryKeys | undefined;

  /** @param first - what was read before the first key that is no string; default: nothing. */
  constructor(first: Readonly<Record<string, unknown>> | undefined) {
    if (first === undefined) return;
    // A list of entries would take several times as long as the map does.
    for (const key of Object.keys(first)) this.map.set(key, first[key]);
  }

  /** @returns what the key costs in steps. */
  cost(key: MapKey): number {
    if (typeof key === "number") {
      this.#cost ??= new KeyCost();
      return this.#cost.add(key);
    }
    if (typeof key !== "bigint") return 0;
    this.#cost ??= new KeyCost();
    const near = Number(key);
    return this.#cost.add(near, weightOf(near));
  }

  /** The last of several values of a key counts. */
  set(key: MapKey, value: unknown): void {
    this.map.set(typeof key === "object" ? this.#known(key) : key, value);
  }

  #known(key: Uint8Array): Uint8Array {
    if (this.#binaries !== undefined) return this.#binaries.add(key);
    // Most such maps have few binary keys, for which a table would be more than the map.
    this.#first ??= key;
    if (sameBytes(this.#first, key)) return this.#first;
    this.#second ??= key;
    if (sameBytes(this.#second, key)) return this.#second;
    this.#binaries = new BinaryKeys();
    this.#binaries.add(this.#first);
    this.#binaries.add(this.#second);
    return this.#binaries.add(key);
  }
}
