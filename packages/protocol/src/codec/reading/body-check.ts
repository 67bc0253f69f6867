import { decoderOf, type ExtensionCodec } from "../extension-codec.js";
import { readTimestamp, TIMESTAMP_TYPE } from "../timestamp.js";
import {
  announcesTooMuch,
  bytesFollow,
  keyOfOtherKind,
  neverUsed,
  notUtf8,
  protoKey,
  tooDeep,
  tooManyElements,
  tooShort,
} from "./body-errors.js";
import { decodedSize } from "./decoded-size.js";
import { beginsLikeIndex, type ListGrowth, listIndex } from "./list-growth.js";
import { MapCosts } from "./map-costs.js";
import {
  BINARY_KEY,
  beginsLikeBinary,
  beginsLikeKey,
  KeyCost,
  LONG_INTEGER_KEY,
  weightOf,
} from "./map-keys.js";
import { FIRST_KEY, FREE_PAIRS, FURTHER_KEY, NewKeys } from "./new-keys.js";
import { headLength, SHORT_TEXT, shortText } from "./short-text.js";

/** The body holds binary values or extension types of an application, which a decoder may hand out as views. */
export const BODY_HAS_BINARY = 1;
/**
 * The body holds integers that a number cannot represent, strings that begin with a byte order mark, or maps whose keys are
 * not all strings.
 */
export const BODY_NEEDS_EXACTNESS = 2;

const PROTO_KEY = [..."__proto__"].map((character) => character.charCodeAt(0));
const TWO_TO_32 = 0x100000000;
const MAX_SAFE_HIGH_WORD = 0x1fffff;

/**
 * Checks, before anything is decoded, that a body is exactly one msgpack value of the kinds that are
 * accepted (clause 1): in one pass, without allocating, in time linear in the body's length.
 *
 * A container may not announce more elements than bytes are left, all open containers taken together,
 * so that a decoder never allocates for what is not there.
 */
export class BodyCheck {
  readonly #maxDepth: number;
  readonly #maxElements: number;
  readonly #extensions: ExtensionCodec | undefined;
  #bytes: Uint8Array = new Uint8Array(0);
  #end = 0;
  /** Elements announced by open containers and not seen yet. */
  #owed = 0;
  /** Elements that containers may still announce. */
  #elementsLeft = 0;
  #elementsAllowed = 0;
  #length = 0;
  #containers = 0;
  #binaries = 0;
  #traits = 0;
  /** What maps with unusual keys cost. */
  readonly #mapCosts = new MapCosts();
  /** Pairs of maps whose keys are not looked at, so many more. */
  #freePairs = 0;
  /** The keys of a body with very many pairs. */
  #newKeys: NewKeys | undefined;

  /**
   * @param maxDepth - how deep containers may nest; default 512.
   * @param maxElements - elements of all containers together, two for a pair of a map, a binary or an extension value;
   * default 1,048,576.
   * @param extensions - without it, extension types are refused. It is not called.
   */
  constructor(maxDepth = 512, maxElements = 1024 * 1024, extensions?: ExtensionCodec) {
    this.#extensions = extensions;
    this.#maxDepth = maxDepth;
    this.#maxElements = maxElements;
  }

  /**
   * Checks the body from `start` up to `end`.
   *
   * @param maxElements - elements of all containers together; default: as given to the constructor.
   * @returns a combination of {@link BODY_HAS_BINARY} and {@link BODY_NEEDS_EXACTNESS}.
   * @throws {@link BadDataError} if the body is anything but one acceptable value.
   */
  check(bytes: Uint8Array, start: number, end: number, maxElements = this.#maxElements): number {
    this.#bytes = bytes;
    this.#end = end;
    this.#owed = 1;
    this.#elementsAllowed = maxElements;
    this.#elementsLeft = maxElements;
    this.#length = end - start;
    this.#mapCosts.clear();
    this.#containers = 0;
    this.#binaries = 0;
    this.#traits = 0;
    this.#freePairs = FREE_PAIRS;
    this.#newKeys = undefined;
    const position = this.#value(start, this.#maxDepth);
    if (position !== end) throw bytesFollow(end - position);
    return this.#traits;
  }

