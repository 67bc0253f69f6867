/** What one packet may cost at most, whatever it holds: docs/reference/reliability.md states it. */

/** Bytes of heap, garbage included, for each byte on the wire and each inflated one. */
export const HEAP_PER_BYTE = 128;
/** And for each packet, in bytes. */
export const HEAP_PER_PACKET = 64 * 1024;
/** The engine hands out memory in pieces: so much more may seem to be allocated, in bytes. */
export const UNSURE = 512 * 1024;
/** Milliseconds of the processor for one packet, on a machine that does nothing else. */
export const MILLISECONDS = 25;

/** Bytes of heap that a packet may take. */
export function heapCeiling(wire: number, inflated: number): number {
  return HEAP_PER_PACKET + HEAP_PER_BYTE * (wire + inflated);
}
