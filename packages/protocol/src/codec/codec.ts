/**
 * Turns values into bytes and back. Replace it with one object to use another msgpack implementation;
 * bodies are validated before `decode` sees them, whatever the codec.
 */
export interface Codec {
  /**
   * Encodes one value. The result may be a view of a buffer that the next call overwrites.
   *
   * @throws if the value cannot be represented.
   */
  encode(value: unknown): Uint8Array;

  /**
   * Decodes one value that is known to be well-formed.
   *
   * @param bytes - exactly one msgpack value. Binary values may be views of it.
   * @param exactly - whether it holds what many decoders get wrong: integers beyond what a number can
   * represent, strings that begin with a byte order mark (U+FEFF), or maps with keys that are integers or binary.
   */
  decode(bytes: Uint8Array, exactly: boolean): unknown;
}
