// Values, texts and bodies as they are encoded and decoded in a browser: by its TextEncoder, its TextDecoder, its engine.

import { ValueCodec } from "@peng3dnet/peer";
import fc from "fast-check";
import { delivered, sendable, text } from "../../../../protocol/test/support/arbitraries.js";
import { bytes, concat, hex } from "../../../../protocol/test/support/bytes.js";
import type { Case } from "./case.js";
import { expectCode, expectSame } from "./same.js";

const codec = new ValueCodec();
const encoded = (value: unknown): Uint8Array => codec.encode(value).slice();
const roundTrip = (value: unknown): unknown => codec.decode(encoded(value));

/** Lengths at which another way of reading or writing a text begins, or another head. */
const LENGTHS = [
  0, 1, 7, 8, 9, 15, 16, 17, 18, 24, 25, 31, 32, 33, 39, 40, 41, 84, 85, 86, 127, 128, 255, 256, 257, 1023,
  1024, 1025, 21845, 21846, 65535, 65536, 300_000,
];

const UNITS: Readonly<Record<string, string>> = {
  ASCII: "x",
  "two bytes": "é",
  "three bytes": "한",
  "four bytes": "😀",
  "a byte order mark": "\ufeff",
  "a NUL": "\0",
  U_FFFD: "\ufffd",
  "a lone surrogate": "\ud800",
  "the other lone surrogate": "\udfff",
  "ASCII, and then something else": "xxxxxxxxx한",
};

const texts = Object.entries(UNITS).map(([name, unit]) => ({
  name: `texts of ${name}, of all lengths, as values and as keys`,
  run: () => {
    for (const length of LENGTHS) {
      const one = unit.repeat(Math.ceil(length / unit.length));
      for (const value of [one, `a${one}`, `${one}z`]) {
        const whole = [value, value, { [value]: value }, "behind"];
        expectSame(roundTrip(whole), delivered(whole), `a text of ${value.length} units`);
      }
    }
  },
}));

/** Bytes that are no UTF-8: cut short, too long a form, a surrogate, past the last code point, a stray byte. */
const NOT_UTF8 = [
  "c3",
  "e18080e1",
  "c080",
  "c1bf",
  "e08080",
  "eda080",
  "edbfbf",
  "f0808080",
  "f4908080",
  "80",
  "ff",
  "f8",
];

/** A text of so many bytes, of which those in `hexBytes` are the last. */
function body(hexBytes: string, padding: number): Uint8Array {
  const wrong = bytes(hexBytes);
  const length = padding + wrong.length;
  const head = Uint8Array.of(0xda, length >> 8, length & 255);
  return concat(head, new Uint8Array(padding).fill(0x61), wrong);
}

const invalid = NOT_UTF8.map((wrong) => ({
  name: `the bytes ${wrong} are no text, be it short or long`,
  run: () => {
    for (const padding of [0, 1, 4, 12, 15, 16, 20, 24, 40, 1000, 1024, 5000]) {
      const what = `${wrong} behind ${padding} bytes`;
      expectCode(() => codec.decode(body(wrong, padding)), "P3D_ERR_BAD_DATA", what);
      const key = concat(bytes("81"), body(wrong, padding), bytes("c0"));
      expectCode(() => codec.decode(key), "P3D_ERR_BAD_DATA", `as a key, ${what}`);
    }
  },
}));

export const codecCases: readonly Case[] = [
  {
    name: "any value comes back as it is delivered",
    run: () =>
      fc.assert(
        fc.property(sendable, (value) => expectSame(roundTrip(value), delivered(value))),
        { numRuns: 1000 },
      ),
  },
  {
    name: "encoding what was decoded gives the same bytes",
    run: () =>
      fc.assert(
        fc.property(sendable, (value) => {
          const once = encoded(value);
          expectSame(hex(encoded(codec.decode(once))), hex(once));
        }),
      ),
  },
  {
    name: "any text comes back, with U+FFFD for each lone surrogate",
    run: () =>
      fc.assert(
        fc.property(text, (value) => expectSame(roundTrip(value), value.toWellFormed())),
        { numRuns: 3000 },
      ),
  },
  {
    name: "dates, maps and integers of 64 bits come back",
    run: () => {
      const values = [
        new Date(0),
        new Date(-1),
        new Date(1_700_000_000_123),
        new Map<unknown, unknown>([
          [1, "one"],
          [2n ** 63n, "big"],
          [-1, { deep: new Map([[7, new Uint8Array([1, 2])]]) }],
        ]),
        2n ** 64n - 1n,
        -(2n ** 63n),
        -0,
        Number.NaN,
        Number.MIN_VALUE,
        2 ** 53,
      ];
      for (const value of values) expectSame(roundTrip([value]), [value]);
    },
  },
  ...texts,
  ...invalid,
];
