/** `@grpc/grpc-js`: a stream both ways for each connection, with `@msgpack/msgpack` in place of protocol buffers. */

import {
  Client,
  credentials,
  type MethodDefinition,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
} from "@grpc/grpc-js";
import { Decoder, Encoder } from "@msgpack/msgpack";
import type { ConnectOptions, Message, Peer, PeerClient, PeerServer, ServeOptions } from "../peer.js";

const encoder = new Encoder();
const decoder = new Decoder();

const serialize = (message: Message): Buffer => Buffer.from(encoder.encode(message));
const deserialize = (bytes: Buffer): Message => decoder.decode(bytes) as Message;

const EXCHANGE: MethodDefinition<Message, Message> = {
  path: "/bench.Bench/Exchange",
  requestStream: true,
  responseStream: true,
  requestSerialize: serialize,
  requestDeserialize: deserialize,
  responseSerialize: serialize,
  responseDeserialize: deserialize,
};
/** Frames of 16 MiB, as the other peers take. */
const LIMITS = {
  "grpc.max_receive_message_length": 16 * 1024 * 1024,
  // Connections of one process would be one otherwise.
  "grpc.use_local_subchannel_pool": 1,
};

async function serve({ mode }: ServeOptions): Promise<PeerServer> {
  const server = new Server(LIMITS);
  const streams = new Set<ServerDuplexStream<Message, Message>>();
  server.addService(
    { exchange: EXCHANGE },
    {
      exchange(stream: ServerDuplexStream<Message, Message>) {
        streams.add(stream);
        stream.on("data", (message: Message) => {
          if (mode === "echo") stream.write(message);
          else for (const each of streams) each.write(message);
        });
        stream.on("error", () => streams.delete(stream));
        stream.on("end", () => {
          streams.delete(stream);
          stream.end();
        });
      },
    },
  );
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  return {
    port,
    async close() {
      server.forceShutdown();
    },
  };
}

async function connect({ port, onMessage, onFailure }: ConnectOptions): Promise<PeerClient> {
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), LIMITS);
  await new Promise<void>((resolve, reject) => {
    client.waitForReady(Date.now() + 10_000, (error) => (error === undefined ? resolve() : reject(error)));
  });
  const stream = client.makeBidiStreamRequest(
    EXCHANGE.path,
    EXCHANGE.requestSerialize,
    EXCHANGE.responseDeserialize,
  );
  let closed = false;
  stream.on("data", onMessage);
  stream.on("error", (error: Error) => {
    if (!closed) onFailure(error);
  });
  return {
    send: (message) => void stream.write(message),
    close() {
      closed = true;
      stream.cancel();
      client.close();
    },
  };
}

export const grpc: Peer = { label: "grpc-js", serve, connect };
