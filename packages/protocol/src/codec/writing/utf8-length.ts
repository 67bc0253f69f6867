import { utf8Size } from "../../errors/quote-text.js";

/** Length of a text in UTF-8, in bytes. */
export function utf8Length(text: string): number {
  let length = 0;
  for (const character of text) length += utf8Size(character.codePointAt(0) as number);
  return length;
}
