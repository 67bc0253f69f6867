/** socket.io with its msgpack parser, over WebSocket only, and an adapter over Redis. */
import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createAdapter as createPlain } from "@socket.io/redis-adapter";
import { createAdapter as createStreams } from "@socket.io/redis-streams-adapter";
import { createClient } from "redis";
import { Server, type ServerOptions } from "socket.io";
import parser from "socket.io-msgpack-parser";
import type { Message } from "../peer.js";
import { burn, type ClusterServer, type Kind, type NodeOptions } from "./kinds.js";

const BACKLOG = 4096;
const EVENT = "bench";

type AdapterName = "redis-streams" | "redis";

async function open(url: string, name?: string) {
  const client = createClient({ url: `redis://${url}`, ...(name !== undefined && { name }) });
  client.on("error", (error) => {
    process.nextTick(() => {
      throw error;
    });
  });
  await client.connect();
  return client;
}

/** What a node has of Redis. */
interface OverRedis {
  readonly options: Partial<ServerOptions>;
  /** Resolves once Redis has what the adapter has subscribed to. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

/** As the README of each says. */
async function overRedis(name: AdapterName, broker: string): Promise<OverRedis> {
  if (name === "redis-streams") {
    const called = `bench-${randomUUID()}`;
    const client = await open(broker, called);
    return {
      options: { adapter: createStreams(client) },
      async settled() {
        // Over two connections of its own with the same name, it waits for what comes behind the end of the stream, and has
        // subscribed to two channels.
        for (;;) {
          const its = (await client.clientList()).filter(({ name }) => name === called);
          if (its.some(({ cmd }) => cmd === "xread") && its.some(({ sub }) => sub === 2)) return;
        }
      },
      close: () => client.close(),
    };
  }
  const client = await open(broker);
  const subscriber = await open(broker);
  return {
    options: { adapter: createPlain(client, subscriber) },
    async settled() {
      await subscriber.ping();
    },
    async close() {
      await client.close();
      await subscriber.close();
    },
  };
}

async function serve(name: AdapterName, { broker, mode, work }: NodeOptions): Promise<ClusterServer> {
  const http = createServer();
  const redis = broker === undefined ? undefined : await overRedis(name, broker);
  const server = new Server(http, {
    parser,
    transports: ["websocket"],
    serveClient: false,
    perMessageDeflate: false,
    ...redis?.options,
  });
  server.on("connection", (socket) => {
    socket.on(EVENT, (message: Message) => {
      burn(work);
      if (mode === "echo") socket.emit(EVENT, message);
      else server.emit(EVENT, message);
    });
  });
  await new Promise<void>((resolve) => {
    http.listen({ port: 0, host: "127.0.0.1", backlog: BACKLOG }, resolve);
  });
  return {
    port: (http.address() as AddressInfo).port,
    get members() {
      return server.sockets.sockets.size;
    },
    async settled() {
      await redis?.settled();
    },
    async close() {
      // Else the adapter leaves a rejection behind which nobody handles.
      await redis?.settled();
      await server.close();
      await redis?.close();
    },
  };
}

export function socketIo(name: AdapterName): Kind {
  return {
    label: `socket.io, ${name === "redis" ? "redis adapter" : "redis-streams adapter"}`,
    broker: "redis",
    client: "socket.io",
    serve: (options) => serve(name, options),
  };
}
