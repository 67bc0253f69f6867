/**
 * Text in UTF-8. A surrogate without its other half counts and is written as U+FFFD, since a Python peer refuses it.
 *
 * @packageDocumentation
 */

const REPLACEMENT_CHARACTER = 0xfffd;

/** Most bytes that UTF-8 takes for one UTF-16 unit. */
export const BYTES_PER_UNIT = 3;

/** Length of a text in UTF-8, in bytes. */
export function utf8Length(text: string): number {
  let length = 0;
  for (let index = 0; index < text.length; index++) {
    const code = codePoint(text, index);
    if (code > 0xffff) index++;
    length += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return length;
}

/**
 * Writes a text from the unit at `start` on, for which there has to be room. For long texts the platform's encoder is faster.
 *
 * @param at - where it goes in `bytes`.
 * @returns where it ends.
 */
export function writeUtf8(text: string, start: number, bytes: Uint8Array, at: number): number {
  let end = at;
  for (let index = start; index < text.length; index++) {
    const code = codePoint(text, index);
    if (code < 0x80) bytes[end++] = code;
    else {
      if (code < 0x800) bytes[end++] = 0xc0 | (code >> 6);
      else {
        if (code < 0x10000) bytes[end++] = 0xe0 | (code >> 12);
        else {
          index++;
          bytes[end++] = 0xf0 | (code >> 18);
          bytes[end++] = 0x80 | ((code >> 12) & 0x3f);
        }
        bytes[end++] = 0x80 | ((code >> 6) & 0x3f);
      }
      bytes[end++] = 0x80 | (code & 0x3f);
    }
  }
  return end;
}

/** The code point at `index`. */
function codePoint(text: string, index: number): number {
  const code = text.codePointAt(index) as number;
  return code >= 0xd800 && code < 0xe000 ? REPLACEMENT_CHARACTER : code;
}
