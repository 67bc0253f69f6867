import { stripVTControlCharacters } from "node:util";
import { escapeText, removeUnprintable } from "@peng3dnet/core";

// A server's text may hold anything, e.g. control sequences. All that is shown of it goes through these functions.

const BLANKS = /[\p{Cc}\p{Zl}\p{Zp}\s]+/gu;
const WIDE =
  /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}！-｠]/u;
const COMBINING = /^\p{M}/u;

/** Makes text one line without anything that a terminal would obey, cut to `max` characters. */
export function clean(text: string, max = 300): string {
  const visible = stripVTControlCharacters(text.slice(0, max * 4)).replace(BLANKS, " ");
  const line = removeUnprintable(visible).trim();
  const characters = [...line];
  return characters.length > max ? `${characters.slice(0, max - 1).join("")}…` : line;
}

/** About how many columns a character takes. */
function columnsOf(character: string): number {
  if (COMBINING.test(character)) return 0;
  return WIDE.test(character) ? 2 : 1;
}

/** About how many columns text takes on a terminal. */
export function width(text: string): number {
  let columns = 0;
  for (const character of text) columns += columnsOf(character);
  return columns;
}

/** Cuts text to a number of columns. */
export function cutTo(text: string, columns: number): string {
  if (width(text) <= columns) return text;
  let left = columns - 1;
  let result = "";
  for (const character of text) {
    left -= columnsOf(character);
    if (left < 0) break;
    result += character;
  }
  return columns > 0 ? `${result}…` : "";
}

function jsonValue(_key: string, value: unknown): unknown {
  if (typeof value === "bigint") return value.toString();
  return value;
}

/** Replaces binary values by hexadecimal text, at any depth. */
function withoutBinary(value: unknown): unknown {
  // A time has no keys of its own, so that nothing would be left of it. JSON has a text for it.
  if (value instanceof Date) return value;
  if (ArrayBuffer.isView(value)) {
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("hex");
  }
  if (Array.isArray(value)) return value.map(withoutBinary);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withoutBinary(item)]));
}

/**
 * Makes JSON on one line that is safe to print. Integers beyond 2**53-1 become strings, binary values hexadecimal text, times
 * text as of ISO 8601, and numbers that JSON does not have (infinity, NaN) `null`.
 */
export function json(value: unknown): string {
  return escapeText(JSON.stringify(withoutBinary(value), jsonValue), Number.POSITIVE_INFINITY);
}
