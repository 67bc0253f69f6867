// A WebSocket keeps all promises of a transport.

import {
  Config,
  silentLogger,
  standardPlatform,
  WebSocketTransport,
  webSocketConnector,
} from "@peng3dnet/browser";
import { type CreatePair, transportConformance } from "@peng3dnet/peer/testing";
import { CLASSES, type NamedClass } from "../support/classes.js";
import { listen } from "../support/listening.js";

function pairs({ type }: NamedClass): CreatePair {
  return async (handover) => {
    const { close, url } = await listen((socket) => handover.server(new WebSocketTransport(socket)));
    try {
      await webSocketConnector(url, { WebSocket: type }).connect({
        address: ["127.0.0.1", 0],
        cfg: new Config(),
        clock: standardPlatform.clock,
        logger: silentLogger,
        timeout: 60,
        signal: new AbortController().signal,
        established: (transport) => handover.client(transport),
      });
    } catch (error) {
      await close();
      throw error;
    }
    return { dispose: close };
  };
}

const cases = CLASSES.flatMap((named) =>
  transportConformance({
    name: `WebSocket of ${named.name}`,
    createPair: pairs(named),
    cannotPause: named.pauses ? [] : ["client"],
  }),
);

test.each(cases)("$name", ({ run }) => run(), 120_000);
