// Maps whose keys look like indices of a list: the engine reserves places for what is missing between them, also when
// the map is copied. A body may not make it reserve many for nothing.

import { BadDataError, MsgpackCodec, ValueCodec } from "@peng3dnet/protocol";
import { BodyCheck } from "../../../src/codec/reading/body-check.js";
import { BodyDecoder } from "../../../src/codec/reading/body-decoder.js";
import { ValueReader } from "../../../src/codec/reading/value-reader.js";
import { concat } from "../../support/bytes.js";
import { zlib } from "../../support/zlib.js";

const LIMIT = 4 * 1024 * 1024;
const ELEMENTS = 65_536;
const inPlace = new BodyDecoder(new ValueReader(), 512, ELEMENTS, { compression: zlib });
const library = new BodyDecoder(new ValueReader(), 512, ELEMENTS, {
  codec: new MsgpackCodec(),
  compression: zlib,
});
const codec = new ValueCodec();

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

const REFUSED = /keys like "1023".*places of lists.*net\.limits\.elements/;
const body = (value: unknown): Uint8Array => codec.encode(value).slice();
const map = (...keys: readonly (string | number)[]): Record<string, unknown> =>
  Object.fromEntries(keys.map((key) => [key, null]));
const listOf = (count: number, item: Uint8Array): Uint8Array =>
  concat(Uint8Array.of(0xdc, count >> 8, count), ...Array.from({ length: count }, () => item));
const list = (count: number, value: unknown): Uint8Array => listOf(count, body(value));
/** A map in the order given, which an object would change. */
const ordered = (...keys: readonly string[]): Uint8Array =>
  concat(Uint8Array.of(0x80 | keys.length), ...keys.flatMap((key) => [body(key), Uint8Array.of(0xc0)]));

test.each<[string, unknown]>([
  ["ids of players", { 1023: { x: 1 }, 2575: { x: 2 } }],
  ["the worst single map", map(1023, 2298, 3321)],
  ["a list as a map", map(...Array.from({ length: 3000 }, (_, index) => index))],
  ["ids far apart", map(...Array.from({ length: 3000 }, (_, index) => index * 1_000_003))],
  [
    "many entities with ids and data",
    {
      moved: Object.fromEntries(
        Array.from({ length: 60 }, (_, index) => [17 + 50 * index, { x: 1.5, y: 2.5, name: "somebody" }]),
      ),
    },
  ],
  ["an empty key in each of very many records", Array.from({ length: 9000 }, () => ({ "": 50 }))],
  ["small ids in each of many records", Array.from({ length: 1000 }, () => ({ 1: "sword", 2: "shield" }))],
])("%s pass", (_name, value) => {
  expect(outcome(body(value))).toBe("accepted");
});

test.each<[string, Uint8Array]>([
  ["one key", list(200, map(1023))],
  ["two keys", list(200, map(1023, 2575))],
  ["two keys, the higher one first", listOf(200, ordered("2575", "1023"))],
  ["keys of two digits", list(2000, map(99))],
  ["keys of one digit", list(8_000, map(9))],
  ["a number and names", list(200, { name: "a", 1000: 1, other: "b" })],
  [
    "a text head that is longer than need be",
    listOf(200, Uint8Array.of(0x81, 0xda, 0, 4, 0x31, 0x30, 0x32, 0x33, 0xc0)),
  ],
])("lists of maps with %s do not", (_name, bytes) => {
  expect(outcome(bytes, 1_000_000)).toMatch(REFUSED);
});

test("maps within maps do not", () => {
  let value: unknown = null;
  for (let depth = 0; depth < 400; depth++) value = { 1000: value };
  expect(outcome(body(value))).toMatch(REFUSED);
});

test.each([
  ["not in decimal form", "007", "0000", "00", "01"],
  ["no digits alone", "1a", "1.5", "1e3", "-1", " 1", "1 "],
  ["beyond what a list has places for", "3322", "99999", "4294967294", "4294967295", "10000000000000000"],
  ["too far for a list", "1024", "3000", "2575"],
  ["names", "", "a", "toString", "½", "٣"],
])("keys that are %s reserve nothing", (_name, ...keys) => {
  for (const key of keys) expect(outcome(list(2000, map(key)))).toBe("accepted");
});

test("a longer body may reserve more, up to the number of elements", () => {
  const padded = (count: number, padding: number): Uint8Array =>
    body([Array.from({ length: count }, () => map(1023)), "x".repeat(padding)]);
  expect(outcome(padded(20, 0))).toMatch(REFUSED);
  expect(outcome(padded(20, 8000))).toBe("accepted");
  expect(outcome(padded(60, 1_000_000))).toMatch(REFUSED);
  expect(outcome(padded(60, 1_000_000), 1_000_000)).toBe("accepted");
});

test("before the handshake, with few elements, next to nothing may be reserved", () => {
  expect(outcome(body(map(100)), 256)).toBe("accepted");
  expect(outcome(body(map(1000)), 256)).toMatch(REFUSED);
});

test("each body has a budget of its own", () => {
  for (let round = 0; round < 50; round++) expect(outcome(body(map(1023, 2575)))).toBe("accepted");
});

test("the check for other codecs counts with the limit that it was made with, or is given", () => {
  const check = new BodyCheck(512, 100);
  const bytes = body(map(1000));
  expect(() => check.check(bytes, 0, bytes.length)).toThrow(REFUSED);
  expect(() => check.check(bytes, 0, bytes.length, 65_536)).not.toThrow();
});

describe("keys far behind a list, for each of which the engine moves all entries", () => {
  const keys = (count: number): string[] => Array.from({ length: count }, (_, index) => `${index}`);
  const long = (...all: readonly string[]): Uint8Array =>
    concat(
      Uint8Array.of(0xde, all.length >> 8, all.length),
      ...all.flatMap((key) => [body(key), Uint8Array.of(0xc0)]),
    );
  /** Keys that make the engine turn a list into a table and back, again and again. */
  const leaping = (dense: number, leaps: number, gap: number): string[] => {
    const all = keys(dense);
    for (let leap = 1; leap <= leaps; leap++) all.push(`${2 * dense + gap * leap}`, `${dense + leap - 1}`);
    return all;
  };

  test("are refused where they would move too many", () => {
    expect(outcome(long(...leaping(15_000, 600, 1100)))).toMatch(
      /keys like "50000".*moves more than 70656 entries.*net\.limits\.elements/,
    );
    expect(outcome(long(...leaping(8000, 4000, 1500)))).toMatch(/moves more than/);
  });

  test("are refused where only a copy would move them, which takes keys in ascending order", () => {
    const far = Array.from({ length: 500 }, (_, index) => `${32_000 + 1100 * (499 - index)}`);
    expect(outcome(long(...far, ...keys(15_800)))).toMatch(/moves more than/);
  });

  test.each<[string, readonly string[]]>([
    ["ids in any order", keys(3000).map((key) => `${(Number(key) * 7_919_993) % 1_000_003}`)],
    ["a few behind a long list", leaping(16_000, 2, 5000)],
    [
      "ids in a row of clusters",
      Array.from({ length: 5000 }, (_, index) => `${index + 1500 * Math.floor(index / 500)}`),
    ],
    ["ids with steps", keys(10_000).map((key) => `${10 * Number(key)}`)],
    ["ids far apart", keys(10_000).map((key) => `${2000 * Number(key)}`)],
    ["keys that are no indices", keys(5000).map((key) => `${4294967295 + 2000 * Number(key)}`)],
  ])("%s pass", (_name, all) => {
    expect(outcome(long(...all))).toBe("accepted");
  });
});
