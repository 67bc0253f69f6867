import { randomFillSync } from "node:crypto";

/** Keys that are drawn at once: to ask for each alone would take longer than all else that is done for a message. */
const DRAWN = 2048;

const keys = new Int32Array(DRAWN);
let next = DRAWN;

/** A key to mask a frame with, which nobody can foresee and none had before (RFC 6455, 5.3): its four bytes as they lie in memory. */
export function nextKey(): number {
  if (next === DRAWN) {
    randomFillSync(keys);
    next = 0;
  }
  return keys[next++] as number;
}
