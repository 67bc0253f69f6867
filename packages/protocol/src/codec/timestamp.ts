/** Timestamps: msgpack's own extension type, as which a `Date` travels. */

import { EncodeError } from "../errors/errors.js";
import { readUint32 } from "../framing/packet-header.js";
import { badTimestamp } from "./reading/body-errors.js";

/** The extension type of timestamps. */
export const TIMESTAMP_TYPE = -1;

const TWO_TO_32 = 0x100000000;
/** Whole seconds that the form of 64 bits has room for. */
const TWO_TO_34 = 4 * TWO_TO_32;
const NANOSECONDS_PER_MILLISECOND = 1_000_000;
const MAX_NANOSECONDS = 999_999_999;
/** A `Date` is at most so many milliseconds from its zero. */
const MAX_TIME = 8_640_000_000_000_000;
const timeOf = Date.prototype.getTime;

/**
 * Reads a timestamp, rounded down to milliseconds. This is no clock: the time is the peer's.
 *
 * @param length - of its data, which begins at `at`.
 * @throws {@link BadDataError} for data that are no timestamp, and for a time that a `Date` cannot hold.
 */
export function readTimestamp(bytes: Uint8Array, at: number, length: number): Date {
  let nanoseconds = 0;
  let seconds: number;
  switch (length) {
    case 4:
      seconds = readUint32(bytes, at);
      break;
    case 8: {
      const high = readUint32(bytes, at);
      nanoseconds = high >>> 2;
      seconds = (high & 3) * TWO_TO_32 + readUint32(bytes, at + 4);
      break;
    }
    case 12:
      nanoseconds = readUint32(bytes, at);
      // Beyond 2**53 it is not exact, and far out of range.
      seconds = (readUint32(bytes, at + 4) | 0) * TWO_TO_32 + readUint32(bytes, at + 8);
      break;
    default:
      throw badTimestamp(`has ${length} bytes; it has to have 4, 8 or 12`);
  }
  if (nanoseconds > MAX_NANOSECONDS) throw badTimestamp(`has ${nanoseconds} nanoseconds`);
  const time = 1000 * seconds + Math.floor(nanoseconds / NANOSECONDS_PER_MILLISECOND);
  if (Math.abs(time) > MAX_TIME) throw badTimestamp("is out of the range of a Date");
  return new Date(time);
}

/** The time of an object made as a `Date`, whatever its own methods are. @throws {@link EncodeError} if it has none. */
export function timeOfDate(date: object): number {
  let time: number;
  try {
    time = timeOf.call(date as Date);
  } catch (error) {
    throw new EncodeError("a Date cannot be sent that was not made by its constructor", { cause: error });
  }
  if (Number.isNaN(time)) throw new EncodeError("an invalid Date cannot be sent");
  return time;
}

/** The data of a timestamp, in the shortest form that holds it. */
export function timestampData(time: number): readonly number[] {
  const seconds = Math.floor(time / 1000);
  const nanoseconds = (time - 1000 * seconds) * NANOSECONDS_PER_MILLISECOND;
  if (seconds < 0 || seconds >= TWO_TO_34) return [nanoseconds, Math.floor(seconds / TWO_TO_32), seconds];
  const high = 4 * nanoseconds + Math.floor(seconds / TWO_TO_32);
  return high === 0 ? [seconds] : [high, seconds];
}
