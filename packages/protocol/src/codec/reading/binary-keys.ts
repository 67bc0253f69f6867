/** Places at first; a power of two. */
const FIRST_PLACES = 16;
const NONE = -1;

/** Nobody can choose keys that share a place without knowing these. */
const seed = Math.floor(Math.random() * 0x100000000) | 0;
const multiplier = (Math.floor(Math.random() * 0x100000000) & ~7) | 5;

/** The binary keys of one map by their bytes: two keys of the same bytes are one. */
export class BinaryKeys {
  readonly #keys: Uint8Array[] = [];
  /** What the bytes of each key hash to. */
  readonly #hashes: number[] = [];
  /** Which key is at a place. At least half of the places are free. */
  #places = new Int32Array(FIRST_PLACES).fill(NONE);

  /** The key with the same bytes that was added first: often the given one itself. */
  add(key: Uint8Array): Uint8Array {
    const hash = hashOf(key);
    const places = this.#places;
    const mask = places.length - 1;
    let place = hash & mask;
    for (let index = places[place] as number; index !== NONE; index = places[place] as number) {
      const known = this.#keys[index] as Uint8Array;
      if (this.#hashes[index] === hash && sameBytes(known, key)) return known;
      place = (place + 1) & mask;
    }
    places[place] = this.#keys.length;
    this.#keys.push(key);
    this.#hashes.push(hash);
    if (2 * this.#keys.length > places.length) this.#grow();
    return key;
  }

  #grow(): void {
    const places = new Int32Array(4 * this.#places.length).fill(NONE);
    const mask = places.length - 1;
    for (const [index, hash] of this.#hashes.entries()) {
      let place = hash & mask;
      while (places[place] !== NONE) place = (place + 1) & mask;
      places[place] = index;
    }
    this.#places = places;
  }
}

/** Whether two binary values hold the same. A loop beats `every`, which calls a function for each byte. */
export function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  if (one === other) return true;
  const { length } = one;
  if (other.length !== length) return false;
  for (let at = 0; at < length; at++) if (one[at] !== other[at]) return false;
  return true;
}

function hashOf(bytes: Uint8Array): number {
  const { length } = bytes;
  let hash = mixed(seed, length);
  let at = 0;
  for (; at + 4 <= length; at += 4) {
    const word =
      (bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24);
    hash = mixed(hash, word);
  }
  for (; at < length; at++) hash = mixed(hash, bytes[at] as number);
  return hash;
}

function mixed(hash: number, word: number): number {
  const product = Math.imul(hash ^ word, multiplier);
  return product ^ (product >>> 15);
}
