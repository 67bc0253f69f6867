/** socket.io with its msgpack parser, over WebSocket only. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Server } from "socket.io";
import { io } from "socket.io-client";
import parser from "socket.io-msgpack-parser";
import type { ConnectOptions, Message, Peer, PeerClient, PeerServer, ServeOptions } from "../peer.js";

const BACKLOG = 4096;
const EVENT = "bench";

const REQUEST = "ask";
/** A busy machine is slow to let thousands in that come at once. */
const TIMEOUT_MS = 120_000;

async function serve(options: ServeOptions): Promise<PeerServer> {
  const http = createServer();
  const server = new Server(http, {
    parser,
    transports: ["websocket"],
    serveClient: false,
    perMessageDeflate: options.compress,
    maxHttpBufferSize: 16 * 1024 * 1024,
    connectTimeout: TIMEOUT_MS,
  });
  server.on("connection", (socket) => {
    socket.on(EVENT, (message: Message) => {
      if (options.mode === "echo") {
        socket.emit(EVENT, message);
      } else {
        server.emit(EVENT, message);
      }
    });
    socket.on(REQUEST, (message: Message, answer: (message: Message) => void) => answer(message));
  });
  await new Promise<void>((resolve) => {
    http.listen({ port: 0, host: "127.0.0.1", backlog: BACKLOG }, resolve);
  });
  return {
    port: (http.address() as AddressInfo).port,
    async close() {
      await server.close();
    },
  };
}

function connect(options: ConnectOptions, acknowledged = false): Promise<PeerClient> {
  return new Promise((resolve, reject) => {
    const socket = io(`http://127.0.0.1:${options.port}`, {
      parser,
      transports: ["websocket"],
      forceNew: true,
      reconnection: false,
      timeout: TIMEOUT_MS,
      perMessageDeflate: options.compress ? { threshold: 1024 } : (false as never),
    });
    let closed = false;
    const failed = (error: Error): void => {
      if (!closed) {
        reject(error);
        options.onFailure(error);
      }
    };
    socket.on("connect_error", failed);
    socket.on("disconnect", (reason) => failed(new Error(reason)));
    socket.on(EVENT, options.onMessage);
    socket.on("connect", () => {
      resolve({
        send: acknowledged
          ? (message) => void socket.emitWithAck(REQUEST, message).then(options.onMessage, failed)
          : (message) => void socket.emit(EVENT, message),
        close() {
          closed = true;
          socket.disconnect();
        },
      });
    });
  });
}

export const socketIo: Peer = { label: "socket.io", serve, connect: (options) => connect(options) };

/** Each message is sent by `emitWithAck`, and its acknowledgement is what comes back. */
export const socketIoRequests: Peer = {
  label: "socket.io, emitWithAck",
  serve,
  connect: (options) => connect(options, true),
};
