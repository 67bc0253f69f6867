/** Places to begin with. Their number is a power of two at any time, so that an id has its place by a mask. */
const FIRST_PLACES = 16;

/** Something with an id. */
export interface Numbered {
  readonly id: number;
}

/** Free places. @param length - of the array that became too short; there are twice as many, at least. */
export function morePlaces<T>(length: number): (T | undefined)[] {
  return new Array<T | undefined>(Math.max(FIRST_PLACES, 2 * length)).fill(undefined);
}
