import type { CaseDraft } from "./case.js";
import { isError } from "./transport-end.js";

/** Peers that are refused, where a transport refuses any: the server's end is. */
export const refusalCases: readonly CaseDraft[] = [
  {
    name: "a peer that is refused can be told so, and closed in order",
    run: async (scene) => {
      await scene.begin({}, () => scene.has("server") && scene.end("server").refusal !== undefined, true);
      const server = scene.end("server");
      if (server.refusal === undefined || !isError(server.refusal))
        server.fault("told refused with something that is no error");
      server.write(100);
      await scene.until(() => !server.busy, "the server's transport to tell drained");
      server.end();
      // The client may have been told by the network already.
      const client = scene.has("client") ? scene.end("client") : undefined;
      if (client !== undefined) {
        await scene.until(() => client.hasEnded || client.isClosed, "the client's transport to tell the end");
        if (!client.isClosed) await scene.endBoth();
      }
    },
  },
];
