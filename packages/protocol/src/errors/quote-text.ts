/**
 * What nobody should meet raw in an error, a log, a print or on a terminal: control characters, format characters
 * (those that turn the direction of text, tags, joiners), line separators, other characters that show as nothing,
 * lone surrogates, private use, and what Unicode does not assign.
 */
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;
const UNPRINTABLE_OR_QUOTE = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}"\\]/gu;

const SHORT_ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  "\\": "\\\\",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
};

/** Characters that {@link quoteText} shows unless told otherwise. */
const DEFAULT_LENGTH = 80;

/** Escapes as JSON has them, so that JSON stays JSON when it is escaped. */
function escapeCharacter(character: string): string {
  const short = SHORT_ESCAPES[character];
  if (short !== undefined) return short;
  let escaped = "";
  for (let index = 0; index < character.length; index++) {
    escaped += `\\u${character.charCodeAt(index).toString(16).padStart(4, "0")}`;
  }
  return escaped;
}

/**
 * Quotes text of a peer for an error, a log, a print or a terminal: in quotation marks, with an escape such as `\n`
 * or `\u202e` for each character that is not plainly visible, and cut to a length. What it returns is one line.
 *
 * @param maxLength - characters of the text that are shown; default 80. What is cut off is told by `…`.
 */
export function quoteText(text: string, maxLength: number = DEFAULT_LENGTH): string {
  const shown = cutText(text, maxLength);
  const rest = shown.length < text.length ? "…" : "";
  return `"${shown.replace(UNPRINTABLE_OR_QUOTE, escapeCharacter)}${rest}"`;
}

/** As {@link quoteText}, without quotation marks: for a line that has text of a peer somewhere. */
export function escapeText(text: string, maxLength: number): string {
  const shown = cutText(text, maxLength);
  return `${shown.replace(UNPRINTABLE, escapeCharacter)}${shown.length < text.length ? "…" : ""}`;
}

/** Text without the characters that {@link quoteText} escapes, save quotation marks. Not cut. */
export function removeUnprintable(text: string): string {
  return text.replace(UNPRINTABLE, "");
}

/** The beginning of a text, whole characters, at most `maxLength` of them. */
function cutText(text: string, maxLength: number): string {
  if (text.length <= maxLength) return text;
  let cut = "";
  let left = maxLength;
  // Put together anew: a part of a long text would keep all of it in memory.
  for (const character of text) {
    if (left-- <= 0) break;
    cut += character;
  }
  return cut;
}

/** The beginning of a text that takes at most so many bytes of UTF-8; whole characters. */
export function cutUtf8(text: string, maxBytes: number): string {
  if (3 * text.length <= maxBytes) return text;
  let cut = "";
  let left = maxBytes;
  for (const character of text) {
    left -= utf8Size(character.codePointAt(0) as number);
    if (left < 0) return cut;
    cut += character;
  }
  return text;
}

/** Bytes that a code point takes in UTF-8. */
function utf8Size(code: number): number {
  if (code < 0x80) return 1;
  if (code < 0x800) return 2;
  return code < 0x10000 ? 3 : 4;
}
