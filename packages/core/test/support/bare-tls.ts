// TLS peers that are bare sockets of Node.

import { type AddressInfo, connect as connectTcp } from "node:net";
import { type ConnectionOptions, connect, createServer, type TLSSocket, type TlsOptions } from "node:tls";
import type { Address } from "@peng3dnet/core";
import { trackNetServer, trackSocket } from "./cleanup.js";
import { RawPeer } from "./raw-peer.js";

export interface BareTlsServer {
  readonly addr: Address;
  /** The next connection whose TLS handshake is complete. */
  accepted(): Promise<{ readonly socket: TLSSocket; readonly peer: RawPeer }>;
}

/** A TLS server that speaks nothing by itself. */
export async function bareTlsServer(options: TlsOptions): Promise<BareTlsServer> {
  const ready: TLSSocket[] = [];
  const waiting: ((socket: TLSSocket) => void)[] = [];
  const server = trackNetServer(
    createServer({ ...options, allowHalfOpen: true }, (socket) => {
      const next = waiting.shift();
      if (next === undefined) ready.push(socket);
      else next(socket);
    }),
  );
  server.on("connection", trackSocket);
  server.on("tlsClientError", () => {});
  await new Promise<void>((listening) => server.listen({ host: "127.0.0.1", port: 0 }, listening));
  const { port } = server.address() as AddressInfo;
  return {
    addr: ["localhost", port],
    accepted: async () => {
      const socket = ready.shift() ?? (await new Promise<TLSSocket>((resolve) => waiting.push(resolve)));
      return { socket, peer: new RawPeer(socket) };
    },
  };
}

/** A TLS connection that speaks nothing by itself, once its handshake is complete. */
export async function bareTlsClient(
  [host, port]: Address,
  options: ConnectionOptions = {},
): Promise<{ readonly socket: TLSSocket; readonly peer: RawPeer }> {
  const raw = connectTcp({ host, port, allowHalfOpen: true });
  await new Promise<void>((connected, failed) => {
    raw.once("connect", connected);
    raw.once("error", failed);
  });
  const socket = connect({ servername: "localhost", ...options, socket: raw });
  const peer = new RawPeer(socket);
  await new Promise<void>((secure, failed) => {
    socket.once("secureConnect", secure);
    socket.once("error", failed);
  });
  return { socket, peer };
}
