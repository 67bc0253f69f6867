// Pairs of transports over real WebSockets, the server's end made as servers make it.

import { createServer, type Server as HttpServer } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { webSocketConnector as browserConnector } from "@peng3dnet/browser";
import {
  Config,
  type ConfigOverrides,
  type Connector,
  nodePlatform,
  silentLogger,
  type Transport,
  WEBSOCKET_SUBPROTOCOL,
} from "@peng3dnet/core";
import type { CreatePair, PairHandover, Role } from "@peng3dnet/core/testing";
import { webSocketAcceptor, webSocketConnector } from "@peng3dnet/websocket";
import { WebSocket, WebSocketServer } from "ws";
import { relay } from "../../../core/test/support/relay.js";
import { ClientTransport } from "./client-transport.js";

/**
 * @param tls - certificate and key of the server, and who signed it.
 * @param client - whose connector has the client's end: that of `@peng3dnet/browser`, over the WebSocket of `ws`, or ours.
 * Default: one of these tests.
 * @param bare - the server's end is a WebSocket of `ws`, which knows nothing of ours.
 */
export function webSocketPairs({
  tls,
  chopped = false,
  client,
  bare = false,
}: {
  readonly tls?: () => { readonly cert: string; readonly key: string; readonly ca: string };
  readonly chopped?: boolean;
  readonly client?: "browser" | "node";
  readonly bare?: boolean;
} = {}): CreatePair {
  return async (handover) => {
    const secured = tls?.();
    const http = secured === undefined ? createServer() : createHttpsServer(secured);
    const sockets: Partial<Record<Role, Socket>> = {};
    http.on("connection", (socket: Socket) => {
      sockets.server = socket;
    });
    await new Promise<void>((resolve) => http.listen({ host: "127.0.0.1", port: 0 }, resolve));
    const stopListening = await (bare ? listenBare : listen)(http, handover);
    const direct = ["127.0.0.1", (http.address() as AddressInfo).port] as const;
    const relayed = chopped ? await relay([...direct], true) : undefined;
    const [host, port] = relayed?.addr ?? direct;
    const scheme = secured === undefined ? "ws" : "wss";
    class Noted extends WebSocket {
      constructor(url: string) {
        super(url, WEBSOCKET_SUBPROTOCOL, {
          perMessageDeflate: false,
          ...(secured && { ca: secured.ca, servername: "localhost" }),
        });
        this.on("upgrade", ({ socket }) => {
          sockets.client = socket;
        });
        opened.push(this);
      }
    }
    const opened: WebSocket[] = [];
    const dispose = async (): Promise<void> => {
      await stopListening();
      await relayed?.close();
      for (const ws of opened) ws.terminate();
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    };
    try {
      const url = `${scheme}://${host}:${port}/`;
      if (client === "browser") {
        await connectBy(browserConnector(url, { WebSocket: Noted }), handover.client);
      } else if (client === "node") {
        const cfg = secured && { "net.ssl.ca": secured.ca };
        const named = url.replace("127.0.0.1", "localhost");
        await connectBy(
          webSocketConnector(named),
          (transport) => {
            sockets.client = transport.socket as Socket;
            handover.client(transport);
          },
          cfg,
        );
      } else await connect(new Noted(url), handover.client);
    } catch (error) {
      await dispose();
      throw error;
    }
    return {
      dispose,
      reset: (by) => {
        // A TLS socket cannot reset the one that it is wrapped round.
        if (relayed === undefined && secured === undefined) sockets[by]?.resetAndDestroy();
        else sockets[by]?.destroy();
        relayed?.reset(by === "server" ? "client" : "server");
      },
    };
  };
}

function connect(ws: WebSocket, use: (transport: Transport) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    ws.on("error", reject);
    ws.on("open", () => {
      use(new ClientTransport(ws));
      resolve();
    });
  });
}

function connectBy(
  connector: Connector,
  established: (transport: Transport) => void,
  cfg: ConfigOverrides = {},
): Promise<void> {
  return connector.connect({
    address: ["127.0.0.1", 0],
    cfg: new Config(cfg),
    clock: nodePlatform.clock,
    logger: silentLogger,
    timeout: 60,
    signal: new AbortController().signal,
    established,
  });
}

/** Takes WebSockets as a server of ours does. @returns what ends that. */
async function listen(server: HttpServer, handover: PairHandover): Promise<() => Promise<void>> {
  const listening = await webSocketAcceptor({ server }).listen({
    clock: nodePlatform.clock,
    logger: silentLogger,
    address: ["127.0.0.1", 0],
    cfg: new Config({}),
    offer: (_address, open) => handover.server(open()),
    failed: (error) => {
      throw error;
    },
    signal: new AbortController().signal,
    closingPacket: () => new Uint8Array(0),
  });
  return () => listening.close();
}

/** Takes them as a server of `ws` does. */
async function listenBare(server: HttpServer, handover: PairHandover): Promise<() => Promise<void>> {
  const acceptor = new WebSocketServer({ server, handleProtocols: () => WEBSOCKET_SUBPROTOCOL });
  acceptor.on("connection", (ws) => handover.server(new ClientTransport(ws)));
  return async () => acceptor.close();
}
