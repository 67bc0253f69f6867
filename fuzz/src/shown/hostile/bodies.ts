// Bodies that are made to hurt, as large as the default limits let pass: whoever lowers a limit is attacked below it.

import { deflateSync } from "node:zlib";
import { encode } from "@msgpack/msgpack";
import { DEFAULT_CONFIG } from "@peng3dnet/core";
import { concat, frame } from "../../bytes.js";

export const ELEMENTS = DEFAULT_CONFIG["net.limits.elements"];
export const DEPTH = DEFAULT_CONFIG["net.limits.depth"];
export const INFLATED = DEFAULT_CONFIG["net.limits.inflated"];
export const INFLATED_EARLY = DEFAULT_CONFIG["net.limits.inflated.handshake"];
export const PACKET = DEFAULT_CONFIG["net.limits.packetlength"];
export const PACKET_EARLY = DEFAULT_CONFIG["net.limits.packetlength.handshake"];

export const SETTYPE_ID = 2;
export const CLOSE_ID = 16;

const COMPRESSED = 1;
/** What wraps values in a body. */
const SPARE = 64;

export function header32(marker: number, length: number): Uint8Array {
  const bytes = new Uint8Array(5);
  bytes[0] = marker;
  new DataView(bytes.buffer).setUint32(1, length);
  return bytes;
}

/** A list of the same element, again and again. */
export function listOf(element: Uint8Array, count: number): Uint8Array {
  return concat([header32(0xdd, count), Buffer.alloc(count * element.length, element)]);
}

/**
 * As many of an element as pass.
 *
 * @param elements - for how many it counts.
 * @param values - how many values of the list it is.
 */
export function fullListOf(
  element: Uint8Array,
  elements: number,
  {
    inflated = INFLATED,
    values = 1,
    most = ELEMENTS,
  }: { inflated?: number; values?: number; most?: number } = {},
): Uint8Array {
  const room = Math.floor((inflated - SPARE) / element.length);
  const count = Math.min(room, Math.floor((most - SPARE) / elements));
  return concat([header32(0xdd, count * values), Buffer.alloc(count * element.length, element)]);
}

/** Keys in one map at most: more of them do not fit into a packet, even compressed. */
const MOST_KEYS = 150_000;

/** A map of the same value under many keys, as many of them as pass. */
export function mapOf(keys: Iterable<string>, value: Uint8Array = Uint8Array.of(0xc0)): Uint8Array {
  const parts: Uint8Array[] = [];
  let count = 0;
  let length = SPARE;
  for (const key of keys) {
    const bytes = encode(key);
    length += bytes.length + value.length;
    if (length > INFLATED || 2 * count + SPARE > ELEMENTS || count === MOST_KEYS) break;
    parts.push(bytes, value);
    count++;
  }
  return concat([header32(0xdf, count), ...parts]);
}

/** Numbers as keys, from, to, in steps. */
export function* integerKeys(from: number, to: number, step: number): Generator<string> {
  for (let key = from; step > 0 ? key < to : key > to; key += step) yield String(key);
}

export function compressed(id: number, body: Uint8Array): Uint8Array {
  const bytes = frame(id, COMPRESSED, deflateSync(body, { level: 9 }));
  if (bytes.length > PACKET)
    throw new Error(`a packet of ${bytes.length} bytes is refused, and attacks nothing`);
  return bytes;
}

/** A compressed body that is a zlib stream already, or garbage. */
export const asCompressed = (id: number, stream: Uint8Array): Uint8Array => frame(id, COMPRESSED, stream);

export const plain = (id: number, body: Uint8Array): Uint8Array => frame(id, 0, body);

export const encoded = (value: unknown): Uint8Array => encode(value);

export const packet = (id: number, value: unknown): Uint8Array => frame(id, 0, encode(value));

/** Packets one behind the other until they are as long. At least one. */
export function repeated(bytes: Uint8Array, length = 64 * 1024): Uint8Array {
  const count = Math.max(1, Math.floor(length / bytes.length));
  return new Uint8Array(Buffer.alloc(count * bytes.length, bytes));
}

/** Text of so many bytes. */
export function longText(length: number, letter = "x"): Uint8Array {
  return concat([header32(0xdb, length), Buffer.alloc(length, letter)]);
}
