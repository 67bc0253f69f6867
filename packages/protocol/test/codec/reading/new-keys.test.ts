// Keys that no other map has: the engine takes long for each, so that a body may not have as many as it has elements.

import { BadDataError, MsgpackCodec } from "@peng3dnet/protocol";
import { BodyDecoder } from "../../../src/codec/reading/body-decoder.js";
import { ValueReader } from "../../../src/codec/reading/value-reader.js";
import { concat } from "../../support/bytes.js";

const LIMIT = 4 * 1024 * 1024;
const ELEMENTS = 65_536;
/** A quarter of them. */
const KEYS = 16_384;
const inPlace = new BodyDecoder(new ValueReader(), 512, ELEMENTS);
const library = new BodyDecoder(new ValueReader(), 512, ELEMENTS, { codec: new MsgpackCodec() });

/** What both ways say to a body. */
function outcome(body: Uint8Array, elements = ELEMENTS): string {
  const said = [inPlace, library].map((decoder) => {
    try {
      decoder.decode(body, 0, body.length, 0, false, LIMIT, elements);
      return "accepted";
    } catch (error) {
      if (!(error instanceof BadDataError)) throw error;
      return error.message;
    }
  });
  expect(said[1]).toBe(said[0]);
  return said[0] as string;
}

const REFUSED = /more than 16384 keys of which no two are alike.*net\.limits\.elements/;
const NIL = Uint8Array.of(0xc0);
const utf8 = new TextEncoder();
const head = (marker: number, length: number): Uint8Array =>
  Uint8Array.of(marker, length >>> 24, length >>> 16, length >>> 8, length);
const text = (value: string, width = 1): Uint8Array => {
  const bytes = utf8.encode(value);
  const start = [0xd9, ...new Array<number>(width - 1).fill(0), bytes.length];
  start[0] = width === 1 ? 0xd9 : width === 2 ? 0xda : 0xdb;
  return concat(Uint8Array.from(start), bytes);
};
const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index);
type Pair = readonly [key: string | Uint8Array, value: Uint8Array];
const map = (pairs: readonly Pair[]): Uint8Array =>
  concat(
    head(0xdf, pairs.length),
    ...pairs.flatMap(([key, value]) => [typeof key === "string" ? text(key) : key, value]),
  );
const list = (items: readonly Uint8Array[]): Uint8Array => concat(head(0xdd, items.length), ...items);
const table = (count: number, value: Uint8Array, name = "id"): Uint8Array =>
  map(range(count).map((index) => [`${name}${index}`, value]));

describe("pass", () => {
  test.each<[string, () => Uint8Array]>([
    ["a table of 10,000 entries by id", () => table(10_000, list([NIL, NIL, NIL]))],
    ["the same of 16,000", () => table(16_000, NIL)],
    [
      "10,000 entries by id with two fields each",
      () =>
        table(
          10_000,
          map([
            ["x", NIL],
            ["y", NIL],
          ]),
        ),
    ],
    [
      "5,000 entities of six fields",
      () => list(range(5000).map(() => map(["id", "x", "y", "name", "hp", "dead"].map((key) => [key, NIL])))),
    ],
    [
      "entities of two kinds in turn, with a part each",
      () =>
        list(
          range(5000).map((index) =>
            index % 2 === 0
              ? map([
                  [
                    "pos",
                    map([
                      ["x", NIL],
                      ["y", NIL],
                    ]),
                  ],
                  ["hp", NIL],
                ])
              : map([
                  ["kind", NIL],
                  ["owner", NIL],
                  ["ammunition", NIL],
                  ["fired at", NIL],
                ]),
          ),
        ),
    ],
    [
      "2,000 entities of twelve fields",
      () => list(range(2000).map(() => map(range(12).map((field) => [`field ${field}`, NIL])))),
    ],
    [
      "12,000 entries by id, and then 1,000 entities of eight fields",
      () =>
        list([
          table(12_000, NIL),
          ...range(1000).map(() => map(range(8).map((field) => [`field ${field}`, NIL]))),
        ]),
    ],
    ["65,535 numbers", () => list(range(65_535).map(() => NIL))],
    ["a thousand keys in turn", () => map(range(32_768).map((index) => [`key-${index % 1000}`, NIL]))],
    ["one key again and again", () => map(range(32_768).map(() => ["a", NIL]))],
    ["the empty key again and again", () => map(range(32_768).map(() => ["", NIL]))],
    [
      "a key of 32 bytes again and again, with a head longer than need be",
      () => map(range(32_768).map(() => [text("k".repeat(32), 4), NIL])),
    ],
    ["as many keys as may be", () => table(KEYS, NIL)],
    [
      "as many keys as may be, and one of them again",
      () => map([...range(KEYS), KEYS - 1].map((index) => [`${index}x`, NIL])),
    ],
    [
      "as many keys as may be, and behind them maps with keys that are no texts",
      () => list([table(KEYS, NIL), map([[Uint8Array.of(1), NIL]]), map([[Uint8Array.of(0xcd, 1, 0), NIL]])]),
    ],
  ])("%s", (_name, build) => {
    expect(outcome(build())).toBe("accepted");
  });
});

