import { Decoder, Encoder, ExtData, type ExtensionCodecType } from "@msgpack/msgpack";
import { describeError, isInstance } from "../errors/describe-error.js";
import { BadDataError, EncodeError } from "../errors/errors.js";
import type { Codec } from "./codec.js";
import { decodeExactly } from "./exact-decoder.js";
import { decodeExtension, decoderOf, type ExtensionCodec, encodeExtension } from "./extension-codec.js";
import { fits64Bits } from "./integers.js";
import { readTimestamp, TIMESTAMP_TYPE, timeOfDate, timestampData } from "./timestamp.js";
import { ValueCodec } from "./value-codec.js";
import { checkEmpty, checkFields, kindOf } from "./writing/sendable.js";
import { locate } from "./writing/unsendable.js";

/** A lone surrogate is encoded as this byte, one from the next on, and a third. */
const UTF8_LEAD_OF_SURROGATES = 0xed;
const UTF8_SECOND_OF_SURROGATES = 0xa0;
/** Bytes up to this length are searched by a loop, which beats a call into the engine for them. */
const SEARCH_BY_LOOP = 48;
/** Places at which surrogates are looked for in bytes; past that, the value itself is looked at. */
const MAX_CANDIDATES = 16;

/** Thrown where a value holds a `Map`, which `@msgpack/msgpack` would send as an empty map. */
const HOLDS_MAP = Symbol("a Map");

/** What `@msgpack/msgpack` asks about each object, and has no type of its own for. */
class Extensions implements ExtensionCodecType<undefined> {
  readonly #codec: ExtensionCodec | undefined;

  constructor(codec: ExtensionCodec | undefined) {
    this.#codec = codec;
  }

  tryToEncode(object: unknown): ExtData | null {
    if (typeof object !== "object" || object === null) return null;
    if (ArrayBuffer.isView(object) || Array.isArray(object)) return null;
    if (object instanceof ExtData) return object;
    const { plain, builtIn } = kindOf(object);
    if (!plain && this.#codec !== undefined) {
      const made = encodeExtension(this.#codec, object);
      if (made !== undefined) return new ExtData(made.type, copyOf(made.data));
    }
    if (builtIn === "Date") return new ExtData(TIMESTAMP_TYPE, timestampBytes(timeOfDate(object)));
    if (builtIn === "Map") throw HOLDS_MAP;
    checkFields(object);
    if (Object.keys(object).length === 0) checkEmpty(object);
    return null;
  }

  decode(data: Uint8Array, type: number): unknown {
    if (type === TIMESTAMP_TYPE) return readTimestamp(data, 0, data.length);
    return decodeExtension(decoderOf(this.#codec, type), type, data, 0, data.length);
  }
}

function timestampBytes(time: number): Uint8Array {
  const parts = timestampData(time);
  const bytes = new Uint8Array(4 * parts.length);
  const view = new DataView(bytes.buffer);
  for (let index = 0; index < parts.length; index++) view.setInt32(4 * index, parts[index] as number);
  return bytes;
}

function copyOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength).slice();
}

/**
 * A codec that works with `@msgpack/msgpack`, its encoder and decoder reused. It is used where it is passed as `codec`;
 * without one, connections encode and decode in place, as {@link ValueCodec} does.
 *
 * Beyond what that library does by itself: integers that a number cannot represent travel as `bigint` (from -2**63 to
 * 2**64-1, in the shortest form), a byte order mark that begins a string stays, and strings are made well-formed, since
 * a Python peer refuses lone surrogates. `undefined` is sent as nil, and not at all as the value of a key, and -0 as
 * the integer 0. Timestamps are a `Date`. What holds a `Map`, and bodies with one, that library cannot be told to encode
 * and decode: they are left to the library's own code, as {@link ValueCodec} has it.
 */
export class MsgpackCodec implements Codec {
  readonly #encoder: Encoder;
  readonly #bigEncoder: Encoder;
  readonly #decoder: Decoder;
  readonly #maxDepth: number;
  readonly #codec: ExtensionCodec | undefined;
  readonly #extensions: Extensions;
  #own: ValueCodec | undefined;

