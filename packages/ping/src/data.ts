import { MsgpackCodec } from "@peng3dnet/core";
import { PingDataError } from "./errors.js";

/** What travels in a ping or a pong: a map of anything that msgpack can carry. */
export type PingData = Readonly<Record<string, unknown>>;

const codec = new MsgpackCodec();

/** Whether a value received is a map. */
export function isMap(value: unknown): value is PingData {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);
}

/** Length of the encoded value, in bytes. @throws {@link EncodeError} if it cannot be encoded. */
export function encodedLength(data: unknown): number {
  return codec.encode(data).length;
}

/**
 * Checks data before it is sent.
 *
 * @param what - names it in an error's message.
 * @throws {@link PingDataError}, or {@link EncodeError} if it cannot be encoded.
 */
export function checkData(data: PingData, limit: number, what: string): void {
  if (!isMap(data)) throw new PingDataError(`${what} has to be an object with keys and values`);
  const length = encodedLength(data);
  if (length > limit) {
    throw new PingDataError(`${what} would be ${length} bytes long; at most ${limit} are allowed`);
  }
}
