// Text that is written without the platform's encoder is the same in bytes, whatever it is made of.

import { ValueCodec } from "@peng3dnet/protocol";
import { hex } from "../../support/bytes.js";

/** The first and the last code point of each length, and those beside the surrogates. */
const POINTS = [0x7f, 0x80, 0x7ff, 0x800, 0xd7ff, 0xe000, 0xfffd, 0xffff, 0x10000, 0x10ffff];
const LONE = ["\ud800", "\udbff", "\udc00", "\udfff"];

/** A text of less than 256 bytes, as the platform writes it. */
function expected(text: string): string {
  const written = Buffer.from(text.toWellFormed(), "utf8");
  const head = written.length < 32 ? [0xa0 | written.length] : [0xd9, written.length];
  return hex(Buffer.from([...head, ...written]));
}

test.each([
  ...POINTS.map((point) => [point.toString(16), String.fromCodePoint(point)] as const),
  ...LONE.map((text) => [text.charCodeAt(0).toString(16), text] as const),
])("code point %s, among others", (_point, character) => {
  const codec = new ValueCodec();
  for (const text of [character, `a${character}b`, `${character}é`, character.repeat(7), `${character}한`]) {
    expect(hex(codec.encode(text))).toBe(expected(text));
    expect(codec.decode(codec.encode({ [text]: 1 }))).toEqual({ [text.toWellFormed()]: 1 });
  }
});

test.each(["\x80", "é", "한", "😀", ...LONE])("%j at each place of a text of each length", (character) => {
  const codec = new ValueCodec();
  const others: string[] = [];
  for (let before = 0; before <= 41; before++) {
    for (let behind = 0; before + behind <= 41; behind++) {
      const text = "a".repeat(before) + character + "z".repeat(behind);
      if (hex(codec.encode(text)) !== expected(text)) others.push(text);
    }
  }
  expect(others).toEqual([]);
});

test.each(["é", "한", "😀"])("as many of %s as take one byte more for the head of the text", (character) => {
  const codec = new ValueCodec();
  for (let count = 1; count <= 40; count++) {
    for (const text of [character.repeat(count), `ab${character.repeat(count)}`]) {
      // What follows is where the text ends.
      expect(hex(codec.encode([text, 1]))).toBe(`92${expected(text)}01`);
    }
  }
});
