/**
 * What is left to gain: the same bytes over bare `node:net`, a write for each batch that came, and nothing is decoded. The server
 * writes what it read; the client counts bytes, and takes each as many as a message has for the oldest one that it sent.
 */
import net from "node:net";
import { encode } from "@msgpack/msgpack";
import type { ConnectOptions, Message, Peer, PeerClient, PeerServer, ServeOptions } from "../peer.js";

const BACKLOG = 4096;
/** What frames a packet: its length, its type and its flags. */
const FRAME = 9;
/** Messages that came back are forgotten so many at a time. */
const FORGET_AFTER = 4096;

async function serve({ mode }: ServeOptions): Promise<PeerServer> {
  if (mode !== "echo") throw new Error("this peer echoes only");
  const sockets = new Set<net.Socket>();
  const server = net.createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on("data", (chunk) => socket.write(chunk));
    socket.on("error", () => socket.destroy());
    socket.on("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => {
    server.listen({ port: 0, host: "127.0.0.1", backlog: BACKLOG }, resolve);
  });
  return {
    port: (server.address() as net.AddressInfo).port,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** All messages of a cell are as long as its first one. */
class Sender implements PeerClient {
  readonly #socket: net.Socket;
  readonly #options: ConnectOptions;
  readonly #sent: Message[] = [];
  #next = 0;
  #length = 0;
  #waiting = 0;
  #received = 0;
  #reading = false;
  closed = false;

  constructor(socket: net.Socket, options: ConnectOptions) {
    this.#socket = socket;
    this.#options = options;
    socket.on("data", (chunk) => this.#read(chunk.length));
  }

  send(message: Message): void {
    if (this.#length === 0) this.#length = FRAME + encode(message).length;
    this.#sent.push(message);
    if (this.#waiting++ === 0 && !this.#reading) process.nextTick(() => this.#write());
  }

  #read(bytes: number): void {
    this.#received += bytes;
    this.#reading = true;
    for (; this.#received >= this.#length; this.#received -= this.#length)
      this.#options.onMessage(this.#take());
    this.#reading = false;
    this.#write();
  }

  #take(): Message {
    const message = this.#sent[this.#next++] as Message;
    if (this.#next === FORGET_AFTER) {
      this.#sent.splice(0, FORGET_AFTER);
      this.#next = 0;
    }
    return message;
  }

  #write(): void {
    if (this.#waiting === 0) return;
    this.#socket.write(Buffer.allocUnsafe(this.#waiting * this.#length));
    this.#waiting = 0;
  }

  close(): void {
    this.closed = true;
    this.#socket.destroy();
  }
}

function connect(options: ConnectOptions): Promise<PeerClient> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ port: options.port, host: "127.0.0.1", noDelay: true });
    const client = new Sender(socket, options);
    socket.on("error", (error) => {
      reject(error);
      options.onFailure(error);
    });
    socket.on("close", () => {
      if (!client.closed) options.onFailure(new Error("the connection was closed"));
    });
    socket.on("connect", () => resolve(client));
  });
}

export const limit: Peer = { label: "bytes alone", serve, connect };
