// Blocks that bring codes of their own, as long as codes may be: they are read as Node's zlib reads them, and cost little.

import { deflateSync } from "node:zlib";
import { browserPlatform, type Compression } from "@peng3dnet/browser";
import { nodePlatform } from "@peng3dnet/core";

const LIMIT = 1 << 20;
const MAX_BITS = 15;
const END_OF_BLOCK = 256;

const { inflate } = browserPlatform.compression(-1) as Compression;
const byNode = (nodePlatform.compression(-1) as Compression).inflate;

/** What a call returns, or the code of what it throws. */
function outcome(call: () => Uint8Array): string {
  try {
    return Buffer.from(call()).toString("hex");
  } catch (error) {
    return (error as { code: string }).code;
  }
}

/** Packs bits; those of numbers go from the last one on, those of codes from the first one on. */
class Bits {
  readonly #bytes: number[] = [];
  #used = 8;

  number(value: number, count: number): void {
    for (let bit = 0; bit < count; bit++) {
      if (this.#used === 8) {
        this.#bytes.push(0);
        this.#used = 0;
      }
      const last = this.#bytes.length - 1;
      this.#bytes[last] = (this.#bytes[last] as number) | (((value >> bit) & 1) << this.#used++);
    }
  }

  code(value: number, count: number): void {
    for (let bit = count - 1; bit >= 0; bit--) this.number(value >> bit, 1);
  }

  get length(): number {
    return this.#bytes.length;
  }

