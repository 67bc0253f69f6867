import { MOST_NAMES } from "./messages.js";

/** Bytes of a message beside what it lists, and some to spare. */
const BESIDE_LIST = 512;
/** Bytes beside its name of what is said of a group: five numbers at most, and what says how long each part is. */
const BESIDE_NAME = 56;

/** Bytes that lists may have in one message, where the bus takes payloads of so many. */
export function roomIn(maxPayload: number): number {
  return maxPayload - BESIDE_LIST;
}

/** What is said of a group has so many bytes at most: as UTF-8, a character has three. */
export function costOfName(name: string): number {
  return 3 * name.length + BESIDE_NAME;
}

/**
 * Divides what is said of groups into lists for one message each, none of which is longer than the bus takes, nor an answer to it that
 * says more of each.
 */
export function batchesOfGroups<T extends readonly [name: string, ...unknown[]]>(
  maxPayload: number,
  all: Iterable<T>,
): T[][] {
  const batches: T[][] = [];
  let batch: T[] = [];
  let left = 0;
  for (const one of all) {
    const cost = costOfName(one[0]);
    if (batch.length === 0 || batch.length >= MOST_NAMES || cost > left) {
      batch = [];
      batches.push(batch);
      left = roomIn(maxPayload);
    }
    batch.push(one);
    left -= cost;
  }
  return batches;
}
