import type { Kind } from "./kind.js";
import type { State } from "./victim.js";

/** Milliseconds, and bytes. */
export const WAIT_CEILING = 150;
export const MEMORY_CEILING = 128 * 1024 * 1024;

/** What came of an attack. */
export interface Result {
  readonly kind: Kind;
  readonly sent: number;
  /** Milliseconds; undefined where the honest client was cut off. */
  readonly wait: number | undefined;
  /** What the machine's other work has added to a wait at most, which is left out of it. */
  readonly machine: number;
  /** How long the slowest newcomer took, in milliseconds; undefined if none got in. */
  readonly newcomer: number | undefined;
  /** Bytes above what the process had before the attack. */
  readonly memory: number;
  /** What the server says of itself, where it lived to. */
  readonly state: State | undefined;
  /** What is not as it should be. */
  readonly faults: readonly string[];
  /** It was done twice, since the first time only times were too long. */
  readonly again?: boolean;
}
