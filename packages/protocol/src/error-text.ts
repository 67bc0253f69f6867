import { EncodeError, PacketTooLargeError } from "./errors.js";

/** Says in the error of a value that cannot be sent which packet it was for. Returns the error. */
export function namePacket(error: unknown, name: string): unknown {
  if (!(error instanceof EncodeError || error instanceof PacketTooLargeError)) return error;
  const { message, stack } = error;
  error.message = `${message} (packet "${name}")`;
  // What is printed of an error is its stack, which has the message as it was.
  if (stack !== undefined) error.stack = stack.replace(message, () => error.message);
  return error;
}
