// Pairs of transports over real WebSockets, the server's end made as servers make it.

import { createServer } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { Config, nodePlatform, silentLogger, WEBSOCKET_SUBPROTOCOL } from "@peng3dnet/core";
import type { CreatePair, Role } from "@peng3dnet/core/testing";
import { webSocketAcceptor } from "@peng3dnet/websocket";
import { WebSocket } from "ws";
import { relay } from "../../../core/test/support/relay.js";
import { ClientTransport } from "./client-transport.js";

/** @param tls - certificate and key of the server, and who signed it. */
export function webSocketPairs({
  tls,
  chopped = false,
}: {
  readonly tls?: () => { readonly cert: string; readonly key: string; readonly ca: string };
  readonly chopped?: boolean;
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
    const ws = new WebSocket(`${scheme}://${host}:${port}/`, WEBSOCKET_SUBPROTOCOL, {
      perMessageDeflate: false,
      ...(secured && { ca: secured.ca, servername: "localhost" }),
    });
    ws.on("upgrade", ({ socket }) => {
      sockets.client = socket;
    });
    const dispose = async (): Promise<void> => {
      await listening.close();
      await relayed?.close();
      ws.terminate();
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    };
    try {
      await new Promise<void>((resolve, reject) => {
        ws.on("error", reject);
        ws.on("open", () => {
          handover.client(new ClientTransport(ws));
          resolve();
        });
      });
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
