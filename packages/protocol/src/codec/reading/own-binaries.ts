import { kindOf } from "../writing/sendable.js";

/**
 * What a codec has decoded, where binary values may be views of the body: those that are not most of its buffer, which
 * they would hold for as long as they are held, become copies. Objects that are an application's are left alone.
 */
export function withOwnBinaries(value: unknown, buffer: ArrayBufferLike): unknown {
  return new OwnBinaries(buffer).of(value);
}

class OwnBinaries {
  readonly #buffer: ArrayBufferLike;
  /** What an application decodes of an extension type may refer to itself. */
  readonly #seen = new Set<object>();

  constructor(buffer: ArrayBufferLike) {
    this.#buffer = buffer;
  }

  of(value: unknown): unknown {
    if (typeof value !== "object" || value === null) return value;
    if (value instanceof Uint8Array) {
      const { buffer } = value;
      return buffer === this.#buffer && 2 * value.length < buffer.byteLength ? new Uint8Array(value) : value;
    }
    if (ArrayBuffer.isView(value) || this.#seen.has(value)) return value;
    this.#seen.add(value);
    if (value instanceof Map) return this.#ofMap(value);
    if (!Array.isArray(value) && !kindOf(value).plain) return value;
    for (const key of Object.keys(value)) {
      const item: unknown = Reflect.get(value, key);
      const own = this.of(item);
      // An object that does not let itself be changed is the codec's own.
      if (own !== item) Reflect.set(value, key, own);
    }
    return value;
  }

  #ofMap(map: Map<unknown, unknown>): unknown {
    const entries = [...map].map(([key, item]) => [this.of(key), this.of(item)] as const);
    const same = entries.every(([key, item]) => map.has(key) && map.get(key) === item);
    return same ? map : new Map(entries);
  }
}
