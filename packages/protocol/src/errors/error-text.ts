import { isInstance } from "./describe-error.js";
import { BadDataError, DecompressLimitError, EncodeError, PacketTooLargeError } from "./errors.js";

const ABOUT_A_VALUE = [PacketTooLargeError, BadDataError, DecompressLimitError] as const;

/**
 * Says in the error of a value that cannot be sent or read which packet it belongs to. Other errors stay as they are.
 *
 * @returns the error to throw.
 */
export function namePacket(error: unknown, name: string): unknown {
  if (isInstance(error, EncodeError)) return error.of(name);
  if (!(isInstance(error, Error) && ABOUT_A_VALUE.some((type) => error instanceof type))) return error;
  const { message, stack } = error;
  error.message = `${message} (packet "${name}")`;
  // What is printed of an error is its stack, which has the message as it was.
  if (stack !== undefined) error.stack = stack.replace(message, () => error.message);
  return error;
}
