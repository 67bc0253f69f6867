/** Longest text put together from its bytes; for longer ones the platform's decoder wins. */
export const SHORT_TEXT = 16;

const { fromCharCode } = String;

/** The text of up to {@link SHORT_TEXT} bytes, all of them below 0x80. */
export function shortText(bytes: Uint8Array, start: number, end: number): string {
  const length = end - start;
  if (length <= 8) return veryShortText(bytes, start, length);
  return veryShortText(bytes, start, 8) + veryShortText(bytes, start + 8, length - 8);
}

/** The text of up to 8 bytes. One call of the engine for all of them: to join texts takes as long as to make them. */
function veryShortText(bytes: Uint8Array, at: number, length: number): string {
  switch (length) {
    case 0:
      return "";
    case 1:
      return fromCharCode(bytes[at] as number);
    case 2:
      return fromCharCode(bytes[at] as number, bytes[at + 1] as number);
    case 3:
      return fromCharCode(bytes[at] as number, bytes[at + 1] as number, bytes[at + 2] as number);
    case 4:
      return fromCharCode(
        bytes[at] as number,
        bytes[at + 1] as number,
        bytes[at + 2] as number,
        bytes[at + 3] as number,
      );
    case 5:
      return fromCharCode(
        bytes[at] as number,
        bytes[at + 1] as number,
        bytes[at + 2] as number,
        bytes[at + 3] as number,
        bytes[at + 4] as number,
      );
    case 6:
      return fromCharCode(
        bytes[at] as number,
        bytes[at + 1] as number,
        bytes[at + 2] as number,
        bytes[at + 3] as number,
        bytes[at + 4] as number,
        bytes[at + 5] as number,
      );
    case 7:
      return fromCharCode(
        bytes[at] as number,
        bytes[at + 1] as number,
        bytes[at + 2] as number,
        bytes[at + 3] as number,
        bytes[at + 4] as number,
        bytes[at + 5] as number,
        bytes[at + 6] as number,
      );
    default:
      return fromCharCode(
        bytes[at] as number,
        bytes[at + 1] as number,
        bytes[at + 2] as number,
        bytes[at + 3] as number,
        bytes[at + 4] as number,
        bytes[at + 5] as number,
        bytes[at + 6] as number,
        bytes[at + 7] as number,
      );
  }
}

/** Bytes of the head of a text. */
export function headLength(head: number): number {
  return head < 0xc0 ? 1 : head === 0xd9 ? 2 : head === 0xda ? 3 : 5;
}
