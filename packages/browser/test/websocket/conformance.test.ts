// A WebSocket keeps all promises of a transport.

import {
  Config,
  silentLogger,
  standardPlatform,
  WebSocketTransport,
  webSocketConnector,
} from "@peng3dnet/browser";
import { type CreatePair, type Role, transportConformance } from "@peng3dnet/peer/testing";
import { WebSocket } from "ws";
import { CLASSES, type NamedClass } from "../support/classes.js";
import { listen } from "../support/listening.js";

function pairs({ type }: NamedClass): CreatePair {
  return async (handover) => {
    const sockets: Partial<Record<Role, WebSocket>> = {};
    const { close, cut, url } = await listen((socket) => {
      sockets.server = socket;
      handover.server(new WebSocketTransport(socket));
    });
    let client: WebSocketTransport | undefined;
    try {
      await webSocketConnector(url, { WebSocket: type }).connect({
        address: ["127.0.0.1", 0],
        cfg: new Config(),
        clock: standardPlatform.clock,
        logger: silentLogger,
        timeout: 60,
        signal: new AbortController().signal,
        established: (transport) => {
          client = transport as WebSocketTransport;
          handover.client(transport);
        },
      });
    } catch (error) {
      await close();
      throw error;
    }
    return {
      dispose: close,
      reset: (by) => {
        if (by === "server") sockets.server?.terminate();
        else if (client?.webSocket instanceof WebSocket) client.webSocket.terminate();
        else {
          client?.destroy();
          cut();
        }
      },
    };
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
