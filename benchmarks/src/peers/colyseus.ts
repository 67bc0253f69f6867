/** Colyseus: messages of a room over its WebSocket transport, encoded by itself; no state is synchronised. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Room, type Client as RoomClient, Server } from "@colyseus/core";
import { Client } from "@colyseus/sdk";
import { WebSocketTransport } from "@colyseus/ws-transport";
import type {
  ConnectOptions,
  Message,
  Peer,
  PeerClient,
  PeerServer,
  ServeOptions,
  ServerMode,
} from "../peer.js";

const ROOM = "bench";
const MESSAGE = "bench";

class BenchRoom extends Room {
  override maxClients = Number.POSITIVE_INFINITY;
  override maxMessagesPerSecond = Number.POSITIVE_INFINITY;
  override patchRate = null;

  override onCreate({ mode }: { readonly mode: ServerMode }): void {
    this.onMessage(MESSAGE, (client: RoomClient, message: Message) => {
      if (mode === "echo") client.send(MESSAGE, message);
      else this.broadcast(MESSAGE, message);
    });
  }
}

async function serve({ mode }: ServeOptions): Promise<PeerServer> {
  const http = createServer();
  const transport = new WebSocketTransport({ server: http, maxPayload: 16 * 1024 * 1024 });
  const server = new Server({ transport, greet: false, gracefullyShutdown: false });
  server.define(ROOM, BenchRoom, { mode });
  await server.listen(0, "127.0.0.1");
  return {
    port: (http.address() as AddressInfo).port,
    async close() {
      await server.gracefullyShutdown(false);
    },
  };
}

async function connect({ port, onMessage, onFailure }: ConnectOptions): Promise<PeerClient> {
  const room = await new Client(`ws://127.0.0.1:${port}`).joinOrCreate(ROOM);
  let closed = false;
  room.onMessage(MESSAGE, onMessage);
  room.onError((code, message) => onFailure(new Error(`${code}: ${message}`)));
  room.onLeave((code) => {
    if (!closed) onFailure(new Error(`the room was left: ${code}`));
  });
  return {
    send: (message) => room.send(MESSAGE, message),
    close() {
      closed = true;
      void room.leave(false);
    },
  };
}

export const colyseus: Peer = { label: "Colyseus", serve, connect };
