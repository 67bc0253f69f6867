/**
 * Numbers as msgpack writes them, without a codec: the engine makes the code that writes and reads an application's values slower
 * once it has seen other values there ("Keep the protocol's own values away" in docs/performance).
 *
 * @packageDocumentation
 */

const TWO_TO_32 = 0x100000000;
/** First byte of an integer by how many bytes it takes. One byte is the number itself. */
const HEADS: Readonly<Record<number, number>> = { 2: 0xcc, 3: 0xcd, 5: 0xce, 9: 0xcf };

/** Whether a value is an integer from 0 to below 2^53: a number of bytes, or of units of time. */
export function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** How many bytes an integer from 0 to below 2^53 takes. */
export function numberLength(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x100) return 2;
  if (value < 0x10000) return 3;
  return value < TWO_TO_32 ? 5 : 9;
}

/** Writes an integer from 0 to below 2^53, of so many bytes as {@link numberLength} says. */
export function writeNumber(bytes: Uint8Array, start: number, length: number, value: number): void {
  let rest = value;
  for (let at = start + length - 1; at > start; at--) {
    bytes[at] = rest;
    rest = Math.floor(rest / 0x100);
  }
  bytes[start] = HEADS[length] ?? value;
}

/** Reads an integer that takes all bytes from `start` to `end`. @returns `undefined` for anything else. */
export function readNumber(bytes: Uint8Array, start: number, end: number): number | undefined {
  const length = end - start;
  const head = bytes[start] as number;
  if (length === 1 && head < 0x80) return head;
  if (length < 2 || head !== HEADS[length]) return undefined;
  let value = 0;
  for (let at = start + 1; at < end; at++) value = value * 0x100 + (bytes[at] as number);
  return value;
}
