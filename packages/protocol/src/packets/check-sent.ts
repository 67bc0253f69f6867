import type { Codec } from "../codec/codec.js";
import { BodyDecoder } from "../codec/reading/body-decoder.js";
import { ValueReader } from "../codec/reading/value-reader.js";
import type { ValueWriter } from "../codec/writing/value-writer.js";
import { isInstance } from "../errors/describe-error.js";
import { namePacket } from "../errors/error-text.js";
import { BadDataError, InvalidPayloadError } from "../errors/errors.js";
import type { PacketEntry } from "../registry/packet-registry.js";

/** How a peer encodes and decodes bodies. */
export interface CheckingContext {
  /** Encodes bodies instead of `writer`. */
  readonly codec?: Codec | undefined;
  /** Encodes bodies in place. */
  readonly writer: ValueWriter;
  /** How deep containers may nest. */
  readonly depth: number;
  /** Elements of a body's containers together, once a connection is active. */
  readonly elements: number;
}

/** Length of the buffer that a value is encoded into for a check, in bytes. It grows as needed. */
const FIRST_CAPACITY = 1024;

/**
 * Decoders for checks alone. With the one that reads what is received, a handler that sends something would change what is
 * known of the packet that it was called for.
 */
const decoders = new WeakMap<CheckingContext, BodyDecoder>();

/**
 * Checks a payload that is about to be sent as the receiver will: what the schema sees has been encoded and decoded.
 *
 * @returns what the packet's `parse` returned, for the caller to watch: it may be a promise by mistake.
 * @throws {@link InvalidPayloadError} if it does not fit, {@link EncodeError} if it cannot be sent.
 */
export function checkSent(
  context: CheckingContext,
  entry: Pick<PacketEntry, "name" | "obj">,
  data: unknown,
): unknown {
  let body: Uint8Array;
  try {
    body = encode(context, data);
  } catch (error) {
    throw namePacket(error, entry.name);
  }
  let seen = data;
  try {
    seen = decoderOf(context).decode(body, 0, body.length, 0, true, body.length);
  } catch (error) {
    // A codec of the application may send to another peer what this library does not accept.
    if (!isInstance(error, BadDataError)) throw error;
  }
  try {
    return entry.obj.parse(seen);
  } catch (error) {
    if (isInstance(error, InvalidPayloadError)) error.direction = "out";
    throw error;
  }
}

function decoderOf(context: CheckingContext): BodyDecoder {
  const known = decoders.get(context);
  if (known !== undefined) return known;
  const { codec, depth, elements } = context;
  const decoder = new BodyDecoder(new ValueReader(), depth, elements, { codec });
  decoders.set(context, decoder);
  return decoder;
}

function encode({ codec, writer }: CheckingContext, data: unknown): Uint8Array {
  if (codec !== undefined) return codec.encode(data).slice();
  const idle = writer.idle();
  idle.write(data, new Uint8Array(FIRST_CAPACITY), 0, 0);
  const body = idle.bytes.subarray(idle.start, idle.end);
  idle.release();
  return body;
}
