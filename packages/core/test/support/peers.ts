import {
  type Cid,
  Client,
  type ClientEvents,
  type ClientOnServer,
  type ClientOptions,
  type MaybeAsync,
  Packet,
  type PacketRegistry,
  type Peer,
  Server,
  type ServerEvents,
  type ServerOptions,
} from "@peng3dnet/core";
import { track } from "./cleanup.js";

/** Arguments of a server's next event of a kind. */
export function next<C extends ClientOnServer, K extends keyof ServerEvents<C> & string>(
  peer: Server<C>,
  event: K,
): Promise<ServerEvents<C>[K]> {
  return new Promise((resolve) => peer.once(event, (...args) => resolve(args)));
}

/** Arguments of a client's next event of a kind. */
export function nextOf<K extends keyof ClientEvents & string>(
  peer: Client,
  event: K,
): Promise<ClientEvents[K]> {
  return new Promise((resolve) => peer.once(event, (...args) => resolve(args)));
}

/** A packet type made of a function. */
export class FunctionPacket extends Packet {
  readonly #receive: (msg: unknown, cid: Cid) => MaybeAsync;

  constructor(reg: PacketRegistry, peer: Peer, receive: (msg: unknown, cid: Cid) => MaybeAsync) {
    super(reg, peer);
    this.#receive = receive;
  }

  override receive(msg: unknown, cid: Cid): MaybeAsync {
    return this.#receive(msg, cid);
  }
}

/** Registers a packet type that calls a function. */
export function handle(
  peer: { readonly registry: PacketRegistry } & Peer,
  name: string,
  receive: (msg: unknown, cid: Cid) => MaybeAsync = () => {},
): void {
  peer.registry.register(new FunctionPacket(peer.registry, peer, receive), name);
}

/** Registers `test:echo`, which a server sends back as it is. */
export function echo(peer: Peer): void {
  handle(peer, "test:echo", (msg, cid) => {
    if (cid !== null) peer.sendMessage("test:echo", msg, cid);
  });
}

export const LOCAL = "127.0.0.1:0";

export async function startServer<C extends ClientOnServer = ClientOnServer>(
  options: ServerOptions<C> = {},
  setUp: (peer: Server<C>) => void = echo,
): Promise<Server<C>> {
  const server = track(new Server<C>({ addr: LOCAL, ...options }));
  setUp(server);
  await server.start();
  return server;
}

export interface PairOptions<C extends ClientOnServer = ClientOnServer> {
  readonly server?: ServerOptions<C>;
  readonly client?: ClientOptions;
  /** Registers packets with both sides; default {@link echo}. */
  readonly setUp?: (peer: Peer) => void;
  /** Leaves packets for `process()` on these sides. */
  readonly manual?: "server" | "client";
}

export interface Pair<C extends ClientOnServer = ClientOnServer> {
  readonly server: Server<C>;
  readonly client: Client;
  /** The client as the server sees it. */
  readonly remote: C;
}

/** A server and a client that have got through the handshake. */
export async function startPair<C extends ClientOnServer = ClientOnServer>({
  server: serverOptions,
  client: clientOptions,
  setUp = echo,
  manual,
}: PairOptions<C> = {}): Promise<Pair<C>> {
  const server = track(new Server<C>({ addr: LOCAL, ...serverOptions }));
  setUp(server);
  await (manual === "server" ? server.runAsync() : server.start());
  const client = track(new Client({ addr: server.addr, ...clientOptions }));
  setUp(client);
  const accepted = next(server, "handshakecomplete");
  await (manual === "client" ? client.runAsync() : client.start());
  await client.waitForConnection();
  const [remote] = (await accepted) as [C];
  return { server, client, remote };
}

/** A promise and what settles it. */
export function deferred<T = void>(): { readonly promise: Promise<T>; readonly resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

/** Resolves once a function was called `count` times. */
export function countdown(count: number): { readonly done: Promise<void>; readonly hit: () => void } {
  const { promise, resolve } = deferred();
  let left = count;
  return {
    done: promise,
    hit: () => {
      if (--left === 0) resolve();
    },
  };
}
