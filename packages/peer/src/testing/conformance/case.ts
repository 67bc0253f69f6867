import type { Scene } from "./scene.js";
import type { Role, TransportEnd } from "./transport-end.js";

/** What one case does with a connection of its own. */
export interface CaseDraft {
  readonly name: string;
  readonly run: (scene: Scene) => Promise<void>;
}

/** A case for the end of each role, which makes the connection itself. */
export function eachEnd(name: string, run: (scene: Scene, role: Role) => Promise<void>): CaseDraft[] {
  return (["server", "client"] as const).map((role) => ({
    name: `${name} (${role})`,
    run: (scene) => run(scene, role),
  }));
}

/** A case for each direction of a connection whose ends are ready. */
export function eachWay(
  name: string,
  run: (scene: Scene, from: TransportEnd, to: TransportEnd) => Promise<void>,
): CaseDraft[] {
  return (
    [
      ["server", "client"],
      ["client", "server"],
    ] as const
  ).map(([from, to]) => ({
    name: `${name} (${from} to ${to})`,
    run: async (scene) => {
      await scene.open();
      await run(scene, scene.end(from), scene.end(to));
    },
  }));
}
