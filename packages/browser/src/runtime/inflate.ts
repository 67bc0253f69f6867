import { BadDataError, DecompressLimitError } from "@peng3dnet/peer";
import { HuffmanCodes, MAX_BITS, TABLE_BITS } from "./huffman.js";

/** Shortest buffer for a result, in bytes. */
const LEAST_ROOM = 256;
/** The symbol that ends a block. */
const END_OF_BLOCK = 256;
/** Most symbols for bytes and lengths that a block may declare. */
const MAX_LENGTH_SYMBOLS = 286;
/** Most symbols for distances that a block may declare. */
const MAX_DISTANCE_SYMBOLS = 30;
/** The order in which a block has the lengths of the codes that its code lengths are written in. */
const LENGTH_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

const ADLER_MODULUS = 65_521;
/** Bytes that can be added up before a sum has to be reduced. */
const ADLER_RUN = 3800;

interface Codes {
  readonly lengths: HuffmanCodes;
  readonly distances: HuffmanCodes;
}

let fixed: Codes | undefined;

/** The codes that blocks without codes of their own use. */
function fixedCodes(): Codes {
  if (fixed === undefined) {
    const lengths = new Uint8Array(288).fill(8, 0, 144).fill(9, 144, 256).fill(7, 256, 280).fill(8, 280);
    const distances = new Uint8Array(32).fill(5);
    fixed = { lengths: new HuffmanCodes(), distances: new HuffmanCodes() };
    fixed.lengths.set(lengths, 0, lengths.length, "complete");
    fixed.distances.set(distances, 0, distances.length, "complete");
  }
  return fixed;
}

/** What blocks with codes of their own set, each anew. */
interface OwnCodes extends Codes {
  /** The codes that the lengths of the other codes travel in. */
  readonly ofCodeLengths: HuffmanCodes;
  /** The lengths of the codes for lengths, and then of those for distances. */
  readonly codeLengths: Uint8Array;
}

let own: OwnCodes | undefined;

/** One for all streams, since only one is inflated at a time. */
function ownCodes(): OwnCodes {
  own ??= {
    lengths: new HuffmanCodes(),
    distances: new HuffmanCodes(),
    ofCodeLengths: new HuffmanCodes(),
    codeLengths: new Uint8Array(MAX_LENGTH_SYMBOLS + MAX_DISTANCE_SYMBOLS),
  };
  return own;
}

function bad(what: string): BadDataError {
  return new BadDataError(`a compressed body is not a zlib stream: ${what}`);
}

/** Base and extra bits of the lengths from symbol 257 on: 3 to 258. */
function lengthBase(index: number): number {
  if (index < 8) return index + 3;
  if (index === 28) return 258;
  return ((4 + (index & 3)) << lengthExtra(index)) + 3;
}

function lengthExtra(index: number): number {
  return index < 8 || index === 28 ? 0 : (index >> 2) - 1;
}

/** The checksum of zlib streams. */
function adler32(bytes: Uint8Array, end: number): number {
  let a = 1;
  let b = 0;
  for (let at = 0; at < end; ) {
    const stop = Math.min(end, at + ADLER_RUN);
    for (; at < stop; at++) {
      a += bytes[at] as number;
      b += a;
    }
    a %= ADLER_MODULUS;
    b %= ADLER_MODULUS;
  }
  return ((b << 16) | a) >>> 0;
}

/**
 * Inflates one zlib stream (RFC 1950, 1951). It refuses what Node's zlib refuses, and makes no byte beyond its limit, which
 * libraries for browsers do not promise.
 */
class Inflater {
  readonly #input: Uint8Array;
  readonly #limit: number;
  #at = 0;
  /** Bits that were taken from the input, the next one last. */
  #hold = 0;
  /** How many bits these are. */
  #count = 0;
  #output: Uint8Array;
  #size = 0;

  constructor(input: Uint8Array, limit: number) {
    this.#input = input;
    this.#limit = limit;
    this.#output = new Uint8Array(Math.min(limit, Math.max(LEAST_ROOM, 4 * input.length)));
  }

