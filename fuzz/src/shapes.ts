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
/** A key of 32 bits or, `long`, of 64. */
const integer = (value: number, long = false): Uint8Array =>
  long ? concat([Uint8Array.of(0xcf, 0x40, 0, 0, 0), head(0, 4, value).subarray(1)]) : head(0xce, 4, value);
/** Maps with keys that are no strings. */
const mixed = (...keys: readonly Uint8Array[]): Uint8Array => smallMap(keys.flatMap((key) => [key, NIL]));

/** A map of so many pairs with keys that are no strings. */
function wideMixed(name: string, key: (index: number, random: Random) => Uint8Array): Shape {
  return {
    name,
    build(bytes, elements, seed) {
      const random = new Random(seed);
      const pairs: Uint8Array[] = [];
      let room = bytes - HEAD;
      for (let left = elements; left >= 2; left -= 2) {
        const next = key(pairs.length / 2, random);
        room -= next.length + 1;
        if (room < 0) break;
        pairs.push(next, NIL);
      }
      return map(pairs);
    },
  };
}

/** How the engine hashes integers of 32 bits in a `Map`, as everybody can read. */
function engineHash(value: number): number {
  let hash = (~value + (value << 15)) >>> 0;
  hash = (hash ^ (hash >>> 12)) >>> 0;
  hash = (hash + (hash << 2)) >>> 0;
  hash = (hash ^ (hash >>> 4)) >>> 0;
  hash = Math.imul(hash, 2057) >>> 0;
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** And those of 64 bits. */
function longHash(value: bigint): number {
  const bits = (number: bigint): bigint => BigInt.asUintN(64, number);
  let hash = bits(~value + (value << 18n));
  hash ^= hash >> 31n;
  hash = bits(hash * 21n);
  hash ^= hash >> 11n;
  hash = bits(hash + (hash << 6n));
  return Number((hash ^ (hash >> 22n)) & 0x3fffffffn);
}

const TOP = 0x40000000n << 32n;
const colliding: number[] = [];
const longColliding: number[] = [];

/** Integers that land in one place of a map of up to 32,768 keys. */
function collision(index: number): Uint8Array {
  for (let value = (colliding.at(-1) ?? 0) + 1; colliding.length <= index; value++) {
    if ((engineHash(value) & 0x3fff) === 0) colliding.push(value);
  }
  return integer(colliding[index] as number);
}

/** The same for integers of 64 bits and some 2,000 keys: more take long to find. */
function longCollision(index: number): Uint8Array {
  for (let value = (longColliding.at(-1) ?? 0) + 1; longColliding.length <= index; value++) {
    if ((longHash(TOP + BigInt(value)) & 0x3ff) === 0) longColliding.push(value);
  }
  return integer(longColliding[index] as number, true);
}

/** An extension value of so many bytes. */
const extension = (type: number, data: Uint8Array): Uint8Array =>
  concat([Uint8Array.of(0xc7, data.length, type), data]);

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
  many("maps of seven keys, one of their own", 14, (index, random) =>
    keyed(...Array.from("abcdef"), unique(index, random)),
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
  many("timestamps of 32 bits", 1, (_, random) => concat([Uint8Array.of(0xd6, 0xff), random.bytes(4)])),
  many("timestamps of 64 bits", 1, (_, random) =>
    concat([Uint8Array.of(0xd7, 0xff, 0, 0, 0, 0), random.bytes(4)]),
  ),
  many("timestamps of 96 bits", 1, () => extension(0xff, new Uint8Array(12))),
  many("extension values without data", 1, () => extension(1, new Uint8Array(0))),
  many("extension values of 16 bytes", 1, (_, random) => extension(1, random.bytes(16))),
  many("maps of an integer key", 2, () => mixed(Uint8Array.of(1))),
  many("maps of five integer keys", 10, () => mixed(...[1, 2, 3, 4, 5].map((key) => Uint8Array.of(key)))),
  many("maps of fifteen integer keys", 30, () =>
    mixed(...Array.from({ length: 15 }, (_, key) => Uint8Array.of(key))),
  ),
  many("maps of an integer key of 64 bits", 2, (index) => mixed(integer(index, true))),
  many("maps of a text and an integer as keys", 4, () => mixed(text("a"), Uint8Array.of(1))),
  many("maps of the key 1023 and an integer key", 4, () => mixed(text("1023"), Uint8Array.of(1))),
  many("maps of an empty binary key", 3, () => mixed(Uint8Array.of(0xc4, 0))),
  many("maps of a binary key", 3, (_, random) => mixed(Uint8Array.of(0xc4, 1, random.uint32()))),
  many("maps of two binary keys", 6, () => mixed(Uint8Array.of(0xc4, 1, 1), Uint8Array.of(0xc4, 1, 2))),
  wideMixed("a map of the integer keys 0, 1, …", (index) => integer(index)),
  wideMixed("a map of integer keys by chance", (_, random) => integer(random.uint32())),
  wideMixed("a map of integer keys of 64 bits by chance", (_, random) => integer(random.uint32(), true)),
  wideMixed("a map of integer keys of 64 bits in a row", (index) => integer(index, true)),
  wideMixed("a map of one integer key again and again", () => Uint8Array.of(1)),
  wideMixed("a map of integer keys that collide", collision),
  wideMixed("a map of integer keys of 64 bits that collide", (index) => longCollision(index % 2048)),
  many("maps of 256 integer keys that collide", 512, () =>
    map(Array.from({ length: 256 }, (_, index) => [collision(index), NIL]).flat()),
  ),
  wideMixed("a map of an integer and keys of their own", (index, random) =>
    index === 0 ? Uint8Array.of(1) : text(unique(index, random)),
  ),
  wideMixed("a map of binary keys", (index) =>
    concat([Uint8Array.of(0xc4, 4), head(0, 4, index).subarray(1)]),
  ),
  wideMixed("a map of long binary keys", (index) =>
    concat([Uint8Array.of(0xc4, 60), head(0, 4, index).subarray(1), new Uint8Array(56)]),
  ),
  {
    name: "a map of one long binary key",
    build: (bytes) =>
      concat([Uint8Array.of(0x81), head(0xc6, 4, bytes - 7), new Uint8Array(bytes - 7).fill(200), NIL]),
  },
  {
    name: "a map of two long binary keys",
    build: (bytes) => {
      const half = Math.floor((bytes - 13) / 2);
      const key = (fill: number): Uint8Array =>
        concat([head(0xc6, 4, half), new Uint8Array(half).fill(fill)]);
      return concat([Uint8Array.of(0x82), key(200), NIL, key(201), NIL]);
    },
  },
  nested("maps of integer keys within maps", 2, [Uint8Array.of(0x81), Uint8Array.of(1)]),
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
