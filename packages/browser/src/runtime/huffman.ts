import { BadDataError } from "@peng3dnet/peer";

/** Longest code of deflate, in bits. */
export const MAX_BITS = 15;
/** Most symbols that codes are for: those that blocks without codes of their own use for lengths. */
const MAX_SYMBOLS = 288;
/** Codes up to this length, in bits, are looked up in a table; the longer ones, which are rare, are counted out. */
export const TABLE_BITS = 9;

/** How much of the codes that are possible may be missing: nothing; or all but one code of one bit. */
export type Completeness = "complete" | "single";

/**
 * Finds the symbol of a code by the next bits of the input. It is made once and set for each block. A block of 28 bytes may
 * bring codes of 15 bits, so setting them allocates nothing and writes no table of 2^15 entries.
 */
export class HuffmanCodes {
  /**
   * By the next `TABLE_BITS` bits: the symbol times 16 and the length of its code; 0 where the code is longer, or none begins
   * so.
   */
  readonly table = new Uint16Array(1 << TABLE_BITS);
  /** How many codes there are of each length. */
  readonly #counts = new Uint16Array(MAX_BITS + 1);
  /** Where the symbols of each length go in `#symbols`. */
  readonly #places = new Uint16Array(MAX_BITS + 2);
  /** The symbols in the order of their codes. */
  readonly #symbols = new Uint16Array(MAX_SYMBOLS);

  /**
   * Sets the codes whose lengths are given, one for each symbol.
   *
   * @param completeness - what zlib lets pass of this kind of codes.
   * @throws {@link BadDataError} for lengths that no set of codes has, as zlib finds them.
   */
  set(lengths: Uint8Array, start: number, end: number, completeness: Completeness): void {
    const counts = this.#counts.fill(0);
    for (let at = start; at < end; at++) {
      const length = lengths[at] as number;
      counts[length] = (counts[length] as number) + 1;
    }
    const used = end - start - (counts[0] as number);
    counts[0] = 0;
    let left = 1;
    for (let length = 1; length <= MAX_BITS; length++) {
      left = 2 * left - (counts[length] as number);
      if (left < 0) throw new BadDataError("a compressed body has more codes than fit");
    }
    const single = used === 1 && counts[1] === 1;
    if (left > 0 && used > 0 && (completeness === "complete" || !single))
      throw new BadDataError("a compressed body has an incomplete set of codes");
    this.#sort(lengths, start, end);
    this.#fill();
  }

  /**
   * The entry for a code that is not in the table, as the table has them, by the next `MAX_BITS` bits; 0 where no code begins
   * so.
   */
  find(bits: number): number {
    let code = 0;
    let first = 0;
    let index = 0;
    for (let length = 1; length <= MAX_BITS; length++) {
      code |= (bits >> (length - 1)) & 1;
      const count = this.#counts[length] as number;
      // The codes of one length are consecutive numbers.
      if (code - first < count) return ((this.#symbols[index + code - first] as number) << 4) | length;
      index += count;
      first = (first + count) << 1;
      code <<= 1;
    }
    return 0;
  }

  #sort(lengths: Uint8Array, start: number, end: number): void {
    const places = this.#places;
    places[1] = 0;
    for (let length = 1; length <= MAX_BITS; length++)
      places[length + 1] = (places[length] as number) + (this.#counts[length] as number);
    for (let at = start; at < end; at++) {
      const length = lengths[at] as number;
      if (length === 0) continue;
      const place = places[length] as number;
      this.#symbols[place] = at - start;
      places[length] = place + 1;
    }
  }

  #fill(): void {
    const table = this.table;
    table[0] = 0;
    // Codes travel with their first bit in front, numbers with their last one.
    let reversed = 0;
    let index = 0;
    for (let length = 1; length <= TABLE_BITS; length++) {
      // With one bit more in front, whatever it is, the codes up to here are the same.
      table.copyWithin(1 << (length - 1), 0, 1 << (length - 1));
      for (let count = this.#counts[length] as number; count > 0; count--) {
        table[reversed] = ((this.#symbols[index++] as number) << 4) | length;
        // The next code is one more, where the carry goes the other way.
        let bit = 1 << (length - 1);
        for (; (reversed & bit) !== 0; bit >>= 1) reversed ^= bit;
        reversed |= bit;
      }
    }
  }
}
