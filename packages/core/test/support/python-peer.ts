// Peers that treat the end of a connection as Python's peng3dnet 0.2.0 does (docs/reference/protocol.md, clauses 5.4 and 5.9).

import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import type { Address } from "@peng3dnet/core";
import { trackNetServer, trackSocket } from "./cleanup.js";
import {
  ACCEPT,
  accept,
  CLOSECONN,
  closeconn,
  HANDSHAKE,
  HELLO,
  handshake,
  hello,
  packet,
  SETTYPE,
  settype,
  value,
  type WirePacket,
} from "./wire.js";

/** Most bytes that it reads at a time. */
const READ_SIZE = 1024;

/** What one connection came to on the Python side. */
export interface PythonClose {
  /** Payloads of application packets that were worked off. */
  readonly received: readonly unknown[];
  /** Reason that its close handlers were told: the peer's, its own, or `socketclose`. */
  readonly reason: unknown;
}

/**
 * One end of a connection. What is read goes into a queue, which another "thread", a later turn, works off one packet at
 * a time. On a server the end of the stream, or an error, forgets the client and the queue.
 */
class PythonConnection {
  readonly received: unknown[] = [];
  readonly closed: Promise<PythonClose>;
  readonly #socket: Socket;
  readonly #forgets: boolean;
  readonly #handle: (packet: WirePacket, connection: PythonConnection) => void;
  #buffer = Buffer.alloc(0);
  #queue: WirePacket[] = [];
  #reason: unknown = "socketclose";
  #over = false;
  #close: () => void = () => {};

  constructor(
    socket: Socket,
    forgets: boolean,
    handle: (packet: WirePacket, connection: PythonConnection) => void,
  ) {
    this.#socket = trackSocket(socket);
    this.#forgets = forgets;
    this.#handle = handle;
    this.closed = new Promise((resolve) => {
      this.#close = () => resolve({ received: this.received, reason: this.#reason });
    });
    socket.on("readable", () => this.#read());
    socket.on("end", () => this.#lost());
    socket.on("error", () => this.#lost());
    socket.on("close", () => this.#lost());
  }

  write(bytes: Uint8Array): void {
    this.#socket.write(bytes);
  }

  /** Writes the closing packet and closes the socket right after, whatever comes from the other side. */
  close(reason: unknown): void {
    if (this.#over) return;
    this.#reason = reason;
    this.#over = true;
    this.#queue = [];
    this.#socket.write(closeconn(reason), () => {
      this.#socket.destroy();
      this.#close();
    });
  }

  #read(): void {
    for (;;) {
      const size = Math.min(READ_SIZE, this.#socket.readableLength);
      const chunk = size > 0 ? (this.#socket.read(size) as Buffer | null) : this.#socket.read();
      if (chunk === null) return;
      this.#take(chunk as Buffer);
    }
  }

  #take(chunk: Buffer): void {
    this.#buffer = Buffer.concat([this.#buffer, chunk]);
    while (this.#buffer.length >= 4 && this.#buffer.length >= 4 + this.#buffer.readUInt32BE(0)) {
      const end = 4 + this.#buffer.readUInt32BE(0);
      const bytes = this.#buffer.subarray(0, end);
      this.#buffer = this.#buffer.subarray(end);
      this.#queue.push({
        id: bytes.readUInt32BE(4),
        flags: bytes.readUInt16BE(8),
        body: bytes.subarray(10),
        bytes,
      });
      if (this.#queue.length === 1) setImmediate(() => this.#work());
    }
  }

  /** The other thread: one packet a turn. */
  #work(): void {
    const next = this.#queue[0];
    if (next === undefined) return;
    if (next.id === CLOSECONN) {
      this.#reason = (value(next) as { reason?: unknown }).reason ?? null;
      this.#over = true;
      this.#socket.destroy();
      this.#close();
      return;
    }
    this.#handle(next, this);
    this.#queue.shift();
    if (this.#queue.length > 0) setImmediate(() => this.#work());
  }

  #lost(): void {
    if (this.#over) return;
    if (!this.#forgets && this.#queue.length > 0) {
      // A client works off what it has read.
      setImmediate(() => this.#lost());
      return;
    }
    this.#over = true;
    this.#queue = [];
    this.#socket.destroy();
    this.#close();
  }
}

/** How a scripted Python server or client behaves. */
export interface PythonOptions {
  /** Names and ids of the application's packets; those of the protocol are added. */
  readonly names?: Readonly<Record<string, number>>;
  /** Version of the protocol that a server claims. Default 2. */
  readonly protoversion?: number;
  /** Reason to close with as soon as the handshake is complete. */
  readonly closeWith?: string;
  /** Packets to send before, each on id 64. */
  readonly sends?: readonly unknown[];
  /** Bytes to send before. */
  readonly raw?: Uint8Array;
}

function begin(connection: PythonConnection, { sends = [], closeWith, raw }: PythonOptions): void {
  if (raw !== undefined) connection.write(raw);
  for (const data of sends) connection.write(packet(64, data));
  if (closeWith !== undefined) connection.close(closeWith);
}

/** A server. */
export interface PythonServer {
  readonly addr: Address;
  /** What the next connection came to, in order of arrival. */
  closed(): Promise<PythonClose>;
}

export async function pythonServer(options: PythonOptions = {}): Promise<PythonServer> {
  const results: Promise<PythonClose>[] = [];
  const waiting: ((result: Promise<PythonClose>) => void)[] = [];
  const server = trackNetServer(
    createServer({ allowHalfOpen: true }, (socket) => {
      const connection = new PythonConnection(socket, true, (next) => {
        if (next.id === SETTYPE) connection.write(handshake(options.names));
        else if (next.id === ACCEPT) begin(connection, options);
        else connection.received.push(value(next));
      });
      connection.write(hello(options.protoversion ?? 2));
      const take = waiting.shift();
      if (take === undefined) results.push(connection.closed);
      else take(connection.closed);
    }),
  );
  await new Promise<void>((listening) => server.listen({ host: "127.0.0.1", port: 0 }, listening));
  const { address, port } = server.address() as AddressInfo;
  return {
    addr: [address, port],
    closed: () => results.shift() ?? new Promise<PythonClose>((resolve) => waiting.push(resolve)),
  };
}

/** A client that connects and asks for the classic type. @returns what its connection came to. */
export function pythonClient([host, port]: Address, options: PythonOptions = {}): Promise<PythonClose> {
  const socket = connect({ host, port, allowHalfOpen: true });
  const connection = new PythonConnection(socket, false, (next) => {
    if (next.id === HELLO) connection.write(settype());
    else if (next.id === HANDSHAKE) {
      connection.write(accept());
      begin(connection, options);
    } else connection.received.push(value(next));
  });
  return connection.closed;
}
