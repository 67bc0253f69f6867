// Text that is written without the platform's encoder is the same in bytes, whatever it is made of.

import { ValueCodec } from "@peng3dnet/protocol";
import { hex } from "../../support/bytes.js";

/** The first and the last code point of each length, and those beside the surrogates. */
const POINTS = [0x7f, 0x80, 0x7ff, 0x800, 0xd7ff, 0xe000, 0xfffd, 0xffff, 0x10000, 0x10ffff];
const LONE = ["\ud800", "\udbff", "\udc00", "\udfff"];

test.each([
  ...POINTS.map((point) => [point.toString(16), String.fromCodePoint(point)] as const),
  ...LONE.map((text) => [text.charCodeAt(0).toString(16), text] as const),
])("code point %s, among others", (_point, character) => {
  const codec = new ValueCodec();
  for (const text of [character, `a${character}b`, `${character}é`, character.repeat(7), `${character}한`]) {
    const written = Buffer.from(text.toWellFormed(), "utf8");
    const head = written.length < 32 ? [0xa0 | written.length] : [0xd9, written.length];
    expect(hex(codec.encode(text))).toBe(hex(Buffer.from([...head, ...written])));
    expect(codec.decode(codec.encode({ [text]: 1 }))).toEqual({ [text.toWellFormed()]: 1 });
  }
});