  /** An estimate of what the value checked last takes once decoded, in bytes: as {@link decodedSize} says. */
  get decodedSize(): number {
    return decodedSize(
      this.#length,
      this.#elementsAllowed - this.#elementsLeft,
      this.#containers,
      this.#binaries,
      this.#mapCosts.places,
    );
  }

  /** Checks the value at `at` and returns where it ends. */
  #value(at: number, depthLeft: number): number {
    if (at >= this.#end) throw tooShort();
    this.#owed--;
    const bytes = this.#bytes;
    const head = bytes[at] as number;
    if (head < 0x80 || head >= 0xe0) return at + 1;
    if (head < 0x90) return this.#map(at + 1, head & 0x0f, depthLeft);
    if (head < 0xa0) return this.#array(at + 1, head & 0x0f, depthLeft);
    if (head < 0xc0) return this.#string(at + 1, head & 0x1f);
    switch (head) {
      case 0xc0: // nil
      case 0xc2: // false
      case 0xc3: // true
        return at + 1;
      case 0xc4:
        return this.#binary(at + 2, this.#uint(at + 1, 1));
      case 0xc5:
        return this.#binary(at + 3, this.#uint(at + 1, 2));
      case 0xc6:
        return this.#binary(at + 5, this.#uint(at + 1, 4));
      case 0xca: // float 32
      case 0xce: // uint 32
      case 0xd2: // int 32
        return this.#skip(at + 1, 4);
      case 0xcb: // float 64
        return this.#skip(at + 1, 8);
      case 0xcc: // uint 8
      case 0xd0: // int 8
        return this.#skip(at + 1, 1);
      case 0xcd: // uint 16
      case 0xd1: // int 16
        return this.#skip(at + 1, 2);
      case 0xcf: // uint 64
        if (this.#uint(at + 1, 4) > MAX_SAFE_HIGH_WORD) this.#traits |= BODY_NEEDS_EXACTNESS;
        return this.#skip(at + 1, 8);
      case 0xd3: // int 64
        if (!isSafeHighWord(this.#uint(at + 1, 4) | 0)) this.#traits |= BODY_NEEDS_EXACTNESS;
        return this.#skip(at + 1, 8);
      case 0xd9:
        return this.#string(at + 2, this.#uint(at + 1, 1));
      case 0xda:
        return this.#string(at + 3, this.#uint(at + 1, 2));
      case 0xdb:
        return this.#string(at + 5, this.#uint(at + 1, 4));
      case 0xdc:
        return this.#array(at + 3, this.#uint(at + 1, 2), depthLeft);
      case 0xdd:
        return this.#array(at + 5, this.#uint(at + 1, 4), depthLeft);
      case 0xde:
        return this.#map(at + 3, this.#uint(at + 1, 2), depthLeft);
      case 0xdf:
        return this.#map(at + 5, this.#uint(at + 1, 4), depthLeft);
      case 0xc1:
        throw neverUsed();
      default:
        return this.#extension(at, head);
    }
  }

  #array(at: number, length: number, depthLeft: number): number {
    this.#owe(at, length, depthLeft);
    let position = at;
    for (let index = 0; index < length; index++) position = this.#value(position, depthLeft - 1);
    return position;
  }

  #map(at: number, length: number, depthLeft: number): number {
    this.#owe(at, 2 * length, depthLeft);
    const free = this.#freePairs;
    this.#freePairs = free - length;
    let position = at;
    let growth: ListGrowth | undefined;
    for (let index = 0; index < length; index++) {
      if (!this.#keyIsString(position)) {
        if (growth !== undefined) this.#mapCosts.settle(growth, index, this.#length, this.#elementsAllowed);
        return this.#mixedMap(position, length - index, depthLeft);
      }
      const end = this.#key(position);
      if (index >= free) this.#countKey(position, end, index === 0 ? FIRST_KEY : FURTHER_KEY);
      growth = this.#grow(growth, position, end, length);
      position = this.#value(end, depthLeft - 1);
    }
    if (growth !== undefined) this.#mapCosts.settle(growth, length, this.#length, this.#elementsAllowed);
    return position;
  }

  /** Goes on with a map at its first key that is no string. */
  #mixedMap(at: number, length: number, depthLeft: number): number {
    this.#traits |= BODY_NEEDS_EXACTNESS;
    const cost = new KeyCost();
    let position = at;
    for (let index = 0; index < length; index++) {
      const end = this.#keyIsString(position) ? this.#key(position) : this.#mixedKey(position, cost);
      position = this.#value(end, depthLeft - 1);
    }
    return position;
  }

