import { concat } from "./bytes.js";
import type { Random } from "./random.js";

const STRINGS = ["", "a", "__proto__", "constructor", "reason", "ä€😀", "\ufeffx", "toString", "length"];
const utf8 = new TextEncoder();

function head(marker: number, width: number, value: number): Uint8Array {
  const bytes = new Uint8Array(1 + width);
  bytes[0] = marker;
  for (let index = width, rest = value; index > 0; index--, rest = Math.floor(rest / 256))
    bytes[index] = rest % 256;
  return bytes;
}

/** A header that announces `length`, in a form that may be longer than need be. */
function announce(
  random: Random,
  fix: number,
  fixMax: number,
  first: number,
  widths: readonly number[],
  length: number,
): Uint8Array {
  if (length <= fixMax && !random.oneIn(4)) return Uint8Array.of(fix | length);
  const fitting = widths
    .map((width, index) => [width, index] as const)
    .filter(([width]) => length < 256 ** width);
  const [width, index] = random.pick(fitting);
  return head(first + index, width, length);
}

/** Lies now and then about a length. */
function lie(random: Random, length: number): number {
  if (!random.oneIn(40)) return length;
  return random.pick([length + 1, Math.max(length - 1, 0), 15, 31, 255, 65535, 1_000_000, 0xffffffff]);
}

function text(random: Random): Uint8Array {
  const bytes = random.oneIn(30) ? random.bytes(random.below(12)) : utf8.encode(random.pick(STRINGS));
  return concat([announce(random, 0xa0, 31, 0xd9, [1, 2, 4], lie(random, bytes.length)), bytes]);
}

/** An extension value: a timestamp, mostly in range, or one of an application. */
function extension(random: Random): Uint8Array {
  const zeros = new Uint8Array(4);
  switch (random.below(6)) {
    case 0:
      return concat([Uint8Array.of(0xd6, 0xff), random.bytes(4)]);
    case 1:
      // Two bits of its nanoseconds are beyond what they may be, at times.
      return concat([Uint8Array.of(0xd7, 0xff, random.below(0xf8)), random.bytes(7)]);
    case 2:
      return concat([Uint8Array.of(0xc7, 12, 0xff), zeros, random.bytes(8)]);
    case 3: {
      const sign = random.oneIn(2) ? 0 : 0xff;
      const seconds = Uint8Array.of(sign, sign, random.oneIn(2) ? sign : random.below(256));
      return concat([
        Uint8Array.of(0xc7, 12, 0xff, 0x3b, 0x9a, 0xc9),
        random.bytes(1),
        seconds,
        random.bytes(5),
      ]);
    }
    case 4: {
      const width = random.below(5);
      return concat([
        Uint8Array.of(0xd4 + width, random.pick([0, 1, 127, 128, 254])),
        random.bytes(1 << width),
      ]);
    }
    default: {
      const data = random.bytes(random.below(20));
      const width = random.below(3);
      const start = head(0xc7 + width, 1 << width, lie(random, data.length));
      return concat([start, Uint8Array.of(random.pick([0, 5, 127, 0xff, 0xfe])), data]);
    }
  }
}

/** A key that is no text: an integer or binary. */
function otherKey(random: Random): Uint8Array {
  switch (random.below(4)) {
    case 0:
      return Uint8Array.of(random.pick([0, 1, 2, 127, 0xe0, 0xff]));
    case 1: {
      const width = random.pick([1, 2, 4, 8]);
      return concat([Uint8Array.of(random.pick([0xcc, 0xd0]) + Math.log2(width)), random.bytes(width)]);
    }
    case 2:
      return head(0xcf, 8, random.below(3));
    default: {
      const bytes = random.bytes(random.below(3));
      return concat([Uint8Array.of(0xc4, bytes.length), bytes]);
    }
  }
}

/** One msgpack value, usually well-formed; written without the code under test. */
export function msgpackValue(random: Random, depth = 5): Uint8Array {
  switch (random.below(depth > 0 ? 14 : 10)) {
    case 0:
      return Uint8Array.of(random.uint32() & 0x7f);
    case 1:
      return Uint8Array.of(0xe0 | random.below(32));
    case 2:
      return Uint8Array.of(random.pick([0xc0, 0xc2, 0xc3]));
    case 3: {
      const width = random.pick([1, 2, 4, 8]);
      return concat([Uint8Array.of(random.pick([0xcc, 0xd0]) + Math.log2(width)), random.bytes(width)]);
    }
    case 4:
      return concat([Uint8Array.of(0xca), random.bytes(4)]);
    case 5:
      return concat([Uint8Array.of(0xcb), random.bytes(8)]);
    case 6: {
      const bytes = random.bytes(random.below(20));
      const width = random.below(3);
      return concat([head(0xc4 + width, 1 << width, lie(random, bytes.length)), bytes]);
    }
    case 7:
    case 8:
      if (random.oneIn(60))
        return concat([Uint8Array.of(random.pick([0xc1, 0xc7, 0xc9, 0xd4, 0xd8])), random.bytes(18)]);
      return text(random);
    case 9:
      return extension(random);
    case 10:
    case 11: {
      const items = Array.from({ length: random.below(5) }, () => msgpackValue(random, depth - 1));
      return concat([announce(random, 0x90, 15, 0xdc, [2, 4], lie(random, items.length)), ...items]);
    }
    case 12:
    case 13: {
      const items: Uint8Array[] = [];
      const others = random.oneIn(3);
      for (let left = random.below(4); left > 0; left--) {
        items.push(
          random.oneIn(40)
            ? msgpackValue(random, 0)
            : others && random.oneIn(2)
              ? otherKey(random)
              : text(random),
          msgpackValue(random, depth - 1),
        );
      }
      return concat([announce(random, 0x80, 15, 0xde, [2, 4], lie(random, items.length / 2)), ...items]);
    }
    default:
      return Uint8Array.of(0xc0);
  }
}

/** Arrays within arrays, each of one element. */
export function nested(depth: number): Uint8Array {
  const bytes = new Uint8Array(depth + 1).fill(0x91);
  bytes[depth] = 0xc0;
  return bytes;
}

/**
 * A list of maps that have about as many keys as a body may: some of them alike, in turn or by chance, with heads that may
 * be longer than need be.
 */
export function manyKeys(random: Random): Uint8Array {
  const pairs = 16_000 + random.below(8000);
  const width = 1 + random.below(40);
  const kinds = random.pick([1, 40, 2000, 100_000]);
  const length = random.pick([2, 8, 31]);
  const maps: Uint8Array[] = [];
  for (let left = pairs; left > 0; left -= width) {
    const count = Math.min(width, left);
    maps.push(head(0xde, 2, count));
    for (let index = 0; index < count; index++) {
      const number = random.oneIn(50) ? random.below(100_000) : (left - index) % kinds;
      const key = utf8.encode(number.toString(36).padStart(length, random.oneIn(50) ? "ä" : "k"));
      maps.push(announce(random, 0xa0, 31, 0xd9, [1, 2, 4], key.length), key, Uint8Array.of(7));
    }
  }
  return concat([head(0xdd, 4, Math.ceil(pairs / width)), ...maps]);
}
