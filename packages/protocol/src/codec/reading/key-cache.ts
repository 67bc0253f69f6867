/** Keys up to this many bytes are remembered. */
const MAX_LENGTH = 32;
/** Places at first and at most; powers of two. A program may have thousands of clients with few keys each. */
const FIRST_PLACES = 32;
const MAX_PLACES = 512;

/** Keys of one body that are remembered at most: a body with ever new ones would cost many times as much. */
const MAX_ADDED = 64;

interface KnownKey {
  readonly bytes: Uint8Array;
  readonly text: string;
}

/**
 * Keys of maps by their bytes. The same few keys come again and again; a remembered one spares its decoding, and the
 * engine the search for the one string that it keeps of each key.
 *
 * Each key has one place, where the last one stays. There are more places once two keys want the same, up to a limit:
 * a peer that sends ever new keys gains no memory, and little time.
 */
export class KeyCache {
  #places: (KnownKey | undefined)[] = emptyPlaces(FIRST_PLACES);
  /** Keys remembered of this body. */
  #added = 0;

  /** A body begins. */
  begin(): void {
    this.#added = 0;
  }

  /** The key with these bytes, if it is remembered. */
  find(bytes: Uint8Array, start: number, length: number): string | undefined {
    if (length > MAX_LENGTH) return undefined;
    const known = this.#places[hash(bytes, start, length) & (this.#places.length - 1)];
    if (known === undefined || known.bytes.length !== length) return undefined;
    const knownBytes = known.bytes;
    for (let index = 0; index < length; index++) {
      if (knownBytes[index] !== bytes[start + index]) return undefined;
    }
    return known.text;
  }

  /** Remembers a key, unless there were many of this body. */
  add(bytes: Uint8Array, start: number, length: number, text: string): void {
    if (length > MAX_LENGTH || this.#added === MAX_ADDED) return;
    this.#added++;
    const key: KnownKey = { bytes: bytes.slice(start, start + length), text: asKey(text) };
    if (this.#places[this.#placeOf(key)] !== undefined && this.#places.length < MAX_PLACES) this.#grow();
    this.#places[this.#placeOf(key)] = key;
  }

  #placeOf({ bytes }: KnownKey): number {
    return hash(bytes, 0, bytes.length) & (this.#places.length - 1);
  }

  #grow(): void {
    const known = this.#places;
    this.#places = emptyPlaces(2 * known.length);
    for (const key of known) if (key !== undefined) this.#places[this.#placeOf(key)] = key;
  }
}

/** The same text as the one string that the engine keeps of a key, which it need not look for any more. */
function asKey(text: string): string {
  return Object.keys({ [text]: undefined })[0] as string;
}

function emptyPlaces(count: number): (KnownKey | undefined)[] {
  return new Array(count).fill(undefined);
}

function hash(bytes: Uint8Array, start: number, length: number): number {
  if (length === 0) return 0;
  const first = bytes[start] as number;
  const middle = bytes[start + (length >> 1)] as number;
  const last = bytes[start + length - 1] as number;
  return first * 7 + middle * 31 + last * 127 + length * 17;
}