describe("do not pass", () => {
  test.each<[string, () => Uint8Array]>([
    ["one key more than may be", () => table(KEYS + 1, NIL)],
    ["keys with umlauts", () => table(KEYS + 1, NIL, "ä")],
    ["keys of 33 bytes that are alike", () => map(range(KEYS + 1).map(() => ["k".repeat(33), NIL]))],
    [
      "keys that begin, end and are as long as others",
      () => map(range(KEYS + 1).map((index) => [`a${String(index).padStart(12, "0")}a`, NIL])),
    ],
    [
      "heads longer than need be",
      () => map(range(KEYS + 1).map((index) => [text(String(index + 1e6), 2 + 2 * (index % 2)), NIL])),
    ],
    [
      "maps of a few keys of their own",
      () =>
        list(range(3300).map((entity) => map(["a", "b", "c", "d", "e"].map((key) => [key + entity, NIL])))),
    ],
    ["maps in maps", () => map(range(8200).map((index) => [`k${index}`, map([[`i${index}`, NIL]])]))],
    [
      "keys before one that is no text",
      () => map([...range(KEYS + 1).map((index): Pair => [`k${index}`, NIL]), [Uint8Array.of(1), NIL]]),
    ],
  ])("%s", (_name, build) => {
    const body = build();
    expect(outcome(body)).toMatch(REFUSED);
    // With more elements, there may be more keys.
    expect(outcome(body, 100_000)).toBe("accepted");
  });
});

test("the first key of a map counts twice if it is new", () => {
  const maps = (count: number): Uint8Array => list(range(count).map((index) => map([[`own${index}`, NIL]])));
  // The first 8,192 are not looked at.
  expect(outcome(maps(8192 + 4096))).toBe("accepted");
  expect(outcome(maps(8192 + 4097))).toMatch(REFUSED);
  const known = list(range(20_000).map(() => map([["own", NIL]])));
  expect(outcome(known)).toBe("accepted");
});

test("each body has its own count", () => {
  expect(outcome(table(KEYS, NIL))).toBe("accepted");
  expect(outcome(table(KEYS, NIL, "other"))).toBe("accepted");
});

test("keys are looked at in the body that they are in, not in one before it", () => {
  // A place is remembered by where it is, and here another key is there.
  const [long, short] = [text("a".repeat(20)), text("b".repeat(20))];
  const pairs = (key: Uint8Array): Pair[] => range(22_000).map(() => [key, NIL]);
  expect(outcome(map(pairs(long)))).toBe("accepted");
  expect(outcome(map(pairs(short)))).toBe("accepted");
});

test.each([20_000, 24_000, 32_000])(
  "entities with the same fields pass, however many, where a body may have %i elements",
  (elements) => {
    const fields = range(10).map((field): Pair => [`field ${field}`, NIL]);
    const entities = Math.floor(elements / 21);
    expect(outcome(list(range(entities).map(() => map(fields))), elements)).toBe("accepted");
    // New ones pass as far as they are not looked at, and some more.
    expect(outcome(table(8192, NIL), elements)).toBe("accepted");
    expect(outcome(table(elements / 2, NIL), elements)).toMatch(
      elements > 2 * 9216 ? /more than 9216 keys/ : "accepted",
    );
  },
);

test("a body of four elements for each pair may have any keys: so a registry passes, however long it may be", () => {
  expect(outcome(table(40_000, NIL), 4 * 40_000 + 256)).toBe("accepted");
});

test("a binary key counts as three elements more than a text does", () => {
  const binary = map([[Uint8Array.of(0xc4, 1, 7), NIL]]);
  expect(outcome(binary, 5)).toBe("accepted");
  expect(outcome(binary, 4)).toMatch("more than the 4 elements");
});
