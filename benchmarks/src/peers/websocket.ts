/** `ws` with `@msgpack/msgpack`, and with msgpackr as it is fastest. */

import { once } from "node:events";
import type { AddressInfo, Socket } from "node:net";
import { Decoder, Encoder } from "@msgpack/msgpack";
import { Packr } from "msgpackr";
import { WebSocket, WebSocketServer } from "ws";
import type { ConnectOptions, Message, Peer, PeerClient, PeerServer, ServeOptions } from "../peer.js";

/** What encodes the messages of a connection, and decodes those that come. */
interface Codec {
  encode(message: unknown): Uint8Array;
  decode(data: Uint8Array): unknown;
}

// One of each, reused: the module's encode() and decode() make a new one per call.
const encoder = new Encoder();
const decoder = new Decoder();
const msgpack: Codec = {
  encode: (message) => encoder.encode(message),
  decode: (data) => decoder.decode(data),
};

/**
 * msgpackr with records: the keys of an object go along with the first one of its kind only. Both ends remember them, so
 * that each connection has one of its own, and a message cannot be encoded once for several.
 */
function records(): Codec {
  const sending = new Packr({ sequential: true });
  const receiving = new Packr({ sequential: true });
  return { encode: (message) => sending.pack(message), decode: (data) => receiving.unpack(data) };
}

const BACKLOG = 4096;

type Send = (socket: WebSocket, data: Uint8Array) => void;

/** As users write it: one send per message. */
function sendPlain(socket: WebSocket, data: Uint8Array): void {
  socket.send(data);
}

const corked: Socket[] = [];

function uncorkAll(): void {
  for (const socket of corked) {
    socket.uncork();
  }
  corked.length = 0;
}

/** The same with the underlying socket corked by hand until the tick is over. */
function sendCorked(socket: WebSocket, data: Uint8Array): void {
  const raw = (socket as unknown as { _socket: Socket })._socket;
  if (raw.writableCorked === 0) {
    raw.cork();
    if (corked.push(raw) === 1) {
      process.nextTick(uncorkAll);
    }
  }
  socket.send(data);
}

async function serve(options: ServeOptions, send: Send, codecOf: () => Codec): Promise<PeerServer> {
  const server = new WebSocketServer({
    port: 0,
    host: "127.0.0.1",
    backlog: BACKLOG,
    perMessageDeflate: options.compress,
  });
  server.on("connection", (socket) => {
    const codec = codecOf();
    socket.on("error", () => socket.terminate());
    socket.on("message", (data: Buffer) => {
      const answer = codec.encode(codec.decode(data));
      if (options.mode === "echo") {
        send(socket, answer);
      } else {
        for (const client of server.clients) {
          send(client, answer);
        }
      }
    });
  });
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      for (const client of server.clients) {
        client.terminate();
      }
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function connect(options: ConnectOptions, send: Send, codec: Codec): Promise<PeerClient> {
  return new Promise((resolve, reject) => {
    let closed = false;
    const socket = new WebSocket(`ws://127.0.0.1:${options.port}`, { perMessageDeflate: options.compress });
    const failed = (error: Error): void => {
      if (!closed) {
        reject(error);
        options.onFailure(error);
      }
    };
    socket.on("error", failed);
    socket.on("close", () => failed(new Error("the connection was closed")));
    socket.on("message", (data: Buffer) => options.onMessage(codec.decode(data) as Message));
    socket.on("open", () => {
      resolve({
        send: (message) => send(socket, codec.encode(message)),
        close() {
          closed = true;
          socket.terminate();
        },
      });
    });
  });
}

function websocket(label: string, send: Send, codecOf: () => Codec): Peer {
  return {
    label,
    serve: (options) => serve(options, send, codecOf),
    connect: (options) => connect(options, send, codecOf()),
  };
}

export const ws: Peer = websocket("ws", sendPlain, () => msgpack);
export const wsCorked: Peer = websocket("ws, corked", sendCorked, () => msgpack);
/** For echoes alone. */
export const wsRecords: Peer = websocket("ws, corked, msgpackr with records", sendCorked, records);
