// Lists of floats: what is written and read, and that the engine's own kind of list for them survives it.

import { setFlagsFromString } from "node:v8";
import { BadDataError, ValueCodec } from "@peng3dnet/protocol";
import { ValueReader } from "../../../src/codec/reading/value-reader.js";
import { ValueWriter } from "../../../src/codec/writing/value-writer.js";

/** Whether a list holds its floats without an object for each of them. */
function asksEngine(): (list: readonly unknown[]) => boolean {
  setFlagsFromString("--allow-natives-syntax");
  return new Function("list", "return %HasDoubleElements(list)") as (list: readonly unknown[]) => boolean;
}

/** Enough for the engine to compile what writes and reads them. */
const TIMES = 50_000;

test.each([
  ["that begin with a float", (x: number) => [x + 0.5, x, -x - 0.25]],
  ["that begin with an integer", (x: number) => [x, x + 0.5]],
])("lists of numbers %s are as they were once they are sent, however many others were", (_title, make) => {
  const holdsFloats = asksEngine();
  const codec = new ValueCodec();
  const objects = [{}, {}, {}];
  const texts = ["a", "b", "c"];
  let changed = 0;
  for (let count = 0; count < TIMES; count++) {
    codec.encode({ objects, texts });
    const numbers = make(count);
    codec.encode({ numbers });
    if (!holdsFloats(numbers)) changed++;
  }
  expect(changed).toBe(0);
});

test.each([2, 3, 4, 20])("a list of %i floats is read as the engine keeps floats", (length) => {
  const holdsFloats = asksEngine();
  const codec = new ValueCodec();
  const encoded = codec.encode({ list: Array.from({ length }, (_, index) => index + 0.5) }).slice();
  const objects = codec.encode(Array.from({ length }, () => ({ a: 1 }))).slice();
  let others = 0;
  for (let count = 0; count < TIMES / 10; count++) {
    codec.decode(objects);
    if (!holdsFloats((codec.decode(encoded) as { list: unknown[] }).list)) others++;
  }
  // Until it has seen a few of them, the engine does not know what comes.
  expect(others).toBeLessThan(100);
});

const FLOATS = [0.5, -0.25, Number.NaN, Number.POSITIVE_INFINITY, -0, 1e300, Number.MIN_VALUE];

test.each([
  ["one float", [0.5]],
  ["two", [0.5, 1.5]],
  ["three", [0.5, 1.5, 2.5]],
  ["many", FLOATS],
  ["integers between them", [0.5, 1, 2.5, -3, 2 ** 40, 4.5]],
  ["another kind at the end", [0.5, 1.5, "a text that has as many bytes as floats"]],
  ["others behind them", [[0.5, 1.5, 2.5, 3.5, 4.5], [1]]],
  ["another kind behind two", [0.5, "text"]],
  ["lists of them", [[0.5, 1.5], [0.5], 0.5, { a: [0.5, null, [1.5, 2.5, 3.5]] }]],
  ["places without anything", [0.5, undefined, null]],
])("a list of floats comes back as it was: %s", (_title, list) => {
  const codec = new ValueCodec();
  const received = JSON.parse(JSON.stringify(list, (_key, value) => (value === undefined ? null : value)));
  const decoded = codec.decode(codec.encode(list).slice());
  expect(decoded).toEqual(list === FLOATS ? FLOATS : received);
});

/** A list of floats whose head announces one more than come. */
function short(count: number): Uint8Array {
  const codec = new ValueCodec();
  const bytes = codec.encode(Array.from({ length: count }, () => 0.5)).slice();
  bytes[0] = (bytes[0] as number) + 1;
  return bytes;
}

test.each([1, 2, 3, 7])("a list that announces one float more than the %i that come is refused", (count) => {
  expect(() => new ValueCodec().decode(short(count))).toThrow(BadDataError);
});

test("a float that is cut off is refused, also where more bytes lie behind the body", () => {
  const codec = new ValueCodec();
  const bytes = codec.encode([0.5, 1.5, 2.5]).slice();
  const reader = new ValueReader();
  for (let end = 1; end < bytes.length; end++) {
    expect(() => codec.decode(bytes.subarray(0, end))).toThrow(BadDataError);
    expect(() => reader.read(bytes, 0, end, false, 8, 8)).toThrow(/ends|announce/);
  }
});

test("what is read of a list is read once, so that what is announced is what is sent", () => {
  const codec = new ValueCodec();
  let asked = 0;
  const list = new Proxy([0.5, 1.5, 2.5], {
    get(target, name, receiver) {
      if (name === "0") {
        asked++;
        target.length = 2;
      }
      return Reflect.get(target, name, receiver);
    },
  });
  expect(codec.decode(codec.encode(list).slice())).toEqual([0.5, 1.5, null]);
  expect(asked).toBe(1);
});

test.each([
  ["a fraction", 2.5, 2],
  ["less than one", 0.5, 0],
  ["not a number", Number.NaN, 0],
  ["missing", undefined, 0],
  ["a text", "3", 3],
])(
  "a list whose length is %s, as a proxy may say, has as many elements as it announces",
  (_what, length, count) => {
    const codec = new ValueCodec();
    for (const list of [
      [0.5, 1.5, 2.5],
      [1, 2, 3],
    ]) {
      const proxy = new Proxy(list, {
        get: (target, key, receiver) => (key === "length" ? length : Reflect.get(target, key, receiver)),
      });
      expect(codec.decode(codec.encode({ proxy }))).toEqual({ proxy: list.slice(0, count) });
    }
  },
);

test("a list behind a float is as deep as any other", () => {
  const writer = new ValueWriter(1);
  expect(() => writer.write([[1]], new Uint8Array(64), 0, 0)).toThrow(/nested too deep/);
  expect(() => writer.write([0.5, 1.5, [1]], new Uint8Array(64), 0, 0)).toThrow(/nested too deep/);
});