  run(): Uint8Array {
    this.#header();
    let last: number;
    do {
      last = this.#bits(1);
      const type = this.#bits(2);
      if (type === 0) this.#stored();
      else if (type === 1) this.#compressed(fixedCodes());
      else if (type === 2) this.#compressed(this.#codes());
      else throw bad("there is no such type of block");
    } while (last === 0);
    this.#toByte();
    let sum = 0;
    for (let count = 0; count < 4; count++) sum = (sum << 8) | this.#byte();
    if (sum >>> 0 !== adler32(this.#output, this.#size)) throw bad("its checksum is wrong");
    const more = this.#input.length - this.#at;
    if (more > 0) throw new BadDataError(`${more} bytes follow the zlib stream in a body`);
    return this.#size === this.#output.length ? this.#output : this.#output.slice(0, this.#size);
  }

  #header(): void {
    const method = this.#byte();
    const flags = this.#byte();
    if (((method << 8) | flags) % 31 !== 0) throw bad("its header is wrong");
    if ((method & 15) !== 8) throw bad("its method is none that is known");
    if (method >> 4 > 7) throw bad("its window is too large");
    if ((flags & 32) !== 0) throw bad("it needs a dictionary");
  }

  #stored(): void {
    this.#toByte();
    const length = this.#byte() | (this.#byte() << 8);
    const inverted = this.#byte() | (this.#byte() << 8);
    if (length !== (~inverted & 0xffff)) throw bad("the length of a stored block is wrong");
    const end = this.#at + length;
    if (end > this.#input.length) throw bad("it ends too early");
    this.#reserve(length);
    this.#output.set(this.#input.subarray(this.#at, end), this.#size);
    this.#size += length;
    this.#at = end;
  }

  /** The codes that a block brings along. */
  #codes(): Codes {
    const lengthCount = this.#bits(5) + 257;
    const distanceCount = this.#bits(5) + 1;
    const orderCount = this.#bits(4) + 4;
    if (lengthCount > MAX_LENGTH_SYMBOLS || distanceCount > MAX_DISTANCE_SYMBOLS)
      throw bad("a block has too many codes");
    const codes = ownCodes();
    const lengths = codes.codeLengths.fill(0);
    for (let at = 0; at < orderCount; at++) lengths[LENGTH_ORDER[at] as number] = this.#bits(3);
    codes.ofCodeLengths.set(lengths, 0, LENGTH_ORDER.length, "complete");
    lengths.fill(0);
    const total = lengthCount + distanceCount;
    for (let at = 0; at < total; ) {
      const symbol = this.#symbol(codes.ofCodeLengths);
      if (symbol < 16) {
        lengths[at++] = symbol;
        continue;
      }
      if (symbol === 16 && at === 0) throw bad("a length is repeated that is not there");
      const repeated = symbol === 16 ? (lengths[at - 1] as number) : 0;
      const times =
        symbol === 16 ? 3 + this.#bits(2) : symbol === 17 ? 3 + this.#bits(3) : 11 + this.#bits(7);
      if (at + times > total) throw bad("a length is repeated too often");
      lengths.fill(repeated, at, at + times);
      at += times;
    }
    if (lengths[END_OF_BLOCK] === 0) throw bad("a block has no end");
    codes.lengths.set(lengths, 0, lengthCount, "single");
    codes.distances.set(lengths, lengthCount, total, "single");
    return codes;
  }

  #compressed({ lengths, distances }: Codes): void {
    for (;;) {
      const symbol = this.#symbol(lengths);
      if (symbol < END_OF_BLOCK) {
        if (this.#size === this.#output.length) this.#reserve(1);
        this.#output[this.#size++] = symbol;
        continue;
      }
      if (symbol === END_OF_BLOCK) return;
      const index = symbol - 257;
      if (index > 28) throw bad("a length is none");
      const length = lengthBase(index) + this.#bits(lengthExtra(index));
      const code = this.#symbol(distances);
      if (code > 29) throw bad("a distance is none");
      const extra = code < 2 ? 0 : (code >> 1) - 1;
      const distance = (code < 2 ? code : (2 + (code & 1)) << extra) + 1 + this.#bits(extra);
      if (distance > this.#size) throw bad("a distance is too large");
      this.#copy(distance, length);
    }
  }

  #copy(distance: number, length: number): void {
    this.#reserve(length);
    const output = this.#output;
    const end = this.#size + length;
    // One at a time, as the part to copy may overlap with where it goes.
    for (let at = this.#size; at < end; at++) output[at] = output[at - distance] as number;
    this.#size = end;
  }

  #reserve(length: number): void {
    const needed = this.#size + length;
    if (needed > this.#limit) {
      throw new DecompressLimitError(
        `a compressed body inflates to more than the ${this.#limit} bytes allowed; raise net.limits.inflated, or before the handshake is complete net.limits.inflated.handshake, if such packets are expected`,
      );
    }
    if (needed <= this.#output.length) return;
    const longer = new Uint8Array(Math.min(this.#limit, Math.max(needed, 2 * this.#output.length)));
    longer.set(this.#output.subarray(0, this.#size));
    this.#output = longer;
  }

  #symbol(codes: HuffmanCodes): number {
    while (this.#count < TABLE_BITS && this.#at < this.#input.length) this.#take();
    let entry = codes.table[this.#hold & ((1 << TABLE_BITS) - 1)] as number;
    if (entry === 0) {
      while (this.#count < MAX_BITS && this.#at < this.#input.length) this.#take();
      entry = codes.find(this.#hold);
    }
    const length = entry & 15;
    if (length === 0) throw bad("a code is none");
    if (length > this.#count) throw bad("it ends too early");
    this.#hold >>>= length;
    this.#count -= length;
    return entry >> 4;
  }

  #bits(count: number): number {
    while (this.#count < count) {
      if (this.#at === this.#input.length) throw bad("it ends too early");
      this.#take();
    }
    const value = this.#hold & ((1 << count) - 1);
    this.#hold >>>= count;
    this.#count -= count;
    return value;
  }

  #take(): void {
    this.#hold |= (this.#input[this.#at++] as number) << this.#count;
    this.#count += 8;
  }

  /** Goes to where the next byte begins, with nothing on hold. */
  #toByte(): void {
    this.#at -= this.#count >> 3;
    this.#hold = 0;
    this.#count = 0;
  }

  #byte(): number {
    if (this.#at === this.#input.length) throw bad("it ends too early");
    return this.#input[this.#at++] as number;
  }
}

/**
 * What a zlib stream holds, in memory of its own.
 *
 * @param limit - longest result, in bytes; not a byte more is made.
 * @throws {@link DecompressLimitError}, {@link BadDataError} if the bytes are not exactly one zlib stream.
 */
export function inflate(bytes: Uint8Array, limit: number): Uint8Array {
  return new Inflater(bytes, limit).run();
}
