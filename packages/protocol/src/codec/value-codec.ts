import { BufferPool } from "../framing/buffer-pool.js";
import type { Codec } from "./codec.js";
import type { ExtensionCodec } from "./extension-codec.js";
import { ValueReader } from "./reading/value-reader.js";
import { ValueWriter } from "./writing/value-writer.js";

const FIRST_CAPACITY = 1024;

/**
 * What connections do with bodies unless they are given a codec, for use without a connection: encodes values and
 * decodes them again, with all checks (clause 1).
 *
 * Integers that a number cannot represent travel as `bigint` (from -2**63 to 2**64-1, in the shortest form), -0 as a
 * float, `undefined` as nil; lone surrogates become U+FFFD, since a Python peer refuses them. A `Date` travels as a
 * timestamp, and a `Map` as a map; a map whose keys are not all strings arrives as a `Map`.
 */
export class ValueCodec implements Codec {
  readonly #writer: ValueWriter;
  readonly #reader = new ValueReader();
  readonly #maxDepth: number;
  readonly #maxElements: number;
  readonly #extensions: ExtensionCodec | undefined;
  #buffer: Uint8Array = new Uint8Array(FIRST_CAPACITY);

  /**
   * @param maxDepth - how deep containers may nest; default 512.
   * @param maxElements - elements of all containers together, two for a pair of a map, a binary or an extension value;
   * default 1,048,576.
   * @param extensions - for msgpack's extension types; without it, they are refused.
   */
  constructor(maxDepth = 512, maxElements = 1024 * 1024, extensions?: ExtensionCodec) {
    this.#writer = new ValueWriter(maxDepth, maxElements, new BufferPool(0), extensions);
    this.#extensions = extensions;
    this.#maxDepth = maxDepth;
    this.#maxElements = maxElements;
  }

  /**
   * Encodes one value. The result is a view of a buffer that the next call overwrites.
   *
   * @throws {@link EncodeError} if the value cannot be represented, is nested too deep or has too many elements.
   */
  encode(value: unknown): Uint8Array {
    const writer = this.#writer.idle();
    const nested = writer !== this.#writer;
    writer.write(value, nested ? new Uint8Array(FIRST_CAPACITY) : this.#buffer, 0, 0);
    const { bytes } = writer;
    if (!nested) this.#buffer = bytes;
    return bytes.subarray(0, writer.end);
  }

  /**
   * Decodes one value.
   *
   * @param bytes - exactly one msgpack value. A binary value that is most of it is a view of it, others are copies.
   * @throws {@link BadDataError} if it is anything else, or of a kind that is not accepted.
   */
  decode(bytes: Uint8Array): unknown {
    const { length } = bytes;
    return this.#reader.read(bytes, 0, length, true, this.#maxDepth, this.#maxElements, this.#extensions);
  }
}
