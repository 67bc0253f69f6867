// Texts that are read without the platform's decoder are the same as with it, and the same bytes are no text.

import fc from "fast-check";
import { ShortTextReader } from "../../src/runtime/short-text-reader.js";

const reader = new ShortTextReader();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** What came of it: the text, or that there is none. */
function outcome(read: () => string): string | undefined {
  try {
    return read();
  } catch (error) {
    return (error as Error).name === "TypeError" ? undefined : `another error: ${error}`;
  }
}

/** Whether the reader and the platform agree on these bytes, between others that are none of the text's. */
function agrees(text: Uint8Array): boolean {
  const bytes = new Uint8Array(text.length + 6).fill(0x80);
  bytes.set(text, 3);
  const expected = outcome(() => decoder.decode(text));
  return outcome(() => reader.read(bytes, 3, 3 + text.length)) === expected;
}

/** Where what may follow begins and ends, for each kind of first byte. */
const SECONDS = [0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xa5, 0xbf, 0xc0, 0xe0, 0xff];
const longest = [0x61, 0xc3, 0xa9, 0xed, 0x95, 0x9c, 0xf0, 0x9f, 0x98, 0x80];

test("each first byte, with what may follow it and what may not", () => {
  const wrong: number[][] = [];
  for (let first = 0; first < 256; first++) {
    if (!agrees(Uint8Array.of(first))) wrong.push([first]);
    for (const second of SECONDS) {
      for (const rest of [
        [],
        [0x80],
        [0xbf],
        [0x7f],
        [0x80, 0x80],
        [0xbf, 0xbf],
        [0x80, 0x41],
        [0xc0, 0x80],
      ]) {
        if (!agrees(Uint8Array.of(first, second, ...rest))) wrong.push([first, second, ...rest]);
      }
    }
  }
  expect(wrong).toEqual([]);
});

test("any bytes, at all lengths about the longest that is read here", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 70 }), (bytes) => agrees(bytes)),
    { numRuns: 2000 },
  );
});

test("any text, at all lengths about the longest that is read here", () => {
  const encoder = new TextEncoder();
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 40 }), (text) => agrees(encoder.encode(text))),
    { numRuns: 2000 },
  );
  for (let length = 0; length < 70; length++) {
    expect(agrees(Uint8Array.from({ length }, (_, at) => longest[at % longest.length] as number))).toBe(true);
  }
});

test("a byte order mark stays", () => {
  expect(reader.read(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61), 0, 4)).toBe("\ufeffa");
});

test("what is read does not depend on what was read before", () => {
  const encoder = new TextEncoder();
  const read = (text: string) => reader.read(encoder.encode(text), 0, encoder.encode(text).length);
  expect([read("x".repeat(64)), read("é"), read(""), read("ab")]).toEqual(["x".repeat(64), "é", "", "ab"]);
});
