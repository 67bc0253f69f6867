import { FLAG_COMPRESSED } from "../../constants.js";
import { UnsupportedFlagsError } from "../../errors/errors.js";
import type { Codec } from "../codec.js";
import type { Compression } from "../compression.js";
import type { ExtensionCodec } from "../extension-codec.js";
import { BODY_HAS_BINARY, BODY_NEEDS_EXACTNESS, BodyCheck } from "./body-check.js";
import { withOwnBinaries } from "./own-binaries.js";
import type { ValueReader } from "./value-reader.js";

/** What a {@link BodyDecoder} works with. */
export interface BodyDecoderOptions {
  /** Decodes what was checked; default: bodies are checked and decoded in one pass. */
  readonly codec?: Codec | undefined;
  /**
   * Encodes and decodes msgpack's extension types but timestamps; without it, they are refused. Beside a `codec`, they
   * are let through to that.
   */
  readonly extensions?: ExtensionCodec | undefined;
  /** For inflating; without it compressed bodies are refused. */
  readonly compression?: Compression | undefined;
}

/** Checks bodies and decodes them. One serves all connections of a peer. */
export class BodyDecoder {
  readonly #values: ValueReader;
  readonly #maxDepth: number;
  readonly #maxElements: number;
  readonly #check: BodyCheck;
  readonly #codec: Codec | undefined;
  readonly #extensions: ExtensionCodec | undefined;
  readonly #compression: Compression | undefined;
  /** What the last decode inflated. */
  #inflatedBytes = 0;

  /**
   * @param values - checks and decodes where there is no codec.
   * @param maxDepth - how deep containers may nest.
   * @param maxElements - elements of all containers of a body together.
   */
  constructor(
    values: ValueReader,
    maxDepth: number,
    maxElements: number,
    { codec, compression, extensions }: BodyDecoderOptions = {},
  ) {
    this.#values = values;
    this.#maxDepth = maxDepth;
    this.#maxElements = maxElements;
    this.#check = new BodyCheck(maxDepth, maxElements, extensions);
    this.#extensions = extensions;
    this.#codec = codec;
    this.#compression = compression;
  }

  /**
   * Decodes a body.
   *
   * @param owned - whether `bytes` holds nothing else and does not change.
   * @param limit - longest body after decompression, in bytes.
   * @param maxElements - elements of all containers together; default: as given to the constructor.
   * @throws {@link BadDataError}, {@link UnsupportedFlagsError}, {@link DecompressLimitError}.
   */
  decode(
    bytes: Uint8Array,
    start: number,
    end: number,
    flags: number,
    owned: boolean,
    limit: number,
    maxElements = this.#maxElements,
  ): unknown {
    this.#inflatedBytes = 0;
    if (flags === 0) return this.#decode(bytes, start, end, owned, maxElements);
    return this.#decodeInflated(flags, bytes.subarray(start, end), limit, maxElements);
  }

  #decodeInflated(flags: number, body: Uint8Array, limit: number, maxElements: number): unknown {
    const inflated = this.inflate(flags, body, limit);
    this.#inflatedBytes = inflated.length;
    // What lies beside it in its buffer is nothing to be shown.
    const whole = inflated.length === inflated.buffer.byteLength;
    return this.#decode(inflated, 0, inflated.length, whole, maxElements);
  }

  /**
   * An estimate of the heap that the value decoded last takes, in bytes: an upper bound, made of the length of its body
   * and of how many elements, containers and binary values it has.
   */
  get decodedSize(): number {
    return this.#codec === undefined ? this.#values.decodedSize : this.#check.decodedSize;
  }

  /** Bytes that were inflated for the value decoded last; 0 if it was not compressed. */
  get inflatedBytes(): number {
    return this.#inflatedBytes;
  }

  #decode(bytes: Uint8Array, start: number, end: number, owned: boolean, maxElements: number): unknown {
    if (this.#codec === undefined) {
      return this.#values.read(bytes, start, end, owned, this.#maxDepth, maxElements, this.#extensions);
    }
    return this.#decodeBy(this.#codec, bytes, start, end, owned, maxElements);
  }

  #decodeBy(
    codec: Codec,
    bytes: Uint8Array,
    start: number,
    end: number,
    owned: boolean,
    maxElements: number,
  ): unknown {
    const traits = this.#check.check(bytes, start, end, maxElements);
    const exactly = (traits & BODY_NEEDS_EXACTNESS) !== 0;
    if ((traits & BODY_HAS_BINARY) === 0) {
      return codec.decode(new Uint8Array(bytes.buffer, bytes.byteOffset + start, end - start), exactly);
    }
    // The chunk may be reused or hold other packets, so that binary values are cut from a copy.
    const body = owned ? bytes.subarray(start, end) : bytes.slice(start, end);
    return withOwnBinaries(codec.decode(body, exactly), body.buffer);
  }

  /**
   * What a body holds whose packet has flags.
   *
   * @param limit - longest result, in bytes.
   * @throws {@link BadDataError}, {@link UnsupportedFlagsError}, {@link DecompressLimitError}.
   */
  inflate(flags: number, body: Uint8Array, limit: number): Uint8Array {
    if (flags !== FLAG_COMPRESSED || this.#compression === undefined) {
      const here =
        this.#compression === undefined
          ? ", and not here, since the platform has no compression; hand in one that has"
          : "";
      throw new UnsupportedFlagsError(
        `the peer sent a packet with flags 0x${flags.toString(16)}; only compression (0x1) is supported${here}`,
      );
    }
    return this.#compression.inflate(body, limit);
  }
}
