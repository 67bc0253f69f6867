/** Keys up to this many bytes are remembered. */
const MAX_LENGTH = 32;
/** Keys remembered at most; a power of two. */
const PLACES = 512;

interface KnownKey {
  readonly bytes: Uint8Array;
  readonly text: string;
}

/**
 * Keys of maps by their bytes. The same few keys come again and again; a remembered one spares its decoding, and the
 * engine the search for the one string that it keeps of each key.
 *
 * Each key has one place, where the last one stays: a peer that sends ever new keys gains no memory.
 */
export class KeyCache {
  readonly #places: (KnownKey | undefined)[] = new Array(PLACES).fill(undefined);

  /** The key with these bytes, if it is remembered. */
  find(bytes: Uint8Array, start: number, length: number): string | undefined {
    if (length > MAX_LENGTH) return undefined;
    const known = this.#places[place(bytes, start, length)];
    if (known === undefined || known.bytes.length !== length) return undefined;
    const knownBytes = known.bytes;
    for (let index = 0; index < length; index++) {
      if (knownBytes[index] !== bytes[start + index]) return undefined;
    }
    return known.text;
  }

  /** Remembers a key. */
  add(bytes: Uint8Array, start: number, length: number, text: string): void {
    if (length > MAX_LENGTH) return;
    this.#places[place(bytes, start, length)] = { bytes: bytes.slice(start, start + length), text };
  }
}

function place(bytes: Uint8Array, start: number, length: number): number {
  if (length === 0) return 0;
  const first = bytes[start] as number;
  const middle = bytes[start + (length >> 1)] as number;
  const last = bytes[start + length - 1] as number;
  return (first * 7 + middle * 31 + last * 127 + length * 17) & (PLACES - 1);
}
