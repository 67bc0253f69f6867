import { ValueCodec } from "@peng3dnet/peer";
import { LONGEST_PRESENCE } from "../wire/messages.js";

/** How deep a presence may nest, and how many elements it may have. */
const DEPTH = 8;
const ELEMENTS = 256;
const EMPTY = new Uint8Array(0);

const codec = new ValueCodec(DEPTH, ELEMENTS);

/**
 * Encodes what is said of a client.
 *
 * @throws EncodeError for what cannot be encoded; TypeError if it is too long.
 */
export function encodePresence(value: unknown): Uint8Array {
  if (value === undefined || value === null) return EMPTY;
  const bytes = codec.encode(value).slice();
  if (bytes.length <= LONGEST_PRESENCE) return bytes;
  throw new TypeError(
    `the presence of a client has ${LONGEST_PRESENCE} bytes at most, and this one ${bytes.length}; keep to what others show of it, such as a name`,
  );
}

/** What was said of a client. @throws BadDataError */
export function decodePresence(bytes: Uint8Array): unknown {
  return bytes.length === 0 ? null : codec.decode(bytes);
}

/** Bytes that a value takes beside those of texts and the like. An empty list has one byte, encoded. */
const VALUE_COST = 48;

function valuesIn(value: unknown): number {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return 1;
  let count = 1;
  for (const inner of Object.values(value)) count += valuesIn(inner);
  return count;
}

/** Bytes that a presence takes about, decoded. @param bytes - the same, encoded. */
export function costOf(value: unknown, bytes: Uint8Array): number {
  return bytes.length + VALUE_COST * valuesIn(value);
}

export function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, place) => byte === other[place]);
}