  #mixedKey(at: number, cost: KeyCost): number {
    const head = this.#bytes[at] as number;
    if (!beginsLikeKey(head)) throw keyOfOtherKind();
    if (beginsLikeBinary(head)) this.#takeElements(BINARY_KEY);
    const end = this.#value(at, 0);
    if (!beginsLikeBinary(head)) {
      const key = this.#integer(at, head);
      if (!Number.isSafeInteger(key)) this.#takeElements(LONG_INTEGER_KEY);
      this.#mapCosts.compare(cost.add(key, weightOf(key)), this.#elementsAllowed);
    }
    return end;
  }

  #takeElements(count: number): void {
    this.#elementsLeft -= count;
    if (this.#elementsLeft < 0) throw tooManyElements(this.#elementsAllowed);
  }

  /** The integer at `at`, as near as a number comes. */
  #integer(at: number, head: number): number {
    if (head < 0x80) return head;
    if (head >= 0xe0) return head - 0x100;
    const width = 1 << (head & 3);
    const value = this.#uint(at + 1, Math.min(width, 4));
    const bits = 8 * Math.min(width, 4);
    const high = head >= 0xd0 && value >= 2 ** (bits - 1) ? value - 2 ** bits : value;
    if (width < 8) return high;
    const low = this.#uint(at + 5, 4);
    const exact = high * TWO_TO_32 + low;
    return Number.isSafeInteger(exact) ? exact : Number((BigInt(high) << 32n) | BigInt(low));
  }

  /** Counts a key in a body with very many pairs. */
  #countKey(at: number, end: number, weight: number): void {
    this.#newKeys ??= new NewKeys(this.#elementsAllowed);
    const start = at + headLength(this.#bytes[at] as number);
    this.#newKeys.add(this.#bytes, start, end - start, weight);
  }

  /** Checks a value of an extension type. */
  #extension(at: number, head: number): number {
    const width = head >= 0xd4 ? 0 : 1 << (head - 0xc7);
    const length = width === 0 ? 1 << (head - 0xd4) : this.#uint(at + 1, width);
    const type = (this.#uint(at + 1 + width, 1) << 24) >> 24;
    const start = at + 2 + width;
    const end = this.#skip(start, length);
    this.#binaries++;
    if (--this.#elementsLeft < 0) throw tooManyElements(this.#elementsAllowed);
    if (type === TIMESTAMP_TYPE) readTimestamp(this.#bytes, start, length);
    else {
      decoderOf(this.#extensions, type);
      this.#traits |= BODY_HAS_BINARY;
    }
    return end;
  }

  #grow(growth: ListGrowth | undefined, at: number, end: number, length: number): ListGrowth | undefined {
    const start = at + headLength(this.#bytes[at] as number);
    if (end - start > SHORT_TEXT || !beginsLikeIndex(this.#bytes[start] as number)) return growth;
    const index = listIndex(shortText(this.#bytes, start, end));
    if (index < 0) return growth;
    if (length === 1) {
      this.#mapCosts.settleOne(index, this.#length, this.#elementsAllowed);
      return undefined;
    }
    return this.#mapCosts.grow(growth, index, this.#elementsAllowed);
  }

  #keyIsString(at: number): boolean {
    if (at >= this.#end) throw tooShort();
    const head = this.#bytes[at] as number;
    return (head & 0xe0) === 0xa0 || (head >= 0xd9 && head <= 0xdb);
  }

  #key(at: number): number {
    const bytes = this.#bytes;
    const end = this.#value(at, 0);
    if (end - at > PROTO_KEY.length && bytes[end - 1] === 0x5f && this.#isProto(at, end)) throw protoKey();
    return end;
  }

  #isProto(at: number, end: number): boolean {
    const start = end - PROTO_KEY.length;
    return (
      start - at === headLength(this.#bytes[at] as number) &&
      PROTO_KEY.every((byte, index) => this.#bytes[start + index] === byte)
    );
  }

  #owe(at: number, elements: number, depthLeft: number): void {
    // An empty container may stand where a scalar may, as encoders count it.
    if (depthLeft === 0 && elements > 0) throw tooDeep(this.#maxDepth);
    this.#containers++;
    this.#owed += elements;
    if (this.#owed > this.#end - at) throw announcesTooMuch(this.#owed, this.#end - at);
    // An element costs many times its byte once decoded, and next to nothing where it is compressed.
    this.#elementsLeft -= elements;
    if (this.#elementsLeft < 0) throw tooManyElements(this.#elementsAllowed);
  }

  #binary(at: number, length: number): number {
    this.#traits |= BODY_HAS_BINARY;
    this.#binaries++;
    // Its view and its buffer take what two elements do.
    if (--this.#elementsLeft < 0) throw tooManyElements(this.#elementsAllowed);
    return this.#skip(at, length);
  }

  #skip(at: number, length: number): number {
    const end = at + length;
    if (end > this.#end) throw tooShort();
    return end;
  }

  #uint(at: number, width: number): number {
    if (at + width > this.#end) throw tooShort();
    let value = 0;
    for (let index = 0; index < width; index++) value = value * 256 + (this.#bytes[at + index] as number);
    return value;
  }

  #string(at: number, length: number): number {
    const end = this.#skip(at, length);
    const bytes = this.#bytes;
    if (bytes[at] === 0xef && length >= 3 && bytes[at + 1] === 0xbb && bytes[at + 2] === 0xbf) {
      this.#traits |= BODY_NEEDS_EXACTNESS;
    }
    let position = at;
    while (position < end) {
      if ((bytes[position] as number) < 0x80) position++;
      else position = this.#multiByte(position, end);
    }
    return end;
  }

  /** Checks one UTF-8 sequence of two to four bytes, as the Unicode standard's table 3-7 has it. */
  #multiByte(at: number, end: number): number {
    const bytes = this.#bytes;
    const lead = bytes[at] as number;
    let length = 2;
    let low = 0x80;
    let high = 0xbf;
    if (lead >= 0xc2 && lead <= 0xdf) length = 2;
    else if (lead >= 0xe0 && lead <= 0xef) {
      length = 3;
      if (lead === 0xe0) low = 0xa0;
      else if (lead === 0xed) high = 0x9f;
    } else if (lead >= 0xf0 && lead <= 0xf4) {
      length = 4;
      if (lead === 0xf0) low = 0x90;
      else if (lead === 0xf4) high = 0x8f;
    } else throw notUtf8();
    if (at + length > end) throw notUtf8();
    const second = bytes[at + 1] as number;
    if (second < low || second > high) throw notUtf8();
    for (let index = 2; index < length; index++) {
      if (((bytes[at + index] as number) & 0xc0) !== 0x80) throw notUtf8();
    }
    return at + length;
  }
}

function isSafeHighWord(high: number): boolean {
  return high >= -MAX_SAFE_HIGH_WORD && high <= MAX_SAFE_HIGH_WORD;
}
