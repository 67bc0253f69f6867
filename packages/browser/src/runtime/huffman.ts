import { BadDataError } from "@peng3dnet/peer";

/** Longest code of deflate, in bits. */
const MAX_BITS = 15;

/** Finds the symbol of a code by the next bits of the input. */
export interface HuffmanTable {
  /** By `bits` bits: the symbol times 16 and the length of its code; 0 where no code begins so. */
  readonly entries: Uint16Array;
  /** How many bits to look up. */
  readonly bits: number;
}

/** How much of the codes that are possible may be missing: nothing; or all but one code of one bit. */
export type Completeness = "complete" | "single";

/**
 * Makes the table of the codes whose lengths are given, one for each symbol.
 *
 * @param completeness - what zlib lets pass of this kind of codes.
 * @throws {@link BadDataError} for lengths that no set of codes has, as zlib finds them.
 */
export function huffmanTable(
  lengths: Uint8Array,
  start: number,
  end: number,
  completeness: Completeness,
): HuffmanTable {
  const counts = new Uint16Array(MAX_BITS + 1);
  let bits = 0;
  for (let at = start; at < end; at++) {
    const length = lengths[at] as number;
    if (length > 0) counts[length] = (counts[length] as number) + 1;
    if (length > bits) bits = length;
  }
  let left = 1;
  for (let length = 1; length <= MAX_BITS; length++) {
    left = 2 * left - (counts[length] as number);
    if (left < 0) throw new BadDataError("a compressed body has more codes than fit");
  }
  if (bits === 0) return { entries: new Uint16Array(1), bits };
  if (left > 0 && (completeness === "complete" || bits !== 1))
    throw new BadDataError("a compressed body has an incomplete set of codes");
  const next = new Uint16Array(MAX_BITS + 2);
  for (let length = 1; length <= MAX_BITS; length++)
    next[length + 1] = ((next[length] as number) + (counts[length] as number)) << 1;
  const entries = new Uint16Array(1 << bits);
  for (let at = start; at < end; at++) {
    const length = lengths[at] as number;
    if (length === 0) continue;
    let code = next[length] as number;
    next[length] = code + 1;
    // Codes travel with their first bit in front, numbers with their last one.
    let reversed = 0;
    for (let bit = 0; bit < length; bit++) {
      reversed = (reversed << 1) | (code & 1);
      code >>= 1;
    }
    const entry = ((at - start) << 4) | length;
    for (let index = reversed; index < entries.length; index += 1 << length) entries[index] = entry;
  }
  return { entries, bits };
}
