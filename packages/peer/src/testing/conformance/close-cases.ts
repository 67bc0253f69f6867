import { type CaseDraft, eachEnd, eachWay } from "./case.js";
import { type Scene, turn } from "./scene.js";
import type { TransportEnd } from "./transport-end.js";

/** After `other` has gone in whatever way: the end hears of that, at the latest when it ends its own stream. */
async function leftAlone(scene: Scene, end: TransportEnd): Promise<void> {
  await scene.until(
    () => end.hasEnded || end.isClosed,
    `the ${end.role}'s transport to tell that the other end is gone`,
  );
  if (!end.isClosed) end.end();
  await scene.closed(end);
}

/** Both say something: what a transport's own handshake still writes may swallow a reset before that. */
async function exchange(scene: Scene, from: TransportEnd, to: TransportEnd): Promise<void> {
  for (const end of [from, to]) {
    await scene.send(end, 1000);
    await scene.arrived(end);
  }
}

/** Destroys the end, and looks what both tell. */
async function destroyed(scene: Scene, end: TransportEnd): Promise<void> {
  if (!end.isClosed) end.destroy();
  await scene.closed(end);
  const other = end.other as TransportEnd;
  other.resume();
  await leftAlone(scene, other);
}

/** What a peer may call its close: characters that a terminal obeys, half of a surrogate pair, and no end of it. */
const ANY_REASON = "\u0000\u202e\ud800".padEnd(70_000, "€");

