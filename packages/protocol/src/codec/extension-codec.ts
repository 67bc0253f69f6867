import { describeError } from "../errors/describe-error.js";
import { EncodeError } from "../errors/errors.js";
import { whenRejected } from "../errors/when-rejected.js";
import { extensionFailed, extensionRefused } from "./reading/body-errors.js";

/** Highest type that applications may use; negative ones are msgpack's own. */
const MAX_TYPE = 127;

/** A value as an extension type carries it. */
export interface ExtensionValue {
  /** From 0 to 127. */
  readonly type: number;
  /** Copied before the call returns to whoever sends. */
  readonly data: Uint8Array;
}

/**
 * Turns objects of an application into msgpack's extension types and back; without one, extension types but timestamps
 * are refused. Both methods have to answer at once.
 */
export interface ExtensionCodec {
  /**
   * Encodes an object, or leaves it to the library with `undefined`. Asked for objects of classes, a `Date` or `Map`
   * included; not for plain objects, arrays and binary values. Asked again to find out where in a value it is that could
   * not be sent. What it throws is the `cause` of an {@link EncodeError}.
   */
  encode(value: object): ExtensionValue | undefined;

  /**
   * Decodes what a peer sent. What it throws ends the connection with `baddata`, as the `cause` of a {@link BadDataError}.
   *
   * @param type - from 0 to 127.
   * @param data - a copy of its own, of any length and content.
   */
  decode(type: number, data: Uint8Array): unknown;
}

/**
 * The codec that decodes a type.
 *
 * @throws {@link BadDataError} if there is none, or for a type that msgpack reserves.
 */
export function decoderOf(codec: ExtensionCodec | undefined, type: number): ExtensionCodec {
  if (codec === undefined || type < 0) throw extensionRefused(type);
  return codec;
}

/**
 * Decodes a copy of what lies at `at`.
 *
 * @throws {@link BadDataError} with what the codec threw as its cause.
 */
export function decodeExtension(
  codec: ExtensionCodec,
  type: number,
  bytes: Uint8Array,
  at: number,
  length: number,
): unknown {
  let value: unknown;
  try {
    value = codec.decode(type, new Uint8Array(bytes.subarray(at, at + length)));
  } catch (error) {
    throw extensionFailed(type, describeError(error), error);
  }
  if (isPromise(value)) {
    whenRejected(value, () => {});
    throw extensionFailed(type, "decode returned a promise, and has to answer at once", undefined);
  }
  return value;
}

/** @throws {@link EncodeError} with what the codec threw as its cause, or if it answers with something else. */
export function encodeExtension(codec: ExtensionCodec, value: object): ExtensionValue | undefined {
  let made: ExtensionValue | undefined | null;
  try {
    made = codec.encode(value);
  } catch (error) {
    throw new EncodeError(`the ExtensionCodec could not encode it: ${describeError(error)}`, {
      cause: error,
    });
  }
  if (made === undefined || made === null) return undefined;
  whenRejected(made, () => {});
  const { type, data } = made;
  if (!Number.isInteger(type) || type < 0 || type > MAX_TYPE || !ArrayBuffer.isView(data)) {
    throw new EncodeError(
      `encode of the ExtensionCodec has to return undefined, or a type from 0 to ${MAX_TYPE} and a Uint8Array as data`,
    );
  }
  return made;
}

function isPromise(value: unknown): boolean {
  return value instanceof Promise || Object.prototype.toString.call(value) === "[object Promise]";
}
