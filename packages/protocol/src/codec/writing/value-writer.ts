import { EncodeError } from "../../errors/errors.js";
import { BufferPool } from "../../framing/buffer-pool.js";
import { type ExtensionCodec, encodeExtension } from "../extension-codec.js";
import { fits64Bits } from "../integers.js";
import { createTextWriter } from "../platform-text.js";
import { BINARY_KEY, LONG_INTEGER_KEY } from "../reading/map-keys.js";
import { TIMESTAMP_TYPE, timeOfDate, timestampData } from "../timestamp.js";
import { ByteWriter, HEAD_ROOM, SCALAR_ROOM } from "./byte-writer.js";
import { elementOf } from "./list-element.js";
import { checkKey, entriesOf, protoKey } from "./map-entries.js";
import { checkEmpty, checkFields, kindOf } from "./sendable.js";
import { locate } from "./unsendable.js";
import { BYTES_PER_UNIT, writeUtf8 } from "./utf8.js";

/** Longest text that is written by a loop. For longer ones the platform's encoder is faster. */
const SHORT_TEXT = 40;
/** The lengths of extension values that have a head of their own. */
const FIXED_LENGTHS: readonly number[] = [1, 2, 4, 8, 16];

const TWO_TO_32 = 0x100000000;
const ownProperty = Object.prototype.hasOwnProperty;

/**
 * An encoder of values, which writes them into a buffer, in place (clause 1).
 *
 * Integers take the shortest form, as `bigint` up to 64 bits. -0 and numbers that are not whole are floats of 64 bits.
 * `undefined` is nil, but a key of a map whose value is `undefined` is left out. Lone surrogates become U+FFFD, since a
 * Python peer refuses them. A `Date` is a timestamp. A `Map` with keys that are strings, integers or binary is a map.
 */
export class ValueWriter extends ByteWriter {
  readonly #maxDepth: number;
  readonly #maxElements: number;
  readonly #extensions: ExtensionCodec | undefined;
  readonly #encoder = createTextWriter();
  /** Whether a value is being written. */
  #writing = false;
  /** Elements that containers may still have. */
  #elementsLeft = 0;

  /**
   * @param maxDepth - how deep containers may nest; default 512.
   * @param maxElements - elements of all containers together, two for a pair of a map, a binary or an extension value;
   * default 1,048,576.
   * @param pool - lends longer buffers.
   * @param extensions - encodes objects of the application.
   */
  constructor(
    maxDepth = 512,
    maxElements = 1024 * 1024,
    pool = new BufferPool(0),
    extensions?: ExtensionCodec,
  ) {
    super(pool);
    this.#extensions = extensions;
    this.#maxDepth = maxDepth;
    this.#maxElements = maxElements;
  }

  /** This writer, or a new one if this one is at work, as when a getter of the value that it writes sends something. */
  idle(): ValueWriter {
    if (!this.#writing) return this;
    return new ValueWriter(this.#maxDepth, this.#maxElements, this.pool, this.#extensions);
  }

  /**
   * Writes a value into `bytes`, `headroom` bytes behind `start`. If there is too little room, it goes on in a
   * longer buffer, to which everything from `keep` on is copied.
   *
   * @throws {@link EncodeError} if the value cannot be represented, is nested too deep or has too many elements.
   */
  write(value: unknown, bytes: Uint8Array, start: number, headroom: number, keep = start): void {
    this.begin(bytes, start, headroom, keep);
    this.#elementsLeft = this.#maxElements;
    this.#writing = true;
    try {
      if (Array.isArray(value) && value.length === 2) this.#pair(value, this.#maxDepth);
      else this.#value(value, this.#maxDepth);
    } catch (error) {
      this.release();
      throw locate(error, value, this.#maxDepth, this.#maxElements, this.#extensions);
    } finally {
      this.#writing = false;
    }
  }

  #value(value: unknown, depthLeft: number): void {
    // Not a switch, for which the engine makes the name of the type by a call: "What helps" in docs/performance.
    if (typeof value === "string") this.#text(value);
    else if (typeof value === "number") this.#number(value);
    else if (typeof value === "boolean") this.byte(value ? 0xc3 : 0xc2);
    else if (value === null || typeof value === "undefined") this.byte(0xc0);
    else if (typeof value === "object") this.#object(value, depthLeft);
    else if (typeof value === "bigint") this.#bigint(value);
    else throw new EncodeError(`the value cannot be encoded: a ${typeof value} cannot be sent`);
  }

  #object(object: object, depthLeft: number): void {
    if (Array.isArray(object)) this.#array(object, depthLeft);
    else if (ArrayBuffer.isView(object)) this.#binary(object);
    else this.#map(object, depthLeft);
  }

  /**
   * Writes a list of two that is the whole value, such as each request and each answer. `#array` would do, but is reached by
   * recursion, which the engine does not inline.
   */
  #pair(pair: readonly unknown[], depthLeft: number): void {
    this.#count(2, depthLeft);
    this.byte(0x92);
    this.#value(pair[0], depthLeft - 1);
    this.#value(pair[1], depthLeft - 1);
  }

