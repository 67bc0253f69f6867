import { plainBytes } from "../../framing/plain-bytes.js";
import { decodeExtension, decoderOf, type ExtensionCodec } from "../extension-codec.js";
import { PlatformTextReader, type TextReader } from "../platform-text.js";
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
import { ByteReader } from "./byte-reader.js";
import { decodedSize } from "./decoded-size.js";
import { KeyCache } from "./key-cache.js";
import { GROUP_SIZE, type KeyStep, keySteps, MAX_PAIRS, setGroup, WORD_END } from "./key-steps.js";
import { beginsLikeIndex, type ListGrowth, listIndex } from "./list-growth.js";
import { MapCosts } from "./map-costs.js";
import {
  BINARY_KEY,
  beginsLikeBinary,
  beginsLikeKey,
  LONG_INTEGER_KEY,
  type MapKey,
  MixedMap,
} from "./map-keys.js";
import { FIRST_KEY, FREE_PAIRS, FURTHER_KEY, NewKeys } from "./new-keys.js";
import { headLength, SHORT_TEXT, shortText } from "./short-text.js";

/** Longest buffer that is kept between two bodies, in bytes. */
const MAX_HELD = 64 * 1024;
/** Head of a list of two elements. */
const PAIR = 0x92;
/** Head of a float of 64 bits, and how many bytes it has with that. */
const FLOAT = 0xcb;
const FLOAT_SIZE = 9;
/** Steps from key to key that are remembered of one body: one with ever new ones would cost many times as much. */
const MAX_NEW_STEPS = 16;
const { fromCharCode } = String;
/**
 * A decoder of bodies, which checks and decodes them in one pass and in place (clause 1). It refuses what is not exactly
 * one msgpack value of the kinds that are accepted, in time linear in the length, and allocates nothing for elements that
 * are not there.
 *
 * Integers that a number cannot represent become `bigint`, and a byte order mark that begins a string stays.
 * A binary value is a copy, unless the bytes are owned and it is most of them. A map whose keys are not all strings becomes a
 * `Map`, and a timestamp a `Date`.
 *
 * One object has all counts of a body, and no more objects than this one are looked at: it is on the way of each packet.
 */
export class ValueReader extends ByteReader {
  readonly #keys = new KeyCache();
  #texts: TextReader | undefined;
  /** Whether a binary value may be a view of the bytes. */
  #owned = false;
  #maxDepth = 0;
  #maxElements = 0;
  /** Elements that open containers have announced and that were not seen yet. */
  #owed = 0;
  /** Elements that containers may still announce. */
  #elementsLeft = 0;
  /** Containers of the body. */
  #containers = 0;
  /** Whether one of the counts of what few bodies have is not 0. */
  #countedRare = false;
  /** Binary and extension values of the body. */
  #binaries = 0;
  /** Length of the body, in bytes. */
  #length = 0;
  /** What maps with unusual keys cost. */
  readonly #mapCosts = new MapCosts();
  /** Pairs of maps whose keys are not looked at, so many more. */
  #freePairs = 0;
  /** The keys of a body with very many pairs. */
  #newKeys: NewKeys | undefined;
  /** Steps from key to key that were remembered of the body. */
  #newSteps = 0;
  /** Whether the key that was read last begins with a digit, so that it may be an index. */
  #digitFirst = false;
  #extensions: ExtensionCodec | undefined;
  /** Whether a body is being read: the codec of an extension type may ask for another one. */
  #reading = false;
  /** Reads what is within an extension value that is being decoded. */
  #within: ValueReader | undefined;
  /** How many levels of containers are left below the extension value that is being decoded. */
  #depthLeft = 0;

  /** @param texts - reads all texts but short ones. Default: the platform's decoder. */
  constructor(texts?: TextReader) {
    super();
    this.#texts = texts;
  }