  toStream(checksum: readonly number[]): Uint8Array {
    return Uint8Array.from([0x78, 0x9c, ...this.#bytes, ...checksum]);
  }
}

/** The codes of symbols, by the lengths of them. */
function codesOf(lengths: readonly number[]): number[] {
  let code = 0;
  const codes: number[] = [];
  for (let length = 1; length <= MAX_BITS; length++, code <<= 1)
    for (const [symbol, each] of lengths.entries()) if (each === length) codes[symbol] = code++;
  return codes;
}

/** The end of a block has one bit, the bytes from 242 on have 2 to 15, and a copy of three bytes has 15. */
const FIRST_BYTE = 242;
const COPY = 257;
const LENGTHS = Array.from({ length: COPY + 1 }, (_, symbol) => {
  if (symbol < FIRST_BYTE) return 0;
  return symbol < END_OF_BLOCK ? symbol - FIRST_BYTE + 2 : symbol === END_OF_BLOCK ? 1 : MAX_BITS;
});
const DISTANCES = Array.from({ length: 16 }, (_, symbol) => Math.min(symbol + 1, MAX_BITS));
const CODES = codesOf(LENGTHS);
const DISTANCE_CODES = codesOf(DISTANCES);
/** In which order the lengths of the codes travel that lengths travel in. */
const ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/** Begins a block that brings these codes. Lengths from 1 to 15 and 18, a run of zeros, travel in four bits each. */
function begin(bits: Bits, last: boolean): void {
  bits.number(last ? 1 : 0, 1);
  bits.number(2, 2);
  bits.number(LENGTHS.length - 257, 5);
  bits.number(DISTANCES.length - 1, 5);
  bits.number(ORDER.length - 4, 4);
  for (const symbol of ORDER) bits.number(symbol === 18 || (symbol >= 1 && symbol <= 15) ? 4 : 0, 3);
  for (const zeros of [138, FIRST_BYTE - 138]) {
    bits.code(15, 4);
    bits.number(zeros - 11, 7);
  }
  for (const length of [...LENGTHS.slice(FIRST_BYTE), ...DISTANCES]) bits.code(length - 1, 4);
}

function put(bits: Bits, which: number): void {
  bits.code(CODES[which] as number, LENGTHS[which] as number);
}

/** Copies three bytes, from so far back as this symbol of a distance and its further bits say. */
function copy(bits: Bits, distance: number, more: number): void {
  put(bits, COPY);
  bits.code(DISTANCE_CODES[distance] as number, DISTANCES[distance] as number);
  bits.number(more, distance < 2 ? 0 : (distance >> 1) - 1);
}

/** At least so many bytes of blocks that bring their codes and hold nothing. */
function emptyBlocks(length: number): Uint8Array {
  const bits = new Bits();
  while (bits.length < length) {
    begin(bits, false);
    put(bits, END_OF_BLOCK);
  }
  begin(bits, true);
  put(bits, END_OF_BLOCK);
  return bits.toStream([0, 0, 0, 1]);
}

/** The checksum of a zlib stream. */
function adler(content: Uint8Array): number[] {
  let a = 1;
  let b = 0;
  for (const byte of content) {
    a = (a + byte) % 65_521;
    b = (b + a) % 65_521;
  }
  return [b >> 8, b & 255, a >> 8, a & 255];
}

/** A stream of two blocks with every one of their codes, and what it holds. */
function everyCode(): { stream: Uint8Array; content: Uint8Array } {
  const bits = new Bits();
  const content: number[] = [];
  for (const last of [false, true]) {
    begin(bits, last);
    for (let at = 0; at < 280; at++) {
      const byte = FIRST_BYTE + ((at * at) % 14);
      put(bits, byte);
      content.push(byte);
    }
    for (let distance = 0; distance < DISTANCES.length; distance++) {
      copy(bits, distance, 0);
      const base = distance < 2 ? distance : (2 + (distance & 1)) << ((distance >> 1) - 1);
      for (let count = 0; count < 3; count++) content.push(content[content.length - base - 1] as number);
    }
    put(bits, END_OF_BLOCK);
  }
  return { stream: bits.toStream(adler(Uint8Array.from(content))), content: Uint8Array.from(content) };
}

test("codes of every length, of bytes, lengths and distances, are read as Node reads them", () => {
  const { stream, content } = everyCode();
  expect(Buffer.from(byNode(stream, LIMIT)).equals(content)).toBe(true);
  expect(Buffer.from(inflate(stream, LIMIT)).equals(content)).toBe(true);
});

test("wherever a stream with codes of 15 bits is cut or has a bit turned, it goes by Node's zlib", () => {
  const { stream } = everyCode();
  for (let end = 0; end < stream.length; end++) {
    const cut = stream.subarray(0, end);
    expect(outcome(() => inflate(cut, LIMIT))).toBe(outcome(() => byNode(cut, LIMIT)));
  }
  // Every third one, as 8 is no multiple of it: each bit of a byte has its turn.
  for (let at = 0; at < 8 * stream.length; at += 3) {
    const turned = Uint8Array.from(stream);
    turned[at >> 3] = (turned[at >> 3] as number) ^ (1 << (at & 7));
    expect(outcome(() => inflate(turned, LIMIT))).toBe(outcome(() => byNode(turned, LIMIT)));
  }
});

test("a stream that is refused leaves nothing behind for the next one", () => {
  const { stream, content } = everyCode();
  const ordinary = Uint8Array.from(deflateSync(Buffer.from("a text that is a text ".repeat(20))));
  for (let end = 0; end < stream.length; end += 7) {
    expect(() => inflate(stream.subarray(0, end), LIMIT)).toThrow();
    expect(Buffer.from(inflate(ordinary, LIMIT)).equals(byNode(ordinary, LIMIT))).toBe(true);
  }
  expect(Buffer.from(inflate(stream, LIMIT)).equals(content)).toBe(true);
});

test("blocks that bring codes of 15 bits and hold nothing allocate nothing each", () => {
  const few = emptyBlocks(1000);
  const many = emptyBlocks(20_000);
  expect(inflate(few, LIMIT)).toHaveLength(0);
  // What is made for a result is by the length of the stream, whatever is in it.
  const made = (stream: Uint8Array): number => arraysMade(() => inflate(stream, LIMIT));
  expect(made(many)).toBe(made(few));
});

/** How many arrays of bytes and of 16-bit numbers a call makes. */
function arraysMade(call: () => unknown): number {
  const { Uint8Array: Bytes, Uint16Array: Numbers } = globalThis;
  let made = 0;
  const counting = <T extends new (...args: never[]) => object>(original: T): T =>
    new Proxy(original, {
      construct(target, args, newTarget) {
        made++;
        return Reflect.construct(target, args, newTarget) as object;
      },
    });
  globalThis.Uint8Array = counting(Bytes);
  globalThis.Uint16Array = counting(Numbers);
  try {
    call();
  } finally {
    globalThis.Uint8Array = Bytes;
    globalThis.Uint16Array = Numbers;
  }
  return made;
}

test("a byte of such blocks costs about what a byte of text costs", () => {
  const blocks = emptyBlocks(8192);
  const words = Array.from({ length: 20_000 }, (_, at) => `{"id":${(at * 7919) % 10_007},"x":${at % 613}}`);
  const text = Uint8Array.from(deflateSync(Buffer.from(words.join(","))));
  const cost = (stream: Uint8Array): number => {
    let least = Number.POSITIVE_INFINITY;
    for (let run = 0; run < 5; run++) {
      const start = performance.now();
      inflate(stream, LIMIT);
      least = Math.min(least, performance.now() - start);
    }
    return least / stream.length;
  };
  // It is twice as much. A table of 2^15 entries for each block made it more than 80 times.
  expect(cost(blocks) / cost(text)).toBeLessThan(20);
});
