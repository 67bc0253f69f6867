// A WebSocket server on a free port, and what comes in at it.

import { createServer as createHttpServer, type Server as HttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Server, type ServerOptions, WEBSOCKET_SUBPROTOCOL, WebSocketTransport } from "@peng3dnet/browser";
import { type WebSocket, WebSocketServer, type ServerOptions as WsOptions } from "ws";
import { onCleanup, track } from "./cleanup.js";

export interface Listening {
  readonly url: string;
  readonly port: number;
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
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const { port } = http.address() as AddressInfo;
  const close = async (): Promise<void> => {
    for (const socket of acceptor.clients) socket.terminate();
    http.closeAllConnections();
    await new Promise((closed) => http.close(closed));
  };
  return { url: `ws://127.0.0.1:${port}/`, port, close };
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
): Promise<{ readonly server: Server; readonly url: string }> {
  const server = track(new Server(options));
  setUp(server);
  server.initialize();
  server.processAsync();
  const { url } = await listenForTest((socket) => server.accept(new WebSocketTransport(socket)));
  return { server, url };
}
