/** Bare `node:net` or `node:tls` with framing by hand. */
import net from "node:net";
import tls from "node:tls";
import type { ConnectOptions, Peer, PeerClient, PeerServer, ServeOptions } from "../peer.js";
import type { WireTuning } from "./wire/format.js";
import { FrameReader } from "./wire/frame-reader.js";
import { encodeOnce, FrameWriter, flushAll } from "./wire/frame-writer.js";

const PACKET_ID = 64;
const READY_ID = 1;
const READ_SIZE = 64 * 1024;
const BACKLOG = 4096;

export interface BaselineTuning extends WireTuning {
  readonly tls: boolean;
  /** Read into a buffer of our own on the client, which a socket's public options allow. */
  readonly onread: boolean;
}

const DEFAULT_TUNING: BaselineTuning = {
  tls: false,
  onread: true,
  encode: "copy",
  decode: "batch",
  flushBytes: 8 * 1024,
  flushPackets: 16,
};

interface Connection {
  readonly socket: net.Socket;
  readonly writer: FrameWriter;
}

function attach(
  socket: net.Socket,
  tuning: BaselineTuning,
  onPacket: (from: Connection, value: never) => void,
): Connection {
  const connection: Connection = { socket, writer: new FrameWriter(socket, tuning) };
  const reader = new FrameReader((_id, value) => onPacket(connection, value as never), tuning, false);
  socket.setNoDelay(true);
  socket.on("data", (chunk: Buffer) => {
    reader.read(chunk);
    flushAll();
  });
  return connection;
}

function listening(server: net.Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ port: 0, host: "127.0.0.1", backlog: BACKLOG }, () => {
      resolve((server.address() as net.AddressInfo).port);
    });
  });
}

async function serve(options: ServeOptions, tuning: BaselineTuning): Promise<PeerServer> {
  const connections = new Set<Connection>();
  const onPacket =
    options.mode === "echo"
      ? (from: Connection, value: never) => from.writer.send(PACKET_ID, value)
      : (_from: Connection, value: never) => broadcast(connections, value);
  const accept = (socket: net.Socket): void => {
    const connection = attach(socket, tuning, onPacket);
    connections.add(connection);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => connections.delete(connection));
    connection.writer.send(READY_ID, null);
  };
  const server = tuning.tls ? tls.createServer({ ...options.credentials }, accept) : net.createServer(accept);
  const port = await listening(server);
  return {
    port,
    async close() {
      for (const { socket } of connections) {
        socket.destroy();
      }
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function broadcast(connections: Set<Connection>, value: never): void {
  const body = encodeOnce(value);
  for (const { writer } of connections) {
    writer.sendBody(PACKET_ID, body);
  }
}

function clientSocket(options: ConnectOptions, tuning: BaselineTuning, read: Read): net.Socket {
  const to = { port: options.port, host: "127.0.0.1", noDelay: true };
  if (tuning.tls) {
    const socket = tls.connect({
      ...to,
      ca: options.credentials?.cert ?? "",
      checkServerIdentity: () => undefined,
    });
    return socket.on("data", (chunk: Buffer) => read.chunk(chunk));
  }
  if (!tuning.onread) {
    return net.connect(to).on("data", (chunk: Buffer) => read.chunk(chunk));
  }
  return net.connect({
    ...to,
    onread: {
      buffer: read.buffer,
      callback(count, buffer) {
        read.into(count, buffer as Buffer);
        return true;
      },
    },
  });
}

interface Read {
  chunk(chunk: Buffer): void;
  buffer(): Buffer;
  into(count: number, buffer: Buffer): void;
}

let sharedInput: Buffer | undefined;

/** How a client's bytes get to its reader: all clients share one input buffer, a large packet is read in place. */
function reading(reader: FrameReader): Read {
  let direct = false;
  return {
    chunk(chunk) {
      reader.read(chunk);
      flushAll();
    },
    buffer() {
      const target = reader.readTarget();
      direct = target !== undefined;
      sharedInput ??= Buffer.allocUnsafeSlow(READ_SIZE);
      return target ?? sharedInput;
    },
    into(count, buffer) {
      if (direct) {
        reader.filledTarget(count);
      } else {
        reader.read(count === buffer.length ? buffer : buffer.subarray(0, count));
      }
      flushAll();
    },
  };
}

function connect(options: ConnectOptions, tuning: BaselineTuning): Promise<PeerClient> {
  return new Promise((resolve, reject) => {
    let closed = false;
    const onPacket = (id: number, value: never): void => {
      if (id === PACKET_ID) {
        options.onMessage(value);
      } else {
        resolve(client);
      }
    };
    const reader = new FrameReader(onPacket as never, tuning, tuning.onread && !tuning.tls);
    const socket = clientSocket(options, tuning, reading(reader));
    const writer = new FrameWriter(socket, tuning);
    const client: PeerClient = {
      send: (message) => writer.send(PACKET_ID, message),
      close() {
        closed = true;
        socket.destroy();
      },
    };
    const failed = (error: Error): void => {
      if (!closed) {
        reject(error);
        options.onFailure(error);
      }
    };
    socket.on("error", failed);
    socket.on("close", () => failed(new Error("the connection was closed")));
  });
}

export function baseline(label: string, change: Partial<BaselineTuning> = {}): Peer {
  const tuning: BaselineTuning = { ...DEFAULT_TUNING, ...change };
  return {
    label,
    tls: tuning.tls,
    serve: (options) => serve(options, tuning),
    connect: (options) => connect(options, tuning),
  };
}
