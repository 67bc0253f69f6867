import type { Scene } from "./scene.js";
import type { Role, TransportEnd } from "./transport-end.js";

/** What one case does with a connection of its own. */
export interface CaseDraft {
  readonly name: string;
  readonly run: (scene: Scene) => Promise<void>;
  /** Which end has to hold its input back, so that the other one is busy. */
  readonly pausing?: Role | undefined;
}

/** Which of a direction's ends has to hold its input back. */
export type PausingEnd = "from" | "to";

/** A case for the end of each role, which makes the connection itself. */
export function eachEnd(name: string, run: (scene: Scene, role: Role) => Promise<void>): CaseDraft[] {
  return (["server", "client"] as const).map((role) => ({
    name: `${name} (${role})`,
    run: (scene) => run(scene, role),
  }));
}

/**
 * A case for each direction of a connection whose ends are ready.
 *
 * @param pausing - which end has to hold its input back for it, if one has.
 */
export function eachWay(
  name: string,
  run: (scene: Scene, from: TransportEnd, to: TransportEnd) => Promise<void>,
  pausing?: PausingEnd,
): CaseDraft[] {
  return (
    [
      ["server", "client"],
      ["client", "server"],
    ] as const
  ).map(([from, to]) => ({
    name: `${name} (${from} to ${to})`,
    pausing: pausing === undefined ? undefined : { from, to }[pausing],
    run: async (scene) => {
      await scene.open();
      await run(scene, scene.end(from), scene.end(to));
    },
  }));
}
