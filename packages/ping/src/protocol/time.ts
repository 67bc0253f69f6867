/** How far the finer clock may be from the wall clock to be believed, in seconds. */
const TOLERANCE = 0.01;
/** About the smallest step, in seconds, that a 64-bit float can tell apart at today's times. */
const HALF_MICROSECOND = 5e-7;

/**
 * The wall clock as the reference gives it: seconds since 1970, finer than a millisecond where possible. Never an
 * integer, since that would be sent as one, and other peers expect a float here.
 */
export function epochSeconds(): number {
  const wall = Date.now() / 1000;
  // This clock is finer, but does not notice that the wall clock was set or that the machine slept.
  const fine = (performance.timeOrigin + performance.now()) / 1000;
  const seconds = Math.abs(fine - wall) < TOLERANCE ? fine : wall;
  return Number.isInteger(seconds) ? seconds + HALF_MICROSECOND : seconds;
}
