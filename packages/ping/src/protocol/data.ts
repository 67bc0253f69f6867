import { ValueCodec } from "@peng3dnet/peer";
import { MAX_PING_LENGTH } from "./constants.js";
import { PingDataError } from "./errors.js";
import { epochSeconds } from "./time.js";

/** What travels in a ping or a pong: a map of anything that msgpack can carry. */
export type PingData = Readonly<Record<string, unknown>>;

const codec = new ValueCodec();

/** Whether a value is a map with strings as keys. */
export function isMap(value: unknown): value is PingData {
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    !ArrayBuffer.isView(value) &&
    !(value instanceof Map) &&
    !(value instanceof Date)
  );
}

/**
 * Length of the encoded value, in bytes.
 *
 * @throws {@link EncodeError} if it cannot be encoded.
 */
export function encodedLength(data: unknown): number {
  return codec.encode(data).length;
}

/**
 * Checks that data are a map.
 *
 * @param what - names the data in an error's message.
 * @throws {@link PingDataError} if they are not.
 */
export function checkMap(data: PingData, what: string): void {
  if (!isMap(data)) throw new PingDataError(`${what} has to be an object with keys and values`);
}

/**
 * Checks data before it is sent.
 *
 * @param limit - the most bytes that they may have once encoded.
 * @param what - names the data in an error's message.
 * @throws {@link PingDataError} if they are no map or too long, {@link EncodeError} if they cannot be encoded.
 */
export function checkData(data: PingData, limit: number, what: string): void {
  checkMap(data, what);
  const length = encodedLength(data);
  if (length > limit) {
    throw new PingDataError(`${what} would be ${length} bytes long; at most ${limit} are allowed`);
  }
}

/** Makes the body of a ping: a client's data and the time. */
export function pingBody(data: PingData): PingData {
  return { ...data, time: epochSeconds() };
}

/**
 * Checks a client's data: together with the time they have to fit into a ping.
 *
 * @throws as {@link checkData} does.
 */
export function checkPingData(data: PingData): void {
  checkMap(data, "the data of a ping");
  checkData(pingBody(data), MAX_PING_LENGTH, "a ping with these data");
}
