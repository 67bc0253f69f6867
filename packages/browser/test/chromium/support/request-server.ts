import {
  type ClientOf,
  type ConfigOverrides,
  type ClientOnServer as ServedClient,
  Server,
} from "@peng3dnet/core";
import { serveWebSocket } from "@peng3dnet/websocket";
import { track } from "../../support/cleanup.js";
import { REQUEST_PACKETS } from "./request-packets.js";

/** A client as the server has it. */
export type RequestingClient = ClientOf<ServedClient, (typeof REQUEST_PACKETS)[number]>;
export type RequestServer = Server<ServedClient, (typeof REQUEST_PACKETS)[number]>;

/** Starts a real server that takes WebSockets, until the test is over. It answers nothing. */
export async function requestServer(
  cfg: ConfigOverrides = {},
): Promise<{ readonly server: RequestServer; readonly url: string }> {
  const server = track(new Server({ addr: "127.0.0.1:0", packets: REQUEST_PACKETS, cfg }));
  await server.start();
  const { address } = await serveWebSocket(server, { origins: "*", port: 0 });
  return { server, url: `ws://127.0.0.1:${address[1]}/` };
}

/** Resolves with the next client that gets through the handshake. */
export function nextClient(server: RequestServer): Promise<RequestingClient> {
  return new Promise((resolve) => server.once("handshakecomplete", resolve));
}
