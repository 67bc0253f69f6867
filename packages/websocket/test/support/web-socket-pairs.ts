// Pairs of transports over real WebSockets, the server's end made as servers make it.

import { createServer } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { type WebSocketClass, webSocketConnector } from "@peng3dnet/browser";
import { Config, nodePlatform, silentLogger, type Transport, WEBSOCKET_SUBPROTOCOL } from "@peng3dnet/core";
import type { CreatePair, Role } from "@peng3dnet/core/testing";
import { webSocketAcceptor } from "@peng3dnet/websocket";
import { WebSocket } from "ws";
import { relay } from "../../../core/test/support/relay.js";
import { ClientTransport } from "./client-transport.js";

/**
 * @param tls - certificate and key of the server, and who signed it.
 * @param browser - the client's end is that of `@peng3dnet/browser`, over the WebSocket of `ws`; else one of these tests.
 */
export function webSocketPairs({
  tls,
  chopped = false,
  browser = false,
}: {
  readonly tls?: () => { readonly cert: string; readonly key: string; readonly ca: string };
  readonly chopped?: boolean;
  readonly browser?: boolean;
} = {}): CreatePair {
  return async (handover) => {
    const secured = tls?.();
    const http = secured === undefined ? createServer() : createHttpsServer(secured);
    const sockets: Partial<Record<Role, Socket>> = {};
    http.on("connection", (socket: Socket) => {
      sockets.server = socket;
    });
    await new Promise<void>((resolve) => http.listen({ host: "127.0.0.1", port: 0 }, resolve));
    const listening = await webSocketAcceptor({ server: http }).listen({
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
      await listening.close();
      await relayed?.close();
      for (const ws of opened) ws.terminate();
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    };
    try {
      const url = `${scheme}://${host}:${port}/`;
      if (browser) await connectAsBrowsers(url, Noted, handover.client);
      else await connect(new Noted(url), handover.client);
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

function connectAsBrowsers(
  url: string,
  WebSocket: WebSocketClass,
  established: (transport: Transport) => void,
): Promise<void> {
  return webSocketConnector(url, { WebSocket }).connect({
    address: ["127.0.0.1", 0],
    cfg: new Config(),
    clock: nodePlatform.clock,
    logger: silentLogger,
    timeout: 60,
    signal: new AbortController().signal,
    established,
  });
}
