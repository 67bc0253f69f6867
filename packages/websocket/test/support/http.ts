// Http servers and requests for WebSockets, closed after the test.

import {
  createServer,
  type Server as HttpServer,
  type IncomingMessage,
  type RequestListener,
} from "node:http";
import type { Server as HttpsServer } from "node:https";
import { type AddressInfo, connect, type Socket } from "node:net";
import {
  type Address,
  Client,
  type ConfigOverrides,
  definePacket,
  payload,
  Server,
  WEBSOCKET_SUBPROTOCOL,
} from "@peng3dnet/core";
import type { ManualClock } from "@peng3dnet/core/testing";
import { WebSocket, type ClientOptions as WebSocketOptions } from "ws";
import { onCleanup, track, trackSocket } from "../../../core/test/support/cleanup.js";
import { ClientTransport } from "./client-transport.js";

/** Any value, which a server of these tests sends back. */
export const Echo = definePacket({ name: "test:echo", schema: payload<unknown>() });

/** A server that echoes, over TCP so far. @param options - as of `Server`. */
export async function echoServer(cfg: ConfigOverrides = {}, options: { readonly clock?: ManualClock } = {}) {
  const server = track(new Server({ addr: "127.0.0.1:0", packets: [Echo], cfg, ...options }));
  server.on(Echo, (message, { client }) => {
    client.sendMessage(Echo, message);
  });
  await server.start();
  return server;
}

export type EchoClient = Client<typeof Echo>;

/** Sends a value, and resolves with what comes back. */
export function echoed(client: EchoClient, value: unknown): Promise<unknown> {
  return new Promise((resolve) => {
    client.on(Echo, resolve);
    client.sendMessage(Echo, value);
  });
}

/** Has a server of node:http or node:https listen, on any free port. */
export async function listening<S extends HttpServer | HttpsServer>(server: S): Promise<S> {
  onCleanup(async () => {
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
  });
  await new Promise<void>((resolve) => server.listen({ host: "127.0.0.1", port: 0 }, resolve));
  return server;
}

/** An http server that listens. */
export function httpServer(listener?: RequestListener): Promise<HttpServer> {
  return listening(createServer(listener));
}

export function addressOf(server: HttpServer | HttpsServer): Address {
  const { address, port } = server.address() as AddressInfo;
  return [address, port];
}

export interface DialOptions extends WebSocketOptions {
  readonly path?: string;
  /** Subprotocols that are offered; default: ours. */
  readonly protocols?: readonly string[];
  readonly scheme?: "ws" | "wss";
  readonly servername?: string;
}

/** Asks for a WebSocket. */
export function request([host, port]: Address, options: DialOptions): WebSocket {
  const { path = "/", protocols = [WEBSOCKET_SUBPROTOCOL], scheme = "ws", ...rest } = options;
  const ws = new WebSocket(`${scheme}://${host}:${port}${path}`, [...protocols], {
    perMessageDeflate: false,
    ...rest,
  });
  ws.on("error", () => {});
  onCleanup(() => ws.terminate());
  return ws;
}

/** A WebSocket as it is, once it is open. */
export function dial(address: Address, options: DialOptions = {}): Promise<WebSocket> {
  const ws = request(address, options);
  return new Promise((resolve, reject) => {
    ws.once("error", reject);
    ws.once("open", () => {
      ws.off("error", reject);
      resolve(ws);
    });
  });
}

/** The answer to a request that is not upgraded. */
export interface Answer {
  readonly status: number | undefined;
  readonly text: string;
  readonly headers: IncomingMessage["headers"];
}

/** Asks for a WebSocket that is refused. */
export function refusal(address: Address, options: DialOptions = {}): Promise<Answer> {
  const ws = request(address, options);
  return new Promise((resolve, reject) => {
    ws.on("open", () => reject(new Error("it was let in")));
    ws.on("unexpected-response", (_request, response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        text += chunk;
      });
      response.on("end", () => resolve({ status: response.statusCode, text, headers: response.headers }));
    });
  });
}

/** A client over a WebSocket that has got through the handshake. */
export async function webSocketClient(
  address: Address,
  options: DialOptions = {},
  cfg: ConfigOverrides = {},
) {
  const client = track(new Client({ packets: [Echo], cfg }));
  client.initialize();
  client.processAsync();
  const ws = request(address, options);
  await new Promise<void>((resolve, reject) => {
    ws.once("error", reject);
    ws.once("open", () => {
      client.attach(new ClientTransport(ws));
      resolve();
    });
  });
  await client.waitForConnection();
  return client;
}

/** Code and text that a WebSocket was closed with, as the end that did not close it sees them. */
export function closeOf(ws: WebSocket): Promise<{ readonly code: number; readonly reason: string }> {
  return new Promise((resolve) =>
    ws.once("close", (code, reason) => resolve({ code, reason: reason.toString("utf8") })),
  );
}

/** A bare socket that has asked for a WebSocket and got it: what follows is frames by hand. */
export async function upgraded(address: Address, more = ""): Promise<Socket> {
  const [host, port] = address;
  const socket = trackSocket(connect({ host, port }));
  socket.on("error", () => {});
  socket.write(upgradeRequest(host, more));
  await new Promise<void>((resolve, reject) => {
    socket.once("data", (chunk: Buffer) => {
      if (chunk.toString("latin1").startsWith("HTTP/1.1 101 ")) resolve();
      else reject(new Error(chunk.toString("latin1")));
    });
  });
  return socket;
}

/** A request for a WebSocket, with more lines where wanted. */
export function upgradeRequest(host: string, more = ""): string {
  return [
    "GET / HTTP/1.1",
    `Host: ${host}`,
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
    `Sec-WebSocket-Protocol: ${WEBSOCKET_SUBPROTOCOL}`,
    more,
    "",
    "",
  ]
    .filter((line, index) => line !== "" || index > 7)
    .join("\r\n");
}

/** A frame of a client, masked with zeros. */
export function frame(first: number, payload: Uint8Array = new Uint8Array(0)): Buffer {
  const header =
    payload.length < 126
      ? Buffer.from([first, 0x80 | payload.length])
      : Buffer.from([first, 0x80 | 126, payload.length >> 8, payload.length & 255]);
  return Buffer.concat([header, Buffer.alloc(4), payload]);
}