  /**
   * Decodes the body from `start` up to `end`.
   *
   * @param owned - whether `bytes` holds nothing else and does not change any more, so that a binary value that is
   * most of it may be a view of it.
   * @param maxDepth - how deep containers may nest.
   * @param maxElements - elements of all containers together, two for a pair of a map, a binary or an extension value.
   * @param extensions - decodes extension types; without it, they are refused.
   * @throws {@link BadDataError} if the body is anything but one acceptable value.
   */
  read(
    bytes: Uint8Array,
    start: number,
    end: number,
    owned: boolean,
    maxDepth: number,
    maxElements: number,
    extensions?: ExtensionCodec,
  ): unknown {
    if (this.#reading) return this.#readWithin(bytes, start, end, owned, maxDepth, maxElements, extensions);
    // A store for each chunk instead of one for each body is faster: "Refer to a chunk once" in docs/performance.
    // What is kept of them is a copy, of Node's buffers, too, which anybody may hand to a `ValueCodec`.
    if (this.bytes !== bytes) this.bytes = plainBytes(bytes);
    this.at = start;
    this.end = end;
    this.#owned = owned;
    this.#owed = 1;
    this.#maxDepth = maxDepth;
    this.#maxElements = maxElements;
    this.#elementsLeft = maxElements;
    this.#length = end - start;
    if (this.#countedRare) this.#forgetRare();
    if (this.#extensions !== extensions) this.#extensions = extensions;
    this.#reading = true;
    this.#containers = 0;
    this.#freePairs = FREE_PAIRS;
    this.#keys.begin();
    try {
      const value = start < end && bytes[start] === PAIR ? this.#pair(maxDepth) : this.#value(maxDepth);
      if (this.at !== end) throw bytesFollow(end - this.at);
      return value;
    } finally {
      this.#reading = false;
      if (bytes.length > MAX_HELD) this.letGo();
    }
  }

  /** Sets the counts of what few bodies have to 0. It is called only after a body that had some of it. */
  #forgetRare(): void {
    this.#countedRare = false;
    this.#mapCosts.clear();
    this.#binaries = 0;
    this.#newKeys = undefined;
    this.#newSteps = 0;
  }

  /**
   * Reads a body while another one is being read, for the codec of an extension value of that one. It may have no more
   * levels and elements than the outer body has left, so that both together cost no more than one may.
   */
  #readWithin(
    bytes: Uint8Array,
    start: number,
    end: number,
    owned: boolean,
    maxDepth: number,
    maxElements: number,
    extensions: ExtensionCodec | undefined,
  ): unknown {
    if (this.#within !== undefined) {
      return this.#within.read(bytes, start, end, owned, maxDepth, maxElements, extensions);
    }
    if (this.#depthLeft < 0) throw tooDeep(this.#maxDepth);
    const inner = new ValueReader(this.#texts);
    const depth = Math.min(maxDepth, this.#depthLeft);
    const elements = Math.min(maxElements, this.#elementsLeft);
    this.#within = inner;
    try {
      return inner.read(bytes, start, end, owned, depth, elements, extensions);
    } finally {
      this.#within = undefined;
      this.#elementsLeft -= elements - inner.#elementsLeft;
    }
  }

  /** An estimate of what the value read last takes, in bytes: as {@link decodedSize} says. */
  get decodedSize(): number {
    return decodedSize(
      this.#length,
      this.#maxElements - this.#elementsLeft,
      this.#containers,
      this.#binaries,
      this.#mapCosts.places,
    );
  }

  #value(depthLeft: number): unknown {
    const at = this.at;
    if (at >= this.end) throw tooShort();
    this.#owed--;
    const head = this.bytes[at] as number;
    this.at = at + 1;
    if (head < 0x80) return head;
    if (head < 0x90) return this.#map(head & 0x0f, depthLeft);
    if (head < 0xa0) return this.#array(head & 0x0f, depthLeft);
    if (head < 0xc0) return this.#string(head & 0x1f);
    if (head >= 0xe0) return head - 0x100;
    return this.#longValue(head, depthLeft);
  }

  /**
   * Reads a value whose head says no more than its kind. A method of its own, so that `#value` stays short enough to be
   * inlined.
   */
  #longValue(head: number, depthLeft: number): unknown {
    switch (head) {
      case 0xc0:
        return null;
      case 0xc2:
        return false;
      case 0xc3:
        return true;
      case 0xc4:
        return this.#binary(this.uint8());
      case 0xc5:
        return this.#binary(this.uint16());
      case 0xc6:
        return this.#binary(this.uint32());
      case 0xca:
        return this.float32(this.take(4));
      case 0xcb:
        return this.float64(this.take(8));
      case 0xcc:
        return this.uint8();
      case 0xcd:
        return this.uint16();
      case 0xce:
        return this.uint32();
      case 0xcf:
        return this.uint64();
      case 0xd0:
        return (this.uint8() << 24) >> 24;
      case 0xd1:
        return (this.uint16() << 16) >> 16;
      case 0xd2:
        return this.uint32() | 0;
      case 0xd3:
        return this.int64();
      case 0xd9:
        return this.#string(this.uint8());
      case 0xda:
        return this.#string(this.uint16());
      case 0xdb:
        return this.#string(this.uint32());
      case 0xdc:
        return this.#array(this.uint16(), depthLeft);
      case 0xdd:
        return this.#array(this.uint32(), depthLeft);
      case 0xde:
        return this.#map(this.uint16(), depthLeft);
      case 0xdf:
        return this.#map(this.uint32(), depthLeft);
      case 0xc1:
        throw neverUsed();
      default:
        return this.#extension(head, depthLeft);
    }
  }

  #array(length: number, depthLeft: number): unknown[] {
    this.#owe(length, depthLeft);
    // A growing array begins with seventeen places, too many where each level of nesting costs a peer one byte, and for the
    // pair that each request and each answer is. Longer arrays grow nevertheless: the engine notices then that they hold
    // numbers only, which is faster.
    if (length === 1) return [this.#value(depthLeft - 1)];
    if (this.bytes[this.at] === FLOAT) {
      const floats = this.#floats(length);
      if (floats !== undefined) return floats;
    }
    if (length === 2) return [this.#value(depthLeft - 1), this.#value(depthLeft - 1)];
    // A point in space.
    if (length === 3) {
      return [this.#value(depthLeft - 1), this.#value(depthLeft - 1), this.#value(depthLeft - 1)];
    }
    const array: unknown[] = [];
    for (let index = 0; index < length; index++) array.push(this.#value(depthLeft - 1));
    return array;
  }

  /**
   * Reads the elements of a list that begins with a float, such as a point, if all are floats of 64 bits. They go from the bytes to
   * the list, while `#value` would have to return an object for each of them.
   */
  #floats(length: number): number[] | undefined {
    const { bytes, at } = this;
    const end = at + FLOAT_SIZE * length;
    if (end > this.end) return undefined;
    for (let head = at; head < end; head += FLOAT_SIZE) if (bytes[head] !== FLOAT) return undefined;
    this.at = end;
    this.#owed -= length;
    const first = at + 1;
    if (length === 2) return [this.float64(first), this.float64(first + FLOAT_SIZE)];
    if (length === 3) {
      return [this.float64(first), this.float64(first + FLOAT_SIZE), this.float64(first + 2 * FLOAT_SIZE)];
    }
    const floats: number[] = [];
    for (let place = first; place < end; place += FLOAT_SIZE) floats.push(this.float64(place));
    return floats;
  }

  /**
   * Reads a body that is a list of two, such as each request and each answer: a number and what it is about. `#array` would do,
   * but is reached by recursion, which the engine does not inline.
   */
  #pair(depthLeft: number): [unknown, unknown] {
    this.at++;
    this.#owed = 0;
    this.#owe(2, depthLeft);
    const head = this.bytes[this.at] as number;
    if (head !== 0xce) return [this.#value(depthLeft - 1), this.#value(depthLeft - 1)];
    this.at++;
    this.#owed--;
    return [this.uint32(), this.#value(depthLeft - 1)];
  }

  #extension(head: number, depthLeft: number): unknown {
    const length =
      head >= 0xd4
        ? 1 << (head - 0xd4)
        : head === 0xc7
          ? this.uint8()
          : head === 0xc8
            ? this.uint16()
            : this.uint32();
    const type = (this.uint8() << 24) >> 24;
    const at = this.take(length);
    this.#countedRare = true;
    this.#binaries++;
    if (--this.#elementsLeft < 0) throw tooManyElements(this.#maxElements);
    if (type === TIMESTAMP_TYPE) return readTimestamp(this.bytes, at, length);
    const codec = decoderOf(this.#extensions, type);
    // What the codec decodes within it is a level deeper.
    this.#depthLeft = depthLeft - 1;
    return decodeExtension(codec, type, this.bytes, at, length);
  }

  #map(length: number, depthLeft: number): Record<string, unknown> | Map<MapKey, unknown> {
    this.#owe(2 * length, depthLeft);
    if (length === 0) return {};
    const free = this.#freePairs;
    this.#freePairs = free - length;
    if (length > MAX_PAIRS || length > free) {
      const key = free > 0 ? this.#key() : this.#countedKey(FIRST_KEY);
      return this.#restOfMap(undefined, key, 1, length, free, depthLeft);
    }
    let step = this.#nextKey(keySteps.first(length));
    // No object is made before the first key is known: it would be most of what a short `Map` costs.
    if (typeof step !== "object") return this.#restOfMap(undefined, step, 1, length, free, depthLeft);
    const map: Record<string, unknown> = {};
    let a: unknown;
    let b: unknown;
    let c: unknown;
    let d: unknown;
    for (let index = 0; ; index++) {
      const value = this.#value(depthLeft - 1);
      const place = index % GROUP_SIZE;
      if (place === 0) a = value;
      else if (place === 1) b = value;
      else if (place === 2) c = value;
      else d = value;
      const last = index === length - 1;
      if (last || place === GROUP_SIZE - 1) {
        const { store } = step;
        if (store !== undefined) store(map, step.group, a, b, c, d);
        else {
          setGroup(map, step.group, a, b, c, d);
          keySteps.used(step);
        }
        if (last) break;
      }
      const next = this.#nextKey(step);
      if (typeof next !== "object") {
        if (place < GROUP_SIZE - 1) setGroup(map, step.group, a, b, c, d);
        return this.#restOfMap(map, next, index + 2, length, free, depthLeft);
      }
      step = next;
    }
    return map;
  }

  /** Reads the key behind a step. @returns the next step, or else the key, which is `undefined` if it is no string. */
  #nextKey(after: KeyStep): KeyStep | string | undefined {
    const { next } = after;
    return next !== undefined && this.#comes(next) ? next : this.#otherKey(after);
  }

  /** Moves past the key of a step, if that is what comes. */
  #comes(step: KeyStep): boolean {
    const { bytes, at } = this;
    // They may go on behind the body. Then the value is missing that has to follow.
    if ((((bytes[at] as number) << 8) | (bytes[at + 1] as number)) !== step.begin) return false;
    const { length } = step;
    if (length > 2) {
      const word =
        ((bytes[at + 2] as number) << 24) |
        ((bytes[at + 3] as number) << 16) |
        ((bytes[at + 4] as number) << 8) |
        (bytes[at + 5] as number);
      if ((word & step.mask) !== step.word) return false;
      const { encoded } = step;
      for (let index = WORD_END; index < length; index++)
        if (bytes[at + index] !== encoded[index]) return false;
    }
    this.at = at + length;
    this.#owed--;
    return true;
  }

  /** Reads a key that is not the expected one. @returns as `#nextKey`. */
  #otherKey(after: KeyStep): KeyStep | string | undefined {
    const { bytes, at } = this;
    const likely = after.beginning(((bytes[at] as number) << 8) | (bytes[at + 1] as number));
    let step = likely;
    // Only one is compared as a whole: a peer could make many that are almost alike.
    if (step === undefined || !this.#comes(step)) {
      const key = this.#key();
      if (key === undefined || this.#digitFirst) return key;
      step = (likely === undefined ? undefined : after.to(key)) ?? this.#newStep(after, key, at);
      if (step === undefined) return key;
    }
    after.next = step;
    return step;
  }

  /** Remembers what leads to a key that begins at `start` and was just read. */
  #newStep(after: KeyStep, key: string, start: number): KeyStep | undefined {
    // Steps are told apart by two bytes, and the empty key has one.
    if (key === "" || after.full || this.#newSteps === MAX_NEW_STEPS) return undefined;
    this.#countedRare = true;
    this.#newSteps++;
    const { bytes, at } = this;
    const from = start + headLength(bytes[start] as number);
    // The one string that the engine keeps of a key. Those of one character are that already.
    const text = key.length === 1 ? key : this.#keys.find(bytes, from, at - from);
    return text === undefined ? undefined : keySteps.add(after, text, bytes.slice(start, at));
  }

  /** Reads a map from a key on that was read: the one at `index`, from 1 on. */
  #restOfMap(
    before: Record<string, unknown> | undefined,
    first: string | undefined,
    begin: number,
    length: number,
    free: number,
    depthLeft: number,
  ): Record<string, unknown> | Map<MapKey, unknown> {
    if (first === undefined) return this.#mixedMap(before, length - begin + 1, depthLeft);
    const map = before ?? {};
    let key: string | undefined = first;
    let growth: ListGrowth | undefined;
    for (let index = begin; ; index++) {
      if (this.#digitFirst) growth = this.#grow(growth, key, length);
      map[key] = this.#value(depthLeft - 1);
      if (index === length) break;
      key = index < free ? this.#key() : this.#countedKey(FURTHER_KEY);
      if (key === undefined) {
        if (growth !== undefined) this.#mapCosts.settle(growth, index, this.#length, this.#maxElements);
        return this.#mixedMap(map, length - index, depthLeft);
      }
    }
    if (growth !== undefined) this.#mapCosts.settle(growth, length, this.#length, this.#maxElements);
    return map;
  }

  /** Reads the rest of a map from its first key on that is no string. */
  #mixedMap(
    first: Readonly<Record<string, unknown>> | undefined,
    length: number,
    depthLeft: number,
  ): Map<MapKey, unknown> {
    this.#countedRare = true;
    if (first === undefined && length === 1) return this.#mapOfOne(depthLeft);
    const mixed = new MixedMap(first);
    for (let index = 0; index < length; index++) {
      const key = this.#mixedKey();
      this.#mapCosts.compare(mixed.cost(key), this.#maxElements);
      mixed.set(key, this.#value(depthLeft - 1));
    }
    return mixed.map;
  }

  /** Reads a map of one key, which is no string: there is nothing to compare it with. */
  #mapOfOne(depthLeft: number): Map<MapKey, unknown> {
    const key = this.#mixedKey();
    this.#mapCosts.compare(1, this.#maxElements);
    return new Map().set(key, this.#value(depthLeft - 1));
  }

  #mixedKey(): MapKey {
    const key = this.#key();
    if (key !== undefined) return key;
    const head = this.bytes[this.at] as number;
    if (!beginsLikeKey(head)) throw keyOfOtherKind();
    if (beginsLikeBinary(head)) this.#takeElements(BINARY_KEY);
    const value = this.#value(0) as MapKey;
    if (typeof value === "bigint") this.#takeElements(LONG_INTEGER_KEY);
    return value;
  }

  #takeElements(count: number): void {
    this.#elementsLeft -= count;
    if (this.#elementsLeft < 0) throw tooManyElements(this.#maxElements);
  }

  #grow(growth: ListGrowth | undefined, key: string, length: number): ListGrowth | undefined {
    this.#digitFirst = false;
    const index = listIndex(key);
    if (index < 0) return growth;
    this.#countedRare = true;
    if (length === 1) {
      this.#mapCosts.settleOne(index, this.#length, this.#maxElements);
      return undefined;
    }
    return this.#mapCosts.grow(growth, index, this.#maxElements);
  }

  /** Reads a key that is a string. @returns `undefined` if it is none; nothing was read then. */
  #key(): string | undefined {
    const at = this.at;
    if (at >= this.end) throw tooShort();
    this.#owed--;
    const head = this.bytes[at] as number;
    this.at = at + 1;
    let length: number;
    if ((head & 0xe0) === 0xa0) length = head & 0x1f;
    else if (head === 0xd9) length = this.uint8();
    else if (head === 0xda) length = this.uint16();
    else if (head === 0xdb) length = this.uint32();
    else {
      this.#owed++;
      this.at = at;
      return undefined;
    }
    const start = this.at;
    if (beginsLikeIndex(this.bytes[start] as number)) this.#digitFirst = true;
    if (length === 1 && start < this.end && (this.bytes[start] as number) < 0x80) {
      // The engine has a table of texts of one character.
      this.at = start + 1;
      return fromCharCode(this.bytes[start] as number);
    }
    const known = start + length <= this.end ? this.#keys.find(this.bytes, start, length) : undefined;
    if (known !== undefined) {
      this.at = start + length;
      return known;
    }
    const key = this.#string(length);
    if (key === "__proto__") throw protoKey();
    this.#keys.add(this.bytes, start, length, key);
    return key;
  }

  /** As `#key`, in a body with very many pairs, where a new key counts `weight`. */
  #countedKey(weight: number): string | undefined {
    const at = this.at;
    const key = this.#key();
    if (key === undefined) return undefined;
    this.#countedRare = true;
    this.#newKeys ??= new NewKeys(this.#maxElements);
    const start = at + headLength(this.bytes[at] as number);
    this.#newKeys.add(this.bytes, start, this.at - start, weight);
    return key;
  }

