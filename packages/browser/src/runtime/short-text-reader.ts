import type { TextReader } from "@peng3dnet/peer";

declare const TextDecoder: new (
  encoding: string,
  options: { readonly fatal: boolean; readonly ignoreBOM: boolean },
) => { decode(bytes: Uint8Array): string };

/** Texts of up to so many bytes are put together here. */
const SHORT = 64;
/** Bits of a byte that goes on with a character, of which the first two are 10. */
const MAX_CONTINUATION = 0x3f;

const { fromCharCode } = String;

function notValid(): TypeError {
  return new TypeError("the bytes are not valid UTF-8");
}

/**
 * Reads short texts itself: in browsers, a call of a `TextDecoder` takes as long as 50 to 100 characters do here. Longer ones go
 * to a `TextDecoder`. Accepts and refuses the same bytes, and keeps a byte order mark.
 */
export class ShortTextReader implements TextReader {
  readonly #decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  readonly #units: number[] = new Array(SHORT).fill(0);

  read(bytes: Uint8Array, start: number, end: number): string {
    if (end - start > SHORT) return this.#decoder.decode(bytes.subarray(start, end));
    const units = this.#units;
    let count = 0;
    for (let at = start; at < end; ) {
      const first = bytes[at++] as number;
      if (first < 0x80) {
        units[count++] = first;
        continue;
      }
      // What is past the end, or no continuation, has other bits than these six.
      const second = at < end ? (bytes[at++] as number) ^ 0x80 : 0xff;
      if (second > MAX_CONTINUATION || first < 0xc2) throw notValid();
      if (first < 0xe0) {
        units[count++] = ((first & 0x1f) << 6) | second;
        continue;
      }
      const third = at < end ? (bytes[at++] as number) ^ 0x80 : 0xff;
      if (third > MAX_CONTINUATION) throw notValid();
      if (first < 0xf0) {
        const unit = ((first & 0x0f) << 12) | (second << 6) | third;
        if (unit < 0x800 || (unit >= 0xd800 && unit < 0xe000)) throw notValid();
        units[count++] = unit;
        continue;
      }
      const fourth = at < end ? (bytes[at++] as number) ^ 0x80 : 0xff;
      const code = ((first & 0x07) << 18) | (second << 12) | (third << 6) | fourth;
      if (fourth > MAX_CONTINUATION || first > 0xf4 || code < 0x10000 || code > 0x10ffff) throw notValid();
      units[count++] = 0xd7c0 + (code >> 10);
      units[count++] = 0xdc00 | (code & 0x3ff);
    }
    return joined(units, count);
  }
}

/** The text of so many UTF-16 units. One call of the engine for some of them: each joining takes as long as such a call. */
function joined(units: readonly number[], count: number): string {
  let text = "";
  let at = 0;
  for (; at + 8 <= count; at += 8) {
    text += fromCharCode(
      units[at] as number,
      units[at + 1] as number,
      units[at + 2] as number,
      units[at + 3] as number,
      units[at + 4] as number,
      units[at + 5] as number,
      units[at + 6] as number,
      units[at + 7] as number,
    );
  }
  for (; at + 3 <= count; at += 3) {
    text += fromCharCode(units[at] as number, units[at + 1] as number, units[at + 2] as number);
  }
  for (; at < count; at++) text += fromCharCode(units[at] as number);
  return text;
}
