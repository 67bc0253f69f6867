import { readUint16, readUint32 } from "../framing/packet-header.js";
import { decodeExtension, decoderOf, type ExtensionCodec } from "./extension-codec.js";
import { type MapKey, MixedMap } from "./reading/map-keys.js";
import { readTimestamp, TIMESTAMP_TYPE } from "./timestamp.js";

/**
 * Decodes a body that was checked, slowly and exactly: integers that a number cannot represent as `bigint`, strings with
 * a leading byte order mark, which the decoders of the platform leave out, and maps whose keys are not all strings.
 */
export function decodeExactly(bytes: Uint8Array, extensions: ExtensionCodec | undefined): unknown {
  return new ExactDecoder(bytes, extensions).value();
}

class ExactDecoder {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #extensions: ExtensionCodec | undefined;
  #at = 0;

  constructor(bytes: Uint8Array, extensions: ExtensionCodec | undefined) {
    this.#extensions = extensions;
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  value(): unknown {
    const head = this.#uint(1);
    if (head < 0x80) return head;
    if (head >= 0xe0) return head - 0x100;
    if (head < 0x90) return this.#map(head & 0x0f);
    if (head < 0xa0) return this.#array(head & 0x0f);
    if (head < 0xc0) return this.#string(head & 0x1f);
    switch (head) {
      case 0xc2:
        return false;
      case 0xc3:
        return true;
      case 0xc4:
      case 0xc5:
      case 0xc6:
        return this.#take(this.#uint(1 << (head - 0xc4)));
      case 0xc7:
      case 0xc8:
      case 0xc9:
        return this.#extension(this.#uint(1 << (head - 0xc7)));
      case 0xca:
        return this.#view.getFloat32(this.#skip(4));
      case 0xcb:
        return this.#view.getFloat64(this.#skip(8));
      case 0xcc:
      case 0xcd:
      case 0xce:
        return this.#uint(1 << (head - 0xcc));
      case 0xcf:
        return shrink(this.#view.getBigUint64(this.#skip(8)));
      case 0xd0:
        return this.#view.getInt8(this.#skip(1));
      case 0xd1:
        return this.#view.getInt16(this.#skip(2));
      case 0xd2:
        return this.#view.getInt32(this.#skip(4));
      case 0xd3:
        return shrink(this.#view.getBigInt64(this.#skip(8)));
      case 0xd4:
      case 0xd5:
      case 0xd6:
      case 0xd7:
      case 0xd8:
        return this.#extension(1 << (head - 0xd4));
      case 0xd9:
      case 0xda:
      case 0xdb:
        return this.#string(this.#uint(1 << (head - 0xd9)));
      case 0xdc:
      case 0xdd:
        return this.#array(this.#uint(2 << (head - 0xdc)));
      case 0xde:
      case 0xdf:
        return this.#map(this.#uint(2 << (head - 0xde)));
      default:
        // nil; the check has refused all other bytes.
        return null;
    }
  }

  #array(length: number): unknown[] {
    const array: unknown[] = [];
    for (let index = 0; index < length; index++) array.push(this.value());
    return array;
  }

  #map(length: number): Record<string, unknown> | Map<MapKey, unknown> {
    const map: Record<string, unknown> = {};
    for (let index = 0; index < length; index++) {
      const key = this.value() as MapKey;
      if (typeof key !== "string") return this.#mixedMap(map, key, length - index - 1);
      map[key] = this.value();
    }
    return map;
  }

  #mixedMap(first: Record<string, unknown>, key: MapKey, length: number): Map<MapKey, unknown> {
    const mixed = new MixedMap(first);
    mixed.set(key, this.value());
    for (let index = 0; index < length; index++) {
      const next = this.value() as MapKey;
      mixed.set(next, this.value());
    }
    return mixed.map;
  }

  #extension(length: number): unknown {
    const type = this.#view.getInt8(this.#skip(1));
    const at = this.#skip(length);
    if (type === TIMESTAMP_TYPE) return readTimestamp(this.#bytes, at, length);
    return decodeExtension(decoderOf(this.#extensions, type), type, this.#bytes, at, length);
  }

  #string(length: number): string {
    const bytes = this.#take(length);
    let text = "";
    for (let at = 0; at < length; ) {
      const lead = bytes[at] as number;
      const size = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
      let code = size === 1 ? lead : lead & (0x7f >> size);
      for (let index = 1; index < size; index++) code = (code << 6) | ((bytes[at + index] as number) & 0x3f);
      text += String.fromCodePoint(code);
      at += size;
    }
    return text;
  }

  #take(length: number): Uint8Array {
    const start = this.#skip(length);
    return this.#bytes.subarray(start, start + length);
  }

  #uint(width: number): number {
    const at = this.#skip(width);
    if (width === 1) return this.#bytes[at] as number;
    return width === 2 ? readUint16(this.#bytes, at) : readUint32(this.#bytes, at);
  }

  #skip(length: number): number {
    const at = this.#at;
    this.#at += length;
    return at;
  }
}

function shrink(integer: bigint): number | bigint {
  const number = Number(integer);
  return Number.isSafeInteger(number) ? number : integer;
}
