import { concat } from "./bytes.js";
import { Random } from "./random.js";

/** A kind of body, as costly as a length and a number of elements allow. */
export interface Shape {
  readonly name: string;
  /** One such body of at most so many bytes and elements; other seeds give other keys and values. */
  build(bytes: number, elements: number, seed: number): Uint8Array;
}

const utf8 = new TextEncoder();

function head(marker: number, width: number, value: number): Uint8Array {
  const bytes = new Uint8Array(1 + width);
  bytes[0] = marker;
  for (let index = width, rest = value; index > 0; index--, rest = Math.floor(rest / 256))
    bytes[index] = rest;
  return bytes;
}

const array = (items: readonly Uint8Array[]): Uint8Array => concat([head(0xdd, 4, items.length), ...items]);
const map = (pairs: readonly Uint8Array[]): Uint8Array => concat([head(0xdf, 4, pairs.length / 2), ...pairs]);
const smallMap = (pairs: readonly Uint8Array[]): Uint8Array =>
  concat([Uint8Array.of(0x80 | (pairs.length / 2)), ...pairs]);

function text(value: string | Uint8Array): Uint8Array {
  const bytes = typeof value === "string" ? utf8.encode(value) : value;
  const { length } = bytes;
  const start =
    length < 32
      ? Uint8Array.of(0xa0 | length)
      : length < 256
        ? head(0xd9, 1, length)
        : length < 65536
          ? head(0xda, 2, length)
          : head(0xdb, 4, length);
  return concat([start, bytes]);
}

const NIL = Uint8Array.of(0xc0);
/** Room for the head of the outermost container. */
const HEAD = 5;

/** An array of items, as many as there is room for. `each`: elements that an item has itself. */
function many(name: string, each: number, item: (index: number, random: Random) => Uint8Array): Shape {
  return {
    name,
    build(bytes, elements, seed) {
      const random = new Random(seed);
      const items: Uint8Array[] = [];
      let room = bytes - HEAD;
      for (let left = elements; left >= 1 + each; left -= 1 + each) {
        const next = item(items.length, random);
        room -= next.length;
        if (room < 0) break;
        items.push(next);
      }
      return array(items);
    },
  };
}

/** A map of so many pairs. */
function wide(name: string, key: (index: number, random: Random) => string): Shape {
  return {
    name,
    build(bytes, elements, seed) {
      const random = new Random(seed);
      const pairs: Uint8Array[] = [];
      let room = bytes - HEAD;
      for (let left = elements; left >= 2; left -= 2) {
        const next = text(key(pairs.length / 2, random));
        room -= next.length + 1;
        if (room < 0) break;
        pairs.push(next, NIL);
      }
      return map(pairs);
    },
  };
}

/** One text as long as there is room, made of a piece again and again. */
function long(name: string, piece: string | Uint8Array, last: string | Uint8Array = ""): Shape {
  return {
    name,
    build(bytes) {
      const one = typeof piece === "string" ? utf8.encode(piece) : piece;
      const end = typeof last === "string" ? utf8.encode(last) : last;
      const count = Math.floor((bytes - HEAD - end.length) / one.length);
      const all = new Uint8Array(count * one.length + end.length);
      for (let at = 0; at < count * one.length; at += one.length) all.set(one, at);
      all.set(end, count * one.length);
      return text(all);
    },
  };
}

function nested(name: string, width: number, inner: readonly Uint8Array[]): Shape {
  return many(name, width * 500, () => {
    const parts: Uint8Array[] = [];
    for (let depth = 0; depth < 500; depth++) parts.push(...inner);
    parts.push(NIL);
    return concat(parts);
  });
}

const unique = (index: number, random: Random): string => `${random.uint32().toString(36)}${index}`;
const keyed = (...keys: readonly string[]): Uint8Array => smallMap(keys.flatMap((key) => [text(key), NIL]));
const digits = (index: number): string => String(index);

