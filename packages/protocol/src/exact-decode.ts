import { BadDataError } from "./errors.js";

/** Decodes one value that holds no container and none of what the exact decoder does itself. */
type DecodeSimple = (bytes: Uint8Array) => unknown;

/** Decoders switch to the platform's text decoder, which drops a byte order mark, behind this many bytes. */
const LONG_TEXT = 200;
const STR_32 = 0xdb;

/** Whether a byte order mark (U+FEFF) stands somewhere in a body long enough for a decoder to drop it. */
export function mayLoseByteOrderMark(bytes: Uint8Array): boolean {
  if (bytes.length <= LONG_TEXT) return false;
  for (let at = bytes.indexOf(0xef); at >= 0; at = bytes.indexOf(0xef, at + 1)) {
    if (isByteOrderMark(bytes, at)) return true;
  }
  return false;
}

function isByteOrderMark(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === 0xef && bytes[at + 1] === 0xbb && bytes[at + 2] === 0xbf;
}

/**
 * Decodes a body that has been checked, exactly where a fast decoder is not: integers that a number cannot
 * represent become bigints, the others numbers, and a text keeps the byte order mark it begins with.
 */
export function decodeExactly(bytes: Uint8Array, simple: DecodeSimple): unknown {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let position = 0;

  const array = (start: number, length: number): unknown[] => {
    position = start;
    const items: unknown[] = [];
    for (let index = 0; index < length; index++) items.push(value());
    return items;
  };
  const map = (start: number, length: number): Record<string, unknown> => {
    position = start;
    const entries: Record<string, unknown> = {};
    for (let index = 0; index < length; index++) {
      const key = value();
      if (typeof key !== "string" || key === "__proto__") throw new BadDataError("a map has an unusable key");
      entries[key] = value();
    }
    return entries;
  };
  const integer = (big: bigint): number | bigint => {
    position += 9;
    const number = Number(big);
    return Number.isSafeInteger(number) ? number : big;
  };
  const upTo = (end: number): unknown => {
    const start = position;
    position = end;
    return simple(bytes.subarray(start, end));
  };
  const text = (start: number, length: number): unknown => {
    if (length <= LONG_TEXT || !isByteOrderMark(bytes, start)) return upTo(start + length);
    position = start + length;
    // Of two byte order marks one is dropped.
    const doubled = new Uint8Array(5 + 3 + length);
    doubled[0] = STR_32;
    new DataView(doubled.buffer).setUint32(1, 3 + length);
    doubled.set(bytes.subarray(start, start + 3), 5);
    doubled.set(bytes.subarray(start, position), 8);
    return simple(doubled);
  };
  const value = (): unknown => {
    const at = position;
    const head = view.getUint8(at);
    if (head < 0x80 || head >= 0xe0) return upTo(at + 1);
    if (head < 0x90) return map(at + 1, head & 0x0f);
    if (head < 0xa0) return array(at + 1, head & 0x0f);
    if (head < 0xc0) return text(at + 1, head & 0x1f);
    switch (head) {
      case 0xc4:
        return upTo(at + 2 + view.getUint8(at + 1));
      case 0xc5:
        return upTo(at + 3 + view.getUint16(at + 1));
      case 0xc6:
        return upTo(at + 5 + view.getUint32(at + 1));
      case 0xcc:
      case 0xd0:
        return upTo(at + 2);
      case 0xcd:
      case 0xd1:
        return upTo(at + 3);
      case 0xca:
      case 0xce:
      case 0xd2:
        return upTo(at + 5);
      case 0xcb:
        return upTo(at + 9);
      case 0xcf:
        return integer(view.getBigUint64(at + 1));
      case 0xd3:
        return integer(view.getBigInt64(at + 1));
      case 0xd9:
        return text(at + 2, view.getUint8(at + 1));
      case 0xda:
        return text(at + 3, view.getUint16(at + 1));
      case 0xdb:
        return text(at + 5, view.getUint32(at + 1));
      case 0xdc:
        return array(at + 3, view.getUint16(at + 1));
      case 0xdd:
        return array(at + 5, view.getUint32(at + 1));
      case 0xde:
        return map(at + 3, view.getUint16(at + 1));
      case 0xdf:
        return map(at + 5, view.getUint32(at + 1));
      default:
        return upTo(at + 1);
    }
  };

  const result = value();
  if (position !== bytes.length) throw new BadDataError("the body does not end with its value");
  return result;
}
