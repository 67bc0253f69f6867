import { BadDataError } from "../errors/errors.js";
import { isWhole } from "./plain-number.js";

/** Id of a beat, by which a server asks whether its client is there (clause 6.9). It is registered under no name. */
export const BEAT_ID = 17;
/** Id of the answer to a beat (clause 6.9). It is registered under no name. */
export const BEAT_ANSWER_ID = 18;
/** Longest body of a beat or its answer, in bytes: far more than either needs. */
export const MAX_BEAT_BODY = 32;
/** Least time between beats that a server may declare, in seconds. */
export const LEAST_BEAT_INTERVAL = 0.1;

/** What a beat says, unless it says nothing but that the server is there. */
export interface Beat {
  /** The server's time when it was sent, in microseconds. The answer repeats it. */
  readonly time: number;
  /** How long ago the answer to the beat before came, in microseconds; `undefined` with the first one. */
  readonly held: number | undefined;
}

/** Whether a packet of an id is one of heartbeats, where both sides agreed on these. */
export function isHeartbeat(id: number): boolean {
  return id === BEAT_ID || id === BEAT_ANSWER_ID;
}

/**
 * Reads the body of a beat.
 *
 * @returns `undefined`: it wants no answer.
 * @throws {@link BadDataError} if it is none.
 */
export function readBeat(body: unknown): Beat | undefined {
  if (body === null) return undefined;
  if (Array.isArray(body) && body.length === 2) {
    const [time, held] = body as unknown[];
    if (isWhole(time) && (held === null || isWhole(held))) return { time, held: held ?? undefined };
  }
  throw new BadDataError("the body of a heartbeat is neither nil nor two times");
}

/**
 * Reads the body of the answer to a beat.
 *
 * @returns the time that the beat had; `undefined`: it answers none, and says that the client is there.
 * @throws {@link BadDataError} if it is none.
 */
export function readBeatAnswer(body: unknown): number | undefined {
  if (body === null) return undefined;
  if (isWhole(body)) return body;
  throw new BadDataError("the body of the answer to a heartbeat is neither nil nor a time");
}
