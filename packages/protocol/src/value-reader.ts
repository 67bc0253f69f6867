import {
  announcesTooMuch,
  bytesFollow,
  extensionType,
  keyNotString,
  neverUsed,
  notUtf8,
  protoKey,
  tooDeep,
  tooManyElements,
  tooManyMoves,
  tooShort,
  tooSparse,
} from "./body-errors.js";
import { decodedSize } from "./decoded-size.js";
import { KeyCache } from "./key-cache.js";
import { beginsLikeIndex, ListGrowth, listIndex, movesAllowed, placesAllowed } from "./list-growth.js";
import { PlatformTextReader, type TextReader } from "./platform-text.js";
import { SHORT_TEXT, shortText } from "./short-text.js";

const EMPTY = new Uint8Array(0);
const NO_VIEW = new DataView(EMPTY.buffer);
/** Longest buffer that is held on to between two bodies. */
const MAX_HELD = 64 * 1024;
const { fromCharCode } = String;
const TWO_TO_32 = 0x100000000;
const MAX_SAFE_HIGH_WORD = 0x1fffff;

/**
 * Checks and decodes bodies in one pass and in place (clause 1): what is not exactly one msgpack value of
 * the kinds that are accepted is refused, in time linear in its length, and nothing is allocated for
 * elements that are not there.
 *
 * Integers that a number cannot represent become `bigint`, and a byte order mark that begins a string stays.
 * A binary value is a copy, unless the bytes are owned and it is most of them.
 */
export class ValueReader {
  readonly #keys = new KeyCache();
  #texts: TextReader | undefined;
  /** The bytes that had a float last, and a view of them. */
  #viewed: Uint8Array = EMPTY;
  #view: DataView = NO_VIEW;
  #bytes: Uint8Array = EMPTY;
  #at = 0;
  #end = 0;
  #owned = false;
  #maxDepth = 0;
  #maxElements = 0;
  /** Elements announced by open containers and not seen yet. */
  #owed = 0;
  /** Elements that containers may still announce. */
  #elementsLeft = 0;
  /** Places of lists that maps may still reserve for nothing. */
  #placesLeft = 0;
  #placesAllowed = 0;
  /** Entries of maps that the engine may still move for keys far behind others. */
  #movesLeft = 0;
  #containers = 0;
  #binaries = 0;
  #length = 0;

  /** @param texts - reads texts but short ones; default: the platform's decoder does. */
  constructor(texts?: TextReader) {
    this.#texts = texts;
  }

