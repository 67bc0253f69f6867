import { PLACE_SIZE } from "./list-growth.js";

/** What values take in the engine's memory at most, in bytes. */
const BASE = 1024;
/** For a byte of a body: a text with one letter beyond Latin-1 takes two for each of its letters. */
const BYTE = 2;
/**
 * For an element: its place, and a number, a short text or a long integer. The engine joins a text of 13 to 16 letters of two,
 * which takes 80 with the parts, and each new key of a map that is not hashed yet takes more than that.
 */
const ELEMENT = 96;
/** For an array or a map: a map with a key that no other has is hashed. */
const CONTAINER = 320;
/** For a binary value: the view, and the buffer of its own. */
const BINARY = 256;

/**
 * An estimate of the heap that a value takes, in bytes: an upper bound, which ordinary values are well below.
 *
 * @param bytes - length of its body.
 * @param elements - of all its containers together, two for a pair of a map.
 * @param containers - arrays and maps.
 * @param binaries - binary values.
 * @param places - places of lists reserved for nothing.
 */
export function decodedSize(
  bytes: number,
  elements: number,
  containers: number,
  binaries: number,
  places: number,
): number {
  return (
    BASE +
    BYTE * bytes +
    ELEMENT * elements +
    CONTAINER * containers +
    BINARY * binaries +
    PLACE_SIZE * places
  );
}
