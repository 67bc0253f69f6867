import { type CaseDraft, eachEnd, eachWay } from "./case.js";
import type { Scene } from "./scene.js";
import type { TransportEnd } from "./transport-end.js";

type Event = "data" | "ended" | "drained" | "closed";

/** Makes the handler of one event throw. */
function spoil(end: TransportEnd, event: Event | "ready"): Error {
  const error = new Error(`thrown within ${event}`);
  end.mayCrash = true;
  end.on[event] = () => {
    throw error;
  };
  return error;
}

async function crashedWith(scene: Scene, end: TransportEnd, error: Error): Promise<void> {
  await scene.until(() => end.crashes.length > 0, `crashed to be told what was ${error.message}`);
  if (end.crashes[0] !== error) end.fault("told crashed another error than the one that was thrown");
}

/** What a handler throws goes to `crashed`. */
export const handlerCases: readonly CaseDraft[] = [
  ...eachEnd("a handler of ready that throws", async (scene, role) => {
    let end: TransportEnd | undefined;
    let error: Error | undefined;
    const prepare = (handed: TransportEnd): void => {
      end = handed;
      error = spoil(handed, "ready");
      handed.start();
    };
    await scene.begin({ [role]: prepare }, () => (end?.crashes.length ?? 0) > 0);
    await crashedWith(scene, end as unknown as TransportEnd, error as unknown as Error);
  }),

  ...eachWay("a handler of data that throws", async (scene, from, to) => {
    const error = spoil(to, "data");
    from.write(10);
    await crashedWith(scene, to, error);
  }),

  ...eachWay("a handler of ended that throws", async (scene, from, to) => {
    const error = spoil(to, "ended");
    from.end();
    await crashedWith(scene, to, error);
  }),

  ...eachWay(
    "a handler of drained that throws",
    async (scene, from, to) => {
      to.pause();
      await scene.fill(from);
      const error = spoil(from, "drained");
      to.resume();
      await crashedWith(scene, from, error);
    },
    "to",
  ),

  ...eachWay("a handler of closed that throws", async (scene, from) => {
    const error = spoil(from, "closed");
    from.destroy();
    await crashedWith(scene, from, error);
  }),

  ...eachWay("a handler of readTarget that throws", async (scene, from, to) => {
    const error = new Error("thrown within readTarget");
    let asked = false;
    to.mayCrash = true;
    to.on.readTarget = () => {
      asked = true;
      throw error;
    };
    // It is asked before the second read at the latest, if at all.
    for (let count = 0; count < 3; count++) {
      await scene.send(from, 100);
      await scene.until(() => to.upToDate || asked, "data or the question where to read to");
    }
    if (asked) await crashedWith(scene, to, error);
  }),
];