  /**
   * Decodes the body from `start` up to `end`.
   *
   * @param owned - whether `bytes` holds nothing else and does not change any more, so that a binary value that is
   * most of it may be a view of it.
   * @param maxDepth - how deep containers may nest.
   * @param maxElements - elements of all containers together, two for a pair of a map or a binary value.
   * @throws {@link BadDataError} if the body is anything but one acceptable value.
   */
  read(
    bytes: Uint8Array,
    start: number,
    end: number,
    owned: boolean,
    maxDepth: number,
    maxElements: number,
  ): unknown {
    // The engine has to note it when an old object begins to refer to a young one, so not for each body of a chunk.
    if (this.#bytes !== bytes) this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
    this.#owned = owned;
    this.#owed = 1;
    this.#maxDepth = maxDepth;
    this.#maxElements = maxElements;
    this.#elementsLeft = maxElements;
    this.#length = end - start;
    this.#placesAllowed = placesAllowed(end - start, maxElements);
    this.#placesLeft = this.#placesAllowed;
    this.#movesLeft = movesAllowed(maxElements);
    this.#containers = 0;
    this.#binaries = 0;
    this.#keys.begin();
    try {
      const value = this.#value(maxDepth);
      if (this.#at !== end) throw bytesFollow(end - this.#at);
      return value;
    } finally {
      if (bytes.length > MAX_HELD) this.#letGo();
    }
  }

  /** An estimate of what the value read last takes, in bytes: as {@link decodedSize} says. */
  get decodedSize(): number {
    return decodedSize(
      this.#length,
      this.#maxElements - this.#elementsLeft,
      this.#containers,
      this.#binaries,
      this.#placesAllowed - this.#placesLeft,
    );
  }

  #letGo(): void {
    this.#bytes = EMPTY;
    this.#viewAll(EMPTY);
  }

  #value(depthLeft: number): unknown {
    const at = this.#at;
    if (at >= this.#end) throw tooShort();
    this.#owed--;
    const head = this.#bytes[at] as number;
    this.#at = at + 1;
    if (head < 0x80) return head;
    if (head < 0x90) return this.#map(head & 0x0f, depthLeft);
    if (head < 0xa0) return this.#array(head & 0x0f, depthLeft);
    if (head < 0xc0) return this.#string(head & 0x1f);
    if (head >= 0xe0) return head - 0x100;
    return this.#longValue(head, depthLeft);
  }

  /** A value whose head says no more than its kind. Apart from the others, which the engine inlines then. */
  #longValue(head: number, depthLeft: number): unknown {
    switch (head) {
      case 0xc0:
        return null;
      case 0xc2:
        return false;
      case 0xc3:
        return true;
      case 0xc4:
        return this.#binary(this.#uint8());
      case 0xc5:
        return this.#binary(this.#uint16());
      case 0xc6:
        return this.#binary(this.#uint32());
      case 0xca:
        return this.#float32(this.#take(4));
      case 0xcb:
        return this.#float64(this.#take(8));
      case 0xcc:
        return this.#uint8();
      case 0xcd:
        return this.#uint16();
      case 0xce:
        return this.#uint32();
      case 0xcf:
        return this.#uint64();
      case 0xd0:
        return (this.#uint8() << 24) >> 24;
      case 0xd1:
        return (this.#uint16() << 16) >> 16;
      case 0xd2:
        return this.#uint32() | 0;
      case 0xd3:
        return this.#int64();
      case 0xd9:
        return this.#string(this.#uint8());
      case 0xda:
        return this.#string(this.#uint16());
      case 0xdb:
        return this.#string(this.#uint32());
      case 0xdc:
        return this.#array(this.#uint16(), depthLeft);
      case 0xdd:
        return this.#array(this.#uint32(), depthLeft);
      case 0xde:
        return this.#map(this.#uint16(), depthLeft);
      case 0xdf:
        return this.#map(this.#uint32(), depthLeft);
      case 0xc1:
        throw neverUsed();
      default:
        throw extensionType();
    }
  }

  #array(length: number, depthLeft: number): unknown[] {
    this.#owe(length, depthLeft);
    const depth = depthLeft - 1;
    // For one that grows, the engine reserves seventeen places at once.
    switch (length) {
      case 0:
        return [];
      case 1:
        return [this.#value(depth)];
      case 2:
        return [this.#value(depth), this.#value(depth)];
      case 3:
        return [this.#value(depth), this.#value(depth), this.#value(depth)];
      default: {
        const array = [this.#value(depth), this.#value(depth), this.#value(depth), this.#value(depth)];
        for (let index = 4; index < length; index++) array.push(this.#value(depth));
        return array;
      }
    }
  }

  #map(length: number, depthLeft: number): Record<string, unknown> {
    this.#owe(2 * length, depthLeft);
    const map: Record<string, unknown> = {};
    let growth: ListGrowth | undefined;
    for (let index = 0; index < length; index++) {
      const key = this.#key();
      if (beginsLikeIndex(key.charCodeAt(0))) growth = this.#grow(growth, key);
      map[key] = this.#value(depthLeft - 1);
    }
    if (growth !== undefined) this.#reserve(growth.places - length);
    return map;
  }

  #grow(growth: ListGrowth | undefined, key: string): ListGrowth | undefined {
    const index = listIndex(key);
    if (index < 0) return growth;
    const grown = growth ?? new ListGrowth();
    this.#movesLeft -= grown.add(index);
    if (this.#movesLeft < 0) throw tooManyMoves(movesAllowed(this.#maxElements));
    return grown;
  }

  /** Counts places of a list that a map reserves for nothing. */
  #reserve(places: number): void {
    if (places <= 0) return;
    this.#placesLeft -= places;
    if (this.#placesLeft < 0) throw tooSparse(this.#placesAllowed);
  }

  #key(): string {
    const at = this.#at;
    if (at >= this.#end) throw tooShort();
    this.#owed--;
    const head = this.#bytes[at] as number;
    this.#at = at + 1;
    let length: number;
    if ((head & 0xe0) === 0xa0) length = head & 0x1f;
    else if (head === 0xd9) length = this.#uint8();
    else if (head === 0xda) length = this.#uint16();
    else if (head === 0xdb) length = this.#uint32();
    else throw keyNotString();
    const start = this.#at;
    if (length === 1 && start < this.#end && (this.#bytes[start] as number) < 0x80) {
      // The engine has a table of these.
      this.#at = start + 1;
      return fromCharCode(this.#bytes[start] as number);
    }
    const known = start + length <= this.#end ? this.#keys.find(this.#bytes, start, length) : undefined;
    if (known !== undefined) {
      this.#at = start + length;
      return known;
    }
    const key = this.#string(length);
    if (key === "__proto__") throw protoKey();
    this.#keys.add(this.#bytes, start, length, key);
    return key;
  }

  #owe(elements: number, depthLeft: number): void {
    // An empty container may stand where a scalar may, as encoders count it.
    if (depthLeft === 0 && elements > 0) throw tooDeep(this.#maxDepth);
    this.#containers++;
    this.#owed += elements;
    const left = this.#end - this.#at;
    if (this.#owed > left) throw announcesTooMuch(this.#owed, left);
    // An element costs many times its byte once decoded, and next to nothing where it is compressed.
    this.#elementsLeft -= elements;
    if (this.#elementsLeft < 0) throw tooManyElements(this.#maxElements);
  }

  #binary(length: number): Uint8Array {
    const start = this.#take(length);
    const end = start + length;
    const bytes = this.#bytes;
    this.#binaries++;
    // Its view and its buffer take what two elements do.
    if (--this.#elementsLeft < 0) throw tooManyElements(this.#maxElements);
    // A view holds all of the buffer for as long as the value is held.
    return this.#owned && 2 * length >= bytes.buffer.byteLength
      ? bytes.subarray(start, end)
      : bytes.slice(start, end);
  }

  #string(length: number): string {
    const start = this.#take(length);
    const bytes = this.#bytes;
    if (length <= SHORT_TEXT) {
      const end = start + length;
      let bits = 0;
      for (let at = start; at < end; at++) bits |= bytes[at] as number;
      if (bits < 0x80) return shortText(bytes, start, end);
    }
    this.#texts ??= new PlatformTextReader();
    try {
      return this.#texts.read(bytes, start, start + length);
    } catch {
      // The platform's error says no more than that.
      throw notUtf8();
    }
  }

  /** Moves past the next `length` bytes and returns where they begin. */
  #take(length: number): number {
    const at = this.#at;
    if (at + length > this.#end) throw tooShort();
    this.#at = at + length;
    return at;
  }

  #uint8(): number {
    return this.#bytes[this.#take(1)] as number;
  }

  #uint16(): number {
    const at = this.#take(2);
    return ((this.#bytes[at] as number) << 8) | (this.#bytes[at + 1] as number);
  }

  #uint32(): number {
    const at = this.#take(4);
    const bytes = this.#bytes;
    return (
      (((bytes[at] as number) << 24) |
        ((bytes[at + 1] as number) << 16) |
        ((bytes[at + 2] as number) << 8) |
        (bytes[at + 3] as number)) >>>
      0
    );
  }

  #float32(at: number): number {
    if (this.#viewed !== this.#bytes) this.#viewAll(this.#bytes);
    return this.#view.getFloat32(at);
  }

  #float64(at: number): number {
    if (this.#viewed !== this.#bytes) this.#viewAll(this.#bytes);
    return this.#view.getFloat64(at);
  }

  #viewAll(bytes: Uint8Array): void {
    this.#viewed = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  #uint64(): number | bigint {
    const high = this.#uint32();
    const low = this.#uint32();
    if (high <= MAX_SAFE_HIGH_WORD) return high * TWO_TO_32 + low;
    return (BigInt(high) << 32n) | BigInt(low);
  }

  #int64(): number | bigint {
    const high = this.#uint32() | 0;
    const low = this.#uint32();
    const value = high * TWO_TO_32 + low;
    if (Number.isSafeInteger(value)) return value;
    return (BigInt(high) << 32n) | BigInt(low);
  }
}
