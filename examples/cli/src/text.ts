import { removeUnprintable } from "@peng3dnet/core";

const BREAKS = /[\t\n\v\f\r\u0085\u2028\u2029]+/g;

/**
 * Text from a peer, safe to print as one line: a terminal obeys control characters, so that a peer could
 * clear the screen, or imitate what others write. Line breaks and tabs become a space, the rest goes, as do other
 * characters that nobody sees.
 */
export function printable(text: string): string {
  return removeUnprintable(text.replace(BREAKS, " "));
}

const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\p{Emoji_Presentation}]/u;
const ZERO = /[\p{Mn}\p{Me}\p{Cf}]/u;

/** Number of terminal columns that a line takes. */
export function displayWidth(line: string): number {
  let width = 0;
  for (const char of line) width += ZERO.test(char) ? 0 : WIDE.test(char) ? 2 : 1;
  return width;
}
