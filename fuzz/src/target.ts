import type { Random } from "./random.js";

/** Something that is fuzzed. */
export interface Target {
  readonly name: string;
  /** How many runs of this one there are among those of all targets, relative to the others. */
  readonly weight: number;
  /** One execution. @throws a `Finding` if an invariant does not hold. */
  run(random: Random): void;
  /**
   * Looks now and then at what is only seen after some turns of the event loop.
   *
   * @param progress - to be called before each part that takes long, so that a busy machine is not taken for one that hangs.
   * @throws as `run`.
   */
  settle?(progress: () => void): Promise<void>;
}
