/** How long a beat and its answer took, there and back. */
export interface RoundTrip {
  /** The last one, in seconds. */
  readonly latest: number;
  /** The mean of all, in which each new one counts an eighth, in seconds. */
  readonly smoothed: number;
}

/** A new sample counts one of so many parts in the mean, as in TCP (RFC 6298). */
const PARTS = 8;
/** Stands for round trips where none was measured. */
export const NO_TRIP = -1;

// Two integers in each connection, and no object: idle connections have them, too, and the engine keeps other numbers in objects.

/** The last one, in whole microseconds. @param milliseconds - by a clock of one side alone. */
export function tripOf(milliseconds: number): number {
  // What the other side says of its own part may be anything.
  return Math.round(Math.max(0, milliseconds) * 1000);
}

/** The mean with a new round trip, in eighths of microseconds. @param mean - that before. */
export function meanWith(mean: number, trip: number): number {
  return mean === NO_TRIP ? trip * PARTS : mean + trip - Math.round(mean / PARTS);
}

/** What is known; `undefined` until one was measured. */
export function roundTrip(trip: number, mean: number): RoundTrip | undefined {
  if (trip === NO_TRIP) return undefined;
  return { latest: trip / 1e6, smoothed: mean / (PARTS * 1e6) };
}
