/**
 * What a codec has decoded, where binary values may be views of the body: those that are not most of its buffer, which
 * they would hold for as long as they are held, become copies.
 */
export function withOwnBinaries(value: unknown, buffer: ArrayBufferLike): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Uint8Array) {
    return value.buffer === buffer && 2 * value.length < buffer.byteLength ? new Uint8Array(value) : value;
  }
  if (ArrayBuffer.isView(value)) return value;
  for (const key of Object.keys(value)) {
    const item: unknown = Reflect.get(value, key);
    const own = withOwnBinaries(item, buffer);
    // An object that does not let itself be changed is the codec's own.
    if (own !== item) Reflect.set(value, key, own);
  }
  return value;
}
