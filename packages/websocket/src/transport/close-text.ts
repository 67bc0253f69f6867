import { escapeText } from "@peng3dnet/core";

/** Longest text of a close frame, in bytes of UTF-8. */
const MAX_TEXT = 123;

/** Text for a close frame: one line, of whole characters, and no longer than there is room. */
export function closeText(text: string): string {
  const bytes = Buffer.from(escapeText(text, MAX_TEXT));
  let end = Math.min(bytes.length, MAX_TEXT);
  // No byte within a character is the first of one.
  while (((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  return bytes.toString("utf8", 0, end);
}