  /**
   * @param maxDepth - deepest nesting that is encoded; default 512.
   * @param extensions - for msgpack's extension types; a peer needs it as its own option, too, to let them through.
   */
  constructor(maxDepth = 512, extensions?: ExtensionCodec) {
    this.#codec = extensions;
    this.#extensions = new Extensions(extensions);
    this.#decoder = new Decoder({ extensionCodec: this.#extensions });
    // Its depth counts scalars too, ours containers only.
    const options = { extensionCodec: this.#extensions, maxDepth: maxDepth + 1, ignoreUndefined: true };
    this.#maxDepth = maxDepth;
    this.#encoder = new Encoder(options);
    this.#bigEncoder = new Encoder({ ...options, useBigInt64: true });
  }

  /** @throws {@link EncodeError} if the value cannot be represented in msgpack or is nested too deep. */
  encode(value: unknown): Uint8Array {
    let bytes: Uint8Array;
    try {
      bytes = this.#encoder.encodeSharedRef(value);
    } catch (error) {
      if (error === HOLDS_MAP) return this.#encodeMaps(value);
      if (isInstance(error, EncodeError)) throw this.#located(error, value);
      return this.#encodeNormalized(value);
    }
    // What an ExtensionCodec encodes may contain itself.
    if (mayHoldSurrogates(bytes) && (this.#codec !== undefined || !isWellFormed(value)))
      return this.#encodeNormalized(value);
    return bytes;
  }

  decode(bytes: Uint8Array, exactly: boolean): unknown {
    try {
      return exactly ? decodeExactly(bytes, this.#codec) : this.#decoder.decode(bytes);
    } catch (error) {
      if (error instanceof BadDataError) throw error;
      throw new BadDataError(`the body is not a msgpack value: ${describeError(error)}`, { cause: error });
    }
  }

  #encodeMaps(value: unknown): Uint8Array {
    this.#own ??= new ValueCodec(this.#maxDepth, Number.POSITIVE_INFINITY, this.#codec);
    return this.#own.encode(value);
  }

  #located(error: unknown, value: unknown): EncodeError {
    return locate(error, value, this.#maxDepth, Number.POSITIVE_INFINITY, this.#codec);
  }

  /** The slow way, for values with bigints or with strings that may not be well-formed. */
  #encodeNormalized(value: unknown): Uint8Array {
    try {
      return this.#bigEncoder.encodeSharedRef(normalize(value, this.#maxDepth, this.#extensions));
    } catch (error) {
      if (error === HOLDS_MAP) return this.#encodeMaps(value);
      throw this.#located(error, value);
    }
  }
}

/** Whether encoded text may hold a lone surrogate: a native search usually settles that there is none. */
function mayHoldSurrogates(bytes: Uint8Array): boolean {
  if (bytes.length <= SEARCH_BY_LOOP && !includes(bytes, UTF8_LEAD_OF_SURROGATES)) return false;
  let at = bytes.indexOf(UTF8_LEAD_OF_SURROGATES);
  for (let candidates = 0; at >= 0; candidates++) {
    const second = bytes[at + 1] ?? 0;
    const third = bytes[at + 2] ?? 0;
    if (second >= UTF8_SECOND_OF_SURROGATES && second < 0xc0 && third >= 0x80 && third < 0xc0) return true;
    if (candidates === MAX_CANDIDATES) return true;
    at = bytes.indexOf(UTF8_LEAD_OF_SURROGATES, at + 1);
  }
  return false;
}

function includes(bytes: Uint8Array, wanted: number): boolean {
  for (let index = 0; index < bytes.length; index++) if (bytes[index] === wanted) return true;
  return false;
}

/** Whether all strings of a value that could be encoded are well-formed. */
function isWellFormed(value: unknown): boolean {
  if (typeof value === "string") return value.isWellFormed();
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return true;
  if (Array.isArray(value)) return value.every(isWellFormed);
  for (const key of Object.keys(value)) {
    if (!key.isWellFormed() || !isWellFormed((value as Record<string, unknown>)[key])) return false;
  }
  return true;
}

/** Copy of a value for an encoder with 64-bit bigints: each integer in the type that encodes shortest. */
function normalize(value: unknown, depthLeft: number, extensions: Extensions): unknown {
  switch (typeof value) {
    case "bigint":
      if (!fits64Bits(value)) {
        throw new EncodeError(`the integer ${value} does not fit 64 bits; send it as a string`);
      }
      return value <= 0xffffffffn && value >= -0x80000000n ? Number(value) : value;
    case "number":
      return Number.isSafeInteger(value) && (value > 0xffffffff || value < -0x80000000)
        ? BigInt(value)
        : value;
    case "string":
      return value.toWellFormed();
    case "object":
      break;
    default:
      return value;
  }
  if (value === null || ArrayBuffer.isView(value)) return value;
  const made = extensions.tryToEncode(value);
  if (made !== null) return made;
  // An empty container may stand where a scalar may, as the encoder counts it.
  if (depthLeft === 0 && (Array.isArray(value) ? value : Object.keys(value)).length > 0) {
    throw new EncodeError(
      "the value is nested too deep, or contains itself; net.limits.depth is how deep it may be",
    );
  }
  if (Array.isArray(value)) return value.map((item) => normalize(item, depthLeft - 1, extensions));
  const copy: Record<string, unknown> = Object.create(null);
  for (const [key, item] of Object.entries(value))
    copy[key.toWellFormed()] = normalize(item, depthLeft - 1, extensions);
  return copy;
}
