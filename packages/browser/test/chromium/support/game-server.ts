import {
  type ClientOf,
  type CloseInfo,
  type ConfigOverrides,
  type Logger,
  type ClientOnServer as ServedClient,
  Server,
} from "@peng3dnet/core";
import { type ServeWebSocketOptions, serveWebSocket } from "@peng3dnet/websocket";
import { track } from "../../support/cleanup.js";
import { CLIENT_PACKETS, Echo, Numbered } from "./client-packets.js";

/** A client as the server has it. */
export type GameClient = ClientOf<ServedClient, (typeof CLIENT_PACKETS)[number]>;

/** A server of the tests, and what it saw. */
export interface GameServer {
  readonly server: Server<ServedClient, (typeof CLIENT_PACKETS)[number]>;
  readonly url: string;
  /** Numbers that came, of all clients. */
  readonly received: number[];
  /** Resolves with how the first client was closed. */
  readonly closed: Promise<CloseInfo>;
}

/** Starts a real server that takes WebSockets, until the test is over. It echoes. */
export async function gameServer(
  cfg: ConfigOverrides = {},
  options: ServeWebSocketOptions = {},
  serverOptions: { readonly logger?: Logger } = {},
): Promise<GameServer> {
  const server = track(new Server({ addr: "127.0.0.1:0", packets: CLIENT_PACKETS, cfg, ...serverOptions }));
  const received: number[] = [];
  server.on(Echo, (value, { client }) => {
    client.sendMessage(Echo, value);
  });
  server.on(Numbered, ({ n }) => {
    received.push(n);
  });
  const closed = new Promise<CloseInfo>((resolve) => {
    server.on("close", (_client, info) => resolve(info));
  });
  await server.start();
  const { address } = await serveWebSocket(server, {
    origins: "*",
    ...(options.server === undefined && { port: 0 }),
    ...options,
  });
  const scheme = options.tls === undefined ? "ws" : "wss";
  return { server, url: `${scheme}://127.0.0.1:${address[1]}/`, received, closed };
}
