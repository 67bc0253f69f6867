// A WebSocket server on a free port, and what comes in at it.

import { createServer as createHttpServer, type Server as HttpServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { WEBSOCKET_SUBPROTOCOL, WebSocketTransport } from "@peng3dnet/browser";
import { Server, type ServerOptions } from "@peng3dnet/core";
import { type WebSocket, WebSocketServer, type ServerOptions as WsOptions } from "ws";
import { onCleanup, track } from "./cleanup.js";

export interface Listening {
  readonly url: string;
  readonly port: number;
  /** Breaks all connections, as a network that fails does. */
  cut(): void;
  close(): Promise<void>;
}

/** Listens, and hands over each WebSocket within the event that says that it is there. */
export async function listen(
  use: (socket: WebSocket) => void,
  options: WsOptions = {},
  http: HttpServer = createHttpServer(),
): Promise<Listening> {
  const acceptor = new WebSocketServer({
    server: http,
    handleProtocols: (offered) => (offered.has(WEBSOCKET_SUBPROTOCOL) ? WEBSOCKET_SUBPROTOCOL : false),
    ...options,
  });
  acceptor.on("connection", use);
  const raw = new Set<Socket>();
  http.on("connection", (socket: Socket) => void raw.add(socket));
  const cut = (): void => {
    for (const socket of raw) socket.destroy();
  };
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const { port } = http.address() as AddressInfo;
  const close = async (): Promise<void> => {
    for (const socket of acceptor.clients) socket.terminate();
    http.closeAllConnections();
    await new Promise((closed) => http.close(closed));
  };
  return { url: `ws://127.0.0.1:${port}/`, port, cut, close };
}

/** As {@link listen}, for one test. */
export async function listenForTest(...args: Parameters<typeof listen>): Promise<Listening> {
  const listening = await listen(...args);
  onCleanup(() => listening.close());
  return listening;
}

/** A server of packets that listens for WebSockets. */
export async function serve(
  options: ServerOptions = {},
  setUp: (server: Server) => void = () => {},
): Promise<{ readonly server: Server } & Listening> {
  const server = track(new Server(options));
  setUp(server);
  server.initialize();
  server.processAsync();
  const listening = await listenForTest((socket) => server.accept(new WebSocketTransport(socket)));
  return { server, ...listening };
}