  #owe(elements: number, depthLeft: number): void {
    // An empty container may stand as deep as a scalar, since encoders count it so.
    if (depthLeft === 0 && elements > 0) throw tooDeep(this.#maxDepth);
    this.#containers++;
    this.#owed += elements;
    const left = this.end - this.at;
    if (this.#owed > left) throw announcesTooMuch(this.#owed, left);
    // Once decoded, an element takes many times its one byte, which compression makes even less.
    this.#elementsLeft -= elements;
    if (this.#elementsLeft < 0) throw tooManyElements(this.#maxElements);
  }

  #binary(length: number): Uint8Array {
    const start = this.take(length);
    const end = start + length;
    const bytes = this.bytes;
    this.#countedRare = true;
    this.#binaries++;
    // A binary value counts as an element more, since its view and its buffer take as much memory as two.
    if (--this.#elementsLeft < 0) throw tooManyElements(this.#maxElements);
    // A view keeps the whole buffer in memory, so that it has to be most of it.
    return this.#owned && 2 * length >= bytes.buffer.byteLength
      ? bytes.subarray(start, end)
      : bytes.slice(start, end);
  }

  #string(length: number): string {
    const start = this.take(length);
    const bytes = this.bytes;
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
      // The error of the platform says no more than this one.
      throw notUtf8();
    }
  }
}