  #array(array: readonly unknown[], depthLeft: number): void {
    // That of a proxy may be anything.
    const length = array.length >>> 0;
    this.#count(length, depthLeft);
    this.head(length, 0x90, 16, 0xdc);
    if (length === 0) return;
    const first = elementOf(array, 0);
    if (typeof first === "number" && !Number.isInteger(first)) {
      this.#floats(array, length, first, depthLeft);
      return;
    }
    this.#value(first, depthLeft - 1);
    for (let index = 1; index < length; index++) this.#value(elementOf(array, index), depthLeft - 1);
  }

  /** Writes the elements of a list that begins with a float. Nearly always all are numbers, so that it meets one kind of list. */
  #floats(array: readonly unknown[], length: number, first: number, depthLeft: number): void {
    this.#number(first);
    for (let index = 1; index < length; index++) {
      const element = array[index];
      if (typeof element === "number") this.#number(element);
      else this.#value(element, depthLeft - 1);
    }
  }

  #map(map: object, depthLeft: number): void {
    // Asking for the constructor is faster than for the prototype: "Call the engine's run time" in docs/performance.
    if (map.constructor !== Object && this.#special(map, depthLeft)) return;
    const head = this.#mapHead();
    let length = 0;
    // A loop of this kind is fastest: "Loop over a map's keys" in docs/performance.
    for (const key in map) {
      if (!ownProperty.call(map, key)) continue;
      const value = (map as Record<string, unknown>)[key];
      // The receiver would find null where the sender has nothing.
      if (value === undefined) continue;
      length++;
      this.#entry(key, value, depthLeft);
    }
    // An iterator inherits the constructor of plain objects, too, and looks like an empty one.
    if (length === 0) checkEmpty(map);
    this.#endMap(head, length);
  }

  /**
   * Writes a map without a prototype. The engine mostly stores such a one as a table, and would have the loop for all other maps
   * ready for tables, too: "Keep tables away from maps" in docs/performance.
   */
  #table(table: object, depthLeft: number): void {
    const head = this.#mapHead();
    let length = 0;
    for (const [key, value] of Object.entries(table)) {
      if (value === undefined) continue;
      length++;
      this.#entry(key, value, depthLeft);
    }
    this.#endMap(head, length);
  }

  #entry(key: string, value: unknown, depthLeft: number): void {
    if (key === "__proto__") throw protoKey();
    this.#count(2, depthLeft);
    this.#text(key);
    this.#value(value, depthLeft - 1);
  }

  /** Writes a map without a prototype, or an object of a class that does not travel by its fields. @returns false if it is neither. */
  #special(object: object, depthLeft: number): boolean {
    if (Object.getPrototypeOf(object) === null) {
      this.#table(object, depthLeft);
      return true;
    }
    const { plain, builtIn } = kindOf(object);
    if (plain) return false;
    if (this.#extensions !== undefined) {
      const made = encodeExtension(this.#extensions, object);
      if (made !== undefined) {
        this.#extension(made.type, made.data);
        return true;
      }
    }
    if (builtIn === "Date") this.#timestamp(timeOfDate(object));
    else if (builtIn === "Map") this.#mixedMap(object, depthLeft);
    else checkFields(object);
    return builtIn !== undefined;
  }

  #mixedMap(map: object, depthLeft: number): void {
    const head = this.#mapHead();
    let length = 0;
    for (const [key, value] of entriesOf(map)) {
      length++;
      checkKey(key);
      this.#count(2, depthLeft);
      // These take the peer longer than other keys.
      if (typeof key === "object") this.#take(BINARY_KEY);
      else if (typeof key === "bigint" && !Number.isSafeInteger(Number(key))) this.#take(LONG_INTEGER_KEY);
      this.#value(key, 0);
      this.#value(value, depthLeft - 1);
    }
    this.#endMap(head, length);
  }

  #timestamp(time: number): void {
    const data = timestampData(time);
    this.#extensionHead(TIMESTAMP_TYPE, 4 * data.length);
    for (const part of data) this.uint32(part);
  }

  #extension(type: number, { buffer, byteOffset, byteLength }: ArrayBufferView): void {
    this.#extensionHead(type, byteLength);
    this.bytes.set(new Uint8Array(buffer, byteOffset, byteLength), this.end);
    this.end += byteLength;
  }

  /** Writes the head of an extension value, and makes room for its data. */
  #extensionHead(type: number, length: number): void {
    this.#take(1);
    this.reserve(HEAD_ROOM + 1 + length);
    const fixed = FIXED_LENGTHS.indexOf(length);
    if (fixed >= 0) this.bytes[this.end++] = 0xd4 + fixed;
    else if (length < 0x100) this.put1(0xc7, length);
    else this.longHead(length, 0xc8);
    this.bytes[this.end++] = type;
  }

  /** Leaves a byte for the head of a map. @returns how many bytes behind the start it is. */
  #mapHead(): number {
    this.reserve(1);
    return this.end++ - this.start;
  }

  /** Writes the head of a map into the byte that was left for it. */
  #endMap(head: number, length: number): void {
    if (length < 16) this.bytes[this.start + head] = 0x80 | length;
    else this.#longMapHead(head, length);
  }

  /** Writes the head of a long map over the one byte that was left for it, `head` bytes behind the start. */
  #longMapHead(head: number, length: number): void {
    const more = length < 0x10000 ? 2 : 4;
    this.reserve(more);
    const { bytes, end } = this;
    this.end = this.start + head;
    bytes.copyWithin(this.end + 1 + more, this.end + 1, end);
    this.longHead(length, 0xde);
    this.end = end + more;
  }

  /** Counts elements of a container. @throws {@link EncodeError} if it is too deep, or there are too many. */
  #count(elements: number, depthLeft: number): void {
    // An empty container may stand as deep as a scalar, since the reader counts it so, too.
    if (depthLeft === 0 && elements > 0) {
      throw new EncodeError(
        "the value is nested too deep, or contains itself; net.limits.depth is how deep it may be",
      );
    }
    this.#take(elements);
  }

  #take(elements: number): void {
    this.#elementsLeft -= elements;
    if (this.#elementsLeft < 0) {
      throw new EncodeError(
        `the value has more than the ${this.#maxElements} elements of net.limits.elements; send it in parts`,
      );
    }
  }

  #binary(view: ArrayBufferView): void {
    this.#take(1);
    const { byteLength } = view;
    this.reserve(HEAD_ROOM + byteLength);
    if (byteLength < 0x100) this.put1(0xc4, byteLength);
    else this.longHead(byteLength, 0xc5);
    this.bytes.set(new Uint8Array(view.buffer, view.byteOffset, byteLength), this.end);
    this.end += byteLength;
  }

  #number(value: number): void {
    this.reserve(SCALAR_ROOM);
    // An integer of 32 bits, and not -0.
    if ((value | 0) === value && (value !== 0 || 1 / value > 0)) this.int32(value);
    else if (value > 0 && Number.isSafeInteger(value)) this.positive(value);
    else if (value < 0 && Number.isSafeInteger(value)) {
      this.put4(0xd3, Math.floor(value / TWO_TO_32));
      this.uint32(value);
    } else this.float64(value);
  }

  #bigint(value: bigint): void {
    if (!fits64Bits(value)) {
      throw new EncodeError(`the integer ${value} does not fit 64 bits; send it as a string`);
    }
    const number = Number(value);
    if (Number.isSafeInteger(number)) {
      this.#number(number);
      return;
    }
    this.reserve(SCALAR_ROOM);
    this.put4(value > 0n ? 0xcf : 0xd3, Number(BigInt.asIntN(32, value >> 32n)));
    this.uint32(Number(BigInt.asIntN(32, value)));
  }

  #text(text: string): void {
    const { length } = text;
    if (length > SHORT_TEXT) {
      this.#longText(text);
      return;
    }
    this.reserve(HEAD_ROOM + BYTES_PER_UNIT * length);
    // Nearly all short texts take a byte for each unit, so that the head can be written first.
    const { bytes, end: head } = this;
    const start = this.#textHead(length);
    for (let index = 0; index < length; index++) {
      const unit = text.charCodeAt(index);
      if (unit >= 0x80) {
        this.#endText(head, start, writeUtf8(text, index, bytes, start + index));
        return;
      }
      bytes[start + index] = unit;
    }
    this.end = start + length;
  }

  /** Writes the head of a text of so many bytes and returns where the text begins. */
  #textHead(length: number): number {
    if (length < 32) this.bytes[this.end++] = 0xa0 | length;
    else if (length < 0x100) this.put1(0xd9, length);
    else this.longHead(length, 0xda);
    return this.end;
  }

  #longText(text: string): void {
    // Most texts take a byte for each unit, and room for three would be held as long as the packet waits.
    this.reserve(HEAD_ROOM + text.length);
    if (this.#fits(text)) return;
    this.reserve(HEAD_ROOM + BYTES_PER_UNIT * text.length);
    this.#fits(text);
  }

  /** Writes a long text, if there is room for all of it. @returns whether there was. */
  #fits(text: string): boolean {
    const { bytes, end: head } = this;
    const guessed = textHeadSize(text.length);
    const room = bytes.subarray(head + guessed, bytes.length - HEAD_ROOM + guessed);
    const { read, written } = this.#encoder.encodeInto(text, room);
    if (read < text.length) return false;
    this.#endText(head, head + guessed, head + guessed + written);
    return true;
  }

  /** Writes the head of a text into the room that was left for it, and moves the text if that is not as long. */
  #endText(head: number, start: number, end: number): void {
    const size = end - start;
    const place = head + textHeadSize(size);
    if (place !== start) this.bytes.copyWithin(place, start, end);
    this.end = head;
    this.end = this.#textHead(size) + size;
  }
}

/** Length of the head of a text of so many bytes. */
function textHeadSize(length: number): number {
  if (length < 0x20) return 1;
  if (length < 0x100) return 2;
  return length < 0x10000 ? 3 : HEAD_ROOM;
}
