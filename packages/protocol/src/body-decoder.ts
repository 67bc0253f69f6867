import { BODY_HAS_BINARY, BODY_NEEDS_EXACTNESS, BodyCheck } from "./body-check.js";
import type { Codec } from "./codec.js";
import type { Compression } from "./compression.js";
import { FLAG_COMPRESSED } from "./constants.js";
import { UnsupportedFlagsError } from "./errors.js";
import type { ValueReader } from "./value-reader.js";

/** What a {@link BodyDecoder} works with. */
export interface BodyDecoderOptions {
  /** Decodes what was checked; default: bodies are checked and decoded in one pass. */
  readonly codec?: Codec | undefined;
  /** For inflating; without it compressed bodies are refused. */
  readonly compression?: Compression | undefined;
}

/** Checks bodies and decodes them. One serves all connections of a peer. */
export class BodyDecoder {
  /** Bytes that the body decoded last was inflated to; 0 if it was not compressed. */
  inflatedBytes = 0;
  /** Memory that the value decoded last takes at most, estimated, in bytes. */
  decodedSize = 0;
  readonly #values: ValueReader;
  readonly #maxDepth: number;
  readonly #maxElements: number;
  readonly #check: BodyCheck;
  readonly #codec: Codec | undefined;
  readonly #compression: Compression | undefined;

  /**
   * @param values - checks and decodes where there is no codec.
   * @param maxDepth - how deep containers may nest.
   * @param maxElements - elements of all containers of a body together.
   */
  constructor(
    values: ValueReader,
    maxDepth: number,
    maxElements: number,
    { codec, compression }: BodyDecoderOptions = {},
  ) {
    this.#values = values;
    this.#maxDepth = maxDepth;
    this.#maxElements = maxElements;
    this.#check = new BodyCheck(maxDepth, maxElements);
    this.#codec = codec;
    this.#compression = compression;
  }

  /**
   * Decodes a body.
   *
   * @param owned - whether `bytes` holds nothing else and does not change.
   * @param limit - longest body after decompression, in bytes.
   * @throws {@link BadDataError}, {@link UnsupportedFlagsError}, {@link DecompressLimitError}.
   */
  decode(
    bytes: Uint8Array,
    start: number,
    end: number,
    flags: number,
    owned: boolean,
    limit: number,
  ): unknown {
    if (flags !== 0) {
      const inflated = this.#inflate(flags, bytes.subarray(start, end), limit);
      const value = this.decode(inflated, 0, inflated.length, 0, true, limit);
      this.inflatedBytes = inflated.length;
      return value;
    }
    this.inflatedBytes = 0;
    this.decodedSize = end - start;
    const codec = this.#codec;
    if (codec === undefined)
      return this.#values.read(bytes, start, end, owned, this.#maxDepth, this.#maxElements);
    const traits = this.#check.check(bytes, start, end);
    // The chunk may be reused or hold other packets, so that binary values are cut from a copy.
    const body =
      (traits & BODY_HAS_BINARY) !== 0 && !owned
        ? bytes.slice(start, end)
        : new Uint8Array(bytes.buffer, bytes.byteOffset + start, end - start);
    return codec.decode(body, (traits & BODY_NEEDS_EXACTNESS) !== 0);
  }

  #inflate(flags: number, body: Uint8Array, limit: number): Uint8Array {
    if (flags !== FLAG_COMPRESSED || this.#compression === undefined) {
      const here = this.#compression === undefined ? ", and not here" : "";
      throw new UnsupportedFlagsError(
        `the peer sent a packet with flags 0x${flags.toString(16)}; only compression (0x1) is supported${here}`,
      );
    }
    return this.#compression.inflate(body, limit);
  }
}