/** All kinds of values, and what is known to cost much. */
export const SHAPES: readonly Shape[] = [
  many("nil", 0, () => NIL),
  many("small integers", 0, () => Uint8Array.of(7)),
  many("integers of 32 bits", 0, (_, random) => concat([Uint8Array.of(0xce), random.bytes(4)])),
  many("integers of 64 bits", 0, () => Uint8Array.of(0xcf, 255, 255, 255, 255, 255, 255, 255, 255)),
  many("floats of 32 bits", 0, (_, random) => concat([Uint8Array.of(0xca, 0x40), random.bytes(3)])),
  many("floats of 64 bits", 0, (_, random) => concat([Uint8Array.of(0xcb, 0x40), random.bytes(7)])),
  many("empty texts", 0, () => text("")),
  many("texts of 2 bytes", 0, (_, random) => text(((random.uint32() % 90) + 10).toString())),
  many("texts of 16 bytes", 0, (index) => text(String(index).padStart(16, "k"))),
  many("texts of 17 bytes", 0, (index) => text(String(index).padStart(17, "k"))),
  many("texts of 60 bytes", 0, (index) => text(String(index).padStart(60, "k"))),
  many("texts of an umlaut", 0, () => text("ä")),
  many("texts of a letter beyond Latin-1", 0, () => text("\u20ac")),
  many("texts of 60 bytes with such a letter", 0, (index) =>
    text(`${String(index).padStart(57, "k")}\u20ac`),
  ),
  many("texts of emoji", 0, () => text("😀😀")),
  many("texts of U+FFFD", 0, () => text("\ufffd")),
  many("texts of 60 bytes with U+FFFD", 0, (index) => text(`${String(index).padStart(57, "k")}\ufffd`)),
  many("texts with a byte order mark", 0, () => text("\ufeffx")),
  many("empty binaries", 0, () => Uint8Array.of(0xc4, 0)),
  many("binaries of 1 byte", 0, (_, random) => Uint8Array.of(0xc4, 1, random.uint32())),
  many("binaries of 16 bytes", 0, (_, random) => concat([Uint8Array.of(0xc4, 16), random.bytes(16)])),
  many("binaries of 65 bytes", 0, (_, random) => concat([Uint8Array.of(0xc4, 65), random.bytes(65)])),
  many("empty arrays", 0, () => Uint8Array.of(0x90)),
  ...[1, 2, 3, 4, 5, 8, 15, 16].map((length) =>
    many(`arrays of ${length}`, length, () =>
      concat([length < 16 ? Uint8Array.of(0x90 | length) : head(0xdc, 2, length), new Uint8Array(length)]),
    ),
  ),
  many("arrays of 3 floats", 3, (_, random) =>
    concat(
      [0x93, 0, 0, 0].flatMap((one, at) =>
        at === 0 ? [Uint8Array.of(one)] : [Uint8Array.of(0xca, 0x40), random.bytes(3)],
      ),
    ),
  ),
  many("arrays of a float and a text", 2, () =>
    concat([Uint8Array.of(0x92, 0xca, 0x3f, 1, 2, 3), text("x")]),
  ),
  many("empty maps", 0, () => Uint8Array.of(0x80)),
  many("maps of one key", 2, () => keyed("a")),
  many("maps of four keys", 8, () => keyed("a", "b", "c", "d")),
  many("maps of five keys", 10, () => keyed("a", "b", "c", "d", "e")),
  many("maps of fifteen keys", 30, () => keyed(...Array.from("abcdefghijklmno"))),
  many("maps of a key of their own", 2, (index, random) => keyed(unique(index, random))),
  many("maps of a short key of their own", 2, (index) => keyed(index.toString(36).padStart(3, "x"))),
  many("maps of five keys of their own", 10, (index, random) =>
    keyed(...Array.from("abcde", (letter) => letter + unique(index, random))),
  ),
  many("maps of the empty key", 2, () => keyed("")),
  many("maps of toString", 2, () => keyed("toString")),
  many("maps of the key 0", 2, () => keyed("0")),
  many("maps of the key 9", 2, () => keyed("9")),
  many("maps of the key 99", 2, () => keyed("99")),
  many("maps of the key 1023", 2, () => keyed("1023")),
  many("maps of the keys 1023 and 2575", 4, () => keyed("1023", "2575")),
  many("maps of the keys 2575 and 1023", 4, () => keyed("2575", "1023")),
  many("maps of the keys 1023, 2298 and 3321", 6, () => keyed("1023", "2298", "3321")),
  many("maps of the key 3322", 2, () => keyed("3322")),
  many("maps of the key 4294967294", 2, () => keyed("4294967294")),
  many("maps of the key 4294967295", 2, () => keyed("4294967295")),
  many("maps of the key 007", 2, () => keyed("007")),
  wide("a map of keys of their own", unique),
  wide("a map of the keys 0, 1, …", digits),
  wide("a map of the keys …, 1, 0", (index) => String(40_000 - index)),
  wide("a map of the keys 0, 20, …", (index) => String(20 * index)),
  wide("a map of the keys 0, 1000, …", (index) => String(1000 * index)),
  wide("a map of keys like indices, by chance", (_, random) => String(random.below(1_000_000))),
  wide("a map of one key again and again", () => "a"),
  wide("a map of keys of 33 bytes", (index) => String(index).padStart(33, "k")),
  wide("a map of keys with umlauts", (index) => `ä${index}`),
  nested("arrays within arrays", 1, [Uint8Array.of(0x91)]),
  nested("maps within maps", 2, [Uint8Array.of(0x81), text("a")]),
  nested("maps within maps, with the key 1023", 2, [Uint8Array.of(0x81), text("1023")]),
  long("one long text", "a"),
  long("one long text with one umlaut", "a", "ä"),
  long("one long text with one letter beyond Latin-1", "a", "\u20ac"),
  long("one long text of umlauts", "ä"),
  long("one long text of such letters", "\u20ac"),
  long("one long text of emoji", "😀"),
  long("one long text of U+FFFD", "\ufffd"),
  long("one long text with one U+FFFD", "a", "\ufffd"),
  long("one long text that is not UTF-8", Uint8Array.of(0xff)),
  long("one long text with its last byte missing", "\u20ac", Uint8Array.of(0xe2, 0x82)),
  {
    name: "one long binary",
    build: (bytes) => concat([head(0xc6, 4, bytes - HEAD), new Uint8Array(bytes - HEAD).fill(7)]),
  },
];
