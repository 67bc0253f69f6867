import { type CaseDraft, eachWay } from "./case.js";

/** What a transport shows of itself. */
export const callCases: readonly CaseDraft[] = [
  ...eachWay("addresses, certificates and counts can be asked for at any time", async (scene, from, to) => {
    const address = [...from.transport.remoteAddress];
    for (const end of [from, to]) {
      end.checkProperties();
      end.checkBacklog();
      await end.checkUnacknowledged();
    }
    await scene.send(from, 1000);
    await scene.arrived(from);
    await from.checkUnacknowledged();
    await scene.endBoth();
    if ([...from.transport.remoteAddress].join() !== address.join())
      from.fault("remoteAddress changed when it was closed");
    from.checkProperties();
    await from.checkUnacknowledged();
  }),
];
