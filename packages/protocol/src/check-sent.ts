import type { ConnectionContext } from "./connection-context.js";
import { BadDataError } from "./errors.js";
import type { PacketEntry } from "./packet-registry.js";

/** Room for a value that is encoded for a check, in bytes. */
const FIRST_CAPACITY = 1024;

/**
 * Checks a payload that is about to be sent as the receiver will: what the schema sees has been encoded and decoded.
 *
 * @throws {@link InvalidPayloadError} if it does not fit, {@link EncodeError} if it cannot be sent.
 */
export function checkSent(context: ConnectionContext, entry: PacketEntry, data: unknown): void {
  const body = encode(context, data);
  let seen = data;
  try {
    seen = context.bodies.decode(body, 0, body.length, 0, true, body.length);
  } catch (error) {
    // A codec of the application may send what this library does not accept, for another peer.
    if (!(error instanceof BadDataError)) throw error;
  }
  entry.obj.parse(seen);
}

function encode({ codec, writer }: ConnectionContext, data: unknown): Uint8Array {
  if (codec !== undefined) return codec.encode(data).slice();
  const idle = writer.idle();
  idle.write(data, new Uint8Array(FIRST_CAPACITY), 0, 0);
  const body = idle.bytes.subarray(idle.start, idle.end);
  idle.release();
  return body;
}
