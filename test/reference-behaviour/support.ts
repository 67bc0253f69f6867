import { Client, type ClientOnServer, type ClientOptions, Server, type ServerOptions } from "@peng3dnet/core";
import { track } from "../../packages/core/test/support/cleanup.js";
import { echo, LOCAL, next } from "../../packages/core/test/support/peers.js";
import { RawPeer } from "../../packages/core/test/support/raw-peer.js";
import { packet, value } from "../../packages/core/test/support/wire.js";

/** For each row that says "same": what shows it. */
export type Checks = Readonly<Record<string, () => void | Promise<void>>>;

/** A peer of either side that is not started. */
export function makePeers(options: ServerOptions & ClientOptions = {}): readonly [Server, Client] {
  return [track(new Server({ addr: LOCAL, ...options })), track(new Client({ addr: LOCAL, ...options }))];
}

/** The id that the first packet of an application gets. */
export const FIRST = 64;

/** A bare socket that has got through the handshake of a server, and the client as that sees it. */
export async function enter(
  server: Server,
): Promise<{ readonly peer: RawPeer; readonly remote: ClientOnServer }> {
  const reached = next(server, "handshakecomplete");
  const peer = await RawPeer.activeClient(server.addr);
  const [remote] = await reached;
  return { peer, remote };
}

/** A bare socket that has the hello of a server, and the client as that sees it. */
export async function greet(
  server: Server,
): Promise<{ readonly peer: RawPeer; readonly remote: ClientOnServer }> {
  const reached = next(server, "connection");
  const peer = await RawPeer.connect(server.addr);
  await peer.packet();
  const [remote] = await reached;
  return { peer, remote };
}

/** A server with `test:echo` that listens. */
export async function serve(options: ServerOptions = {}): Promise<Server> {
  const server = track(new Server({ addr: LOCAL, ...options }));
  echo(server);
  await server.start();
  return server;
}

/** What a server answers on `test:echo`, its first packet: comes behind everything that came before. */
export async function echoed(peer: RawPeer, msg: unknown): Promise<unknown> {
  peer.write(packet(FIRST, msg));
  return value(await peer.packet());
}

/** Collects events. */
export function recorder() {
  const events: (readonly [name: string, data: Readonly<Record<string, unknown>>])[] = [];
  return {
    events,
    sendEvent(name: string, data: Readonly<Record<string, unknown>>): void {
      events.push([name, data]);
    },
  };
}
