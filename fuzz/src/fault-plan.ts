import type { DirectionFaults, FaultPlan } from "./fault-proxy.js";
import type { Random } from "./random.js";

/** A plan for a connection, and whether bits are turned over in it, so that what arrives may differ. */
export interface SeededPlan extends FaultPlan {
  readonly corrupts: boolean;
}

function direction(random: Random, length: number): DirectionFaults {
  const faults: { -readonly [K in keyof DirectionFaults]: DirectionFaults[K] } = {};
  if (random.oneIn(3)) faults.slice = 1 + random.below(random.oneIn(2) ? 1 : 40);
  if (random.oneIn(12)) faults.delay = 1;
  if (random.oneIn(12)) faults.bandwidth = 20_000;
  if (random.oneIn(6)) faults.freeze = { at: random.below(length), milliseconds: random.below(30) };
  // With a delay for each of many pieces, a connection would take seconds.
  if (faults.delay !== undefined || faults.bandwidth !== undefined) faults.slice = 16 + random.below(100);
  switch (random.below(4)) {
    case 0:
      faults.finAt = random.below(length);
      break;
    case 1:
      faults.resetAt = random.below(length);
      break;
    case 2:
      faults.flips = new Map(
        Array.from({ length: 1 + random.below(2) }, () => [random.below(length), 1 << random.below(8)]),
      );
      break;
    default:
      break;
  }
  return faults;
}

/** Faults by chance, within the first `length` bytes of each direction. */
export function randomPlan(random: Random, length: number): SeededPlan {
  const toServer = direction(random, length);
  const toClient = direction(random, length);
  return { toServer, toClient, corrupts: toServer.flips !== undefined || toClient.flips !== undefined };
}