/** Ends of all kinds. */
export const closeCases: readonly CaseDraft[] = [
  ...eachWay("an end ends one direction; the other one goes on", async (scene, from, to) => {
    await scene.send(from, 70_000);
    from.end();
    await scene.until(() => to.hasEnded, "the end of the stream to be told");
    await scene.send(to, 100_000);
    await scene.arrived(to);
    if (from.isClosed || to.isClosed) from.fault("closed when one end had ended");
    to.end();
    await scene.endBoth();
  }),

  ...eachWay(
    "an end while it is busy: all that was written arrives before",
    async (scene, from, to) => {
      to.pause();
      await scene.fill(from);
      from.end();
      to.resume();
      await scene.until(() => to.hasEnded, "the end of the stream to be told");
      await scene.endBoth();
    },
    "to",
  ),

  ...eachWay(
    "a reason that is told long before the end, of any length and any text",
    async (scene, from, to) => {
      from.closing(ANY_REASON);
      await scene.send(from, 70_000);
      await scene.send(to, 1000);
      await scene.arrived(from);
      await scene.arrived(to);
      from.end();
      await scene.until(() => to.hasEnded, "the end of the stream to be told");
      to.closing(null);
      to.end();
      await scene.endBoth();
    },
  ),

  ...eachWay("ending within ended", async (scene, from, to) => {
    to.on.ended = () => to.end();
    await scene.send(from, 1000);
    from.end();
    await scene.closed(from);
    await scene.closed(to);
    await scene.endBoth();
  }),

  ...eachWay(
    "destroyAfterWrite: what was written arrives, and it does not wait for the other end",
    async (scene, from, to) => {
      await scene.send(to, 100);
      await scene.arrived(to);
      await scene.send(from, 70_000);
      from.write(1000);
      from.destroyAfterWrite();
      await scene.closed(from);
      await scene.until(() => to.hasEnded, "the end of the stream to be told");
      await leftAlone(scene, to);
    },
  ),

  ...eachWay(
    "destroyAfterWrite while it is busy",
    async (scene, from, to) => {
      to.pause();
      await scene.fill(from);
      from.destroyAfterWrite();
      to.resume();
      await scene.closed(from);
      await scene.until(() => to.hasEnded, "the end of the stream to be told");
      await leftAlone(scene, to);
    },
    "to",
  ),

  ...eachWay("a reset is told to the other end with an error", async (scene, from, to) => {
    await exchange(scene, from, to);
    scene.reset(from);
    await scene.closed(to);
    if (to.closeError === undefined) to.fault("told closed without an error after a reset");
    await scene.closed(from);
  }),

  ...eachWay(
    "a reset while the other end is busy",
    async (scene, from, to) => {
      from.pause();
      await scene.fill(to);
      scene.reset(from);
      await scene.closed(to);
      if (to.closeError === undefined) to.fault("told closed without an error after a reset");
      await scene.closed(from);
    },
    "from",
  ),

  ...eachWay(
    "a reset while the other end is paused is told to it, by probe if it has one",
    async (scene, from, to) => {
      to.pause();
      await scene.send(from, 1000);
      await scene.barrier(to);
      scene.reset(from);
      await scene.closed(from);
      let probing = true;
      const probe = async (): Promise<void> => {
        while (probing && !to.isClosed) {
          to.probe();
          await turn();
        }
      };
      const probed = probe();
      try {
        await scene.closed(to);
      } finally {
        probing = false;
        await probed;
      }
      if (to.closeError === undefined) to.fault("told closed without an error after a reset");
    },
  ),

  ...eachEnd("destroy before start", async (scene, role) => {
    let end: TransportEnd | undefined;
    const prepare = (handed: TransportEnd): void => {
      end = handed;
      handed.destroy();
      handed.start();
    };
    await scene.begin({ [role]: prepare }, () => end?.isClosed === true, true);
    await scene.until(() => end?.isClosed === true, "the end that was destroyed to be closed");
    if (end?.isReady === true) end.fault("told ready after destroy()");
  }),

  ...eachEnd("destroy long before start", async (scene, role) => {
    let end: TransportEnd | undefined;
    const prepare = (handed: TransportEnd): void => {
      end = handed;
      handed.destroy();
    };
    await scene.begin({ [role]: prepare }, () => end !== undefined, true);
    for (let count = 0; count < 5; count++) await turn();
    end?.start();
    await scene.until(() => end?.isClosed === true, "the end that was destroyed to be closed");
    if (end?.isReady === true) end.fault("told ready after destroy()");
  }),

  ...eachEnd("destroy right after start", async (scene, role) => {
    let end: TransportEnd | undefined;
    const prepare = (handed: TransportEnd): void => {
      end = handed;
      handed.start();
      handed.destroy();
    };
    await scene.begin({ [role]: prepare }, () => end?.isClosed === true, true);
    await scene.until(() => end?.isClosed === true, "the end that was destroyed to be closed");
  }),

  ...eachEnd("destroy within ready", async (scene, role) => {
    let end: TransportEnd | undefined;
    const prepare = (handed: TransportEnd): void => {
      end = handed;
      handed.on.ready = () => handed.destroy();
      handed.start();
    };
    await scene.begin({ [role]: prepare }, () => end?.isClosed === true, true);
    await scene.until(() => end?.isClosed === true, "the end that was destroyed to be closed");
  }),

  ...eachWay("destroy, twice", async (scene, from) => {
    from.destroy();
    from.destroy();
    await destroyed(scene, from);
  }),

  ...eachWay("destroy within data, with more on its way", async (scene, from, to) => {
    to.on.data = () => to.destroy();
    for (let count = 0; count < 20 && !from.busy; count++) from.write(1000);
    await scene.closed(to);
    await leftAlone(scene, from);
  }),

  ...eachWay("destroy within ended", async (scene, from, to) => {
    to.on.ended = () => to.destroy();
    from.end();
    await scene.closed(to);
    await scene.closed(from);
  }),

  ...eachWay(
    "destroy within drained",
    async (scene, from, to) => {
      to.pause();
      await scene.fill(from);
      from.on.drained = () => from.destroy();
      to.resume();
      await scene.closed(from);
      await leftAlone(scene, to);
    },
    "to",
  ),

  ...eachWay("destroy while paused, with data held back", async (scene, from, to) => {
    to.pause();
    await scene.send(from, 20_000);
    await scene.barrier(to);
    await destroyed(scene, to);
  }),

  ...eachWay(
    "destroy while it is busy",
    async (scene, from, to) => {
      to.pause();
      await scene.fill(from);
      await destroyed(scene, from);
    },
    "to",
  ),

  ...eachWay("destroy after its own end", async (scene, from, to) => {
    from.end();
    await scene.until(() => to.hasEnded, "the end of the stream to be told");
    await destroyed(scene, from);
  }),

  ...eachWay("nothing is told after closed, whatever is called", async (scene, from, to) => {
    await scene.send(from, 1000);
    await scene.arrived(from);
    await scene.endBoth();
    for (const end of [from, to]) await end.useAfterClose();
  }),

  ...eachWay("nothing but closed is told after destroy, whatever is called", async (scene, from, to) => {
    from.destroy();
    await from.useAfterClose();
    await destroyed(scene, from);
    await from.useAfterClose();
    await to.useAfterClose();
  }),

  ...eachWay("nothing is told after a reset, whatever is called", async (scene, from, to) => {
    await exchange(scene, from, to);
    scene.reset(from);
    await scene.closed(to);
    await scene.closed(from);
    for (const end of [from, to]) await end.useAfterClose();
  }),
];
