/** peng3dnet as its users run it: packet types and hooks of their own, limits on, the default config. */
import {
  type Cid,
  Client,
  ClientOnServer,
  type ClientOptions,
  type ConfigOverrides,
  type EngineLike,
  type Group,
  type PacketRegistry,
  Server,
  type ServerOptions,
  SmartPacket,
} from "@peng3dnet/core";
import type {
  ConnectOptions,
  Message,
  Peer,
  PeerClient,
  PeerOptions,
  PeerServer,
  ServeOptions,
} from "../peer.js";

const MESSAGE = "bench:message";
/** Cells with thousands of connections or packet types need more room than the defaults give. */
const ROOM = 16 * 1024;

/** What differs between the variants. */
export interface OursVariant {
  readonly tls?: boolean;
  /**
   * Over WebSocket, with frames of our own on the client's side (`"own"`), or with the connector for browsers and the class of `ws`.
   * Default: over TCP.
   */
  readonly webSocket?: "own" | "ws";
  /** Whether an event bus is attached, to which nobody listens. */
  readonly events?: boolean;
  /** Whether connections outlive their transports. */
  readonly resume?: boolean;
  /** Whom a broadcast names. Default: nobody, it is for all. */
  readonly receivers?: "group" | "list";
}

class EchoPacket extends SmartPacket<Message> {
  override receive(message: Message, cid: Cid): void {
    this.peer.sendMessage(MESSAGE, message, cid);
  }
}

class BroadcastPacket extends SmartPacket<Message> {
  constructor(
    reg: PacketRegistry,
    private readonly server: Server<CountingClientOnServer>,
  ) {
    super(reg, server);
  }

  override receive(message: Message): void {
    this.server.broadcast(MESSAGE, message);
  }
}

class AnswerPacket extends SmartPacket<Message> {
  constructor(
    reg: PacketRegistry,
    client: Client,
    private readonly onMessage: (message: Message) => void,
  ) {
    super(reg, client);
  }

  override receive(message: Message): void {
    this.onMessage(message);
  }
}

/** The same to the clients that it names, which are all that there are. */
class NamingPacket extends SmartPacket<Message> {
  private readonly players: CountingClientOnServer[] = [];
  private readonly everybody: Group<CountingClientOnServer>;

  constructor(
    reg: PacketRegistry,
    private readonly server: Server<CountingClientOnServer>,
    private readonly receivers: "group" | "list",
  ) {
    super(reg, server);
    this.everybody = server.group("everybody");
    server.on("handshakecomplete", (client) => {
      this.everybody.add(client);
      this.players.push(client);
    });
  }

  override receive(message: Message): void {
    if (this.receivers === "group") this.everybody.broadcast(MESSAGE, message);
    else this.server.broadcast(MESSAGE, message, { to: this.players });
  }
}

/** Registered beside the packet in use. */
class OtherPacket extends SmartPacket {}

class CountingClientOnServer extends ClientOnServer {
  received = 0;

  override onReceive(): void {
    this.received++;
  }
}

class CountingClient extends Client {
  received = 0;

  override onReceive(): void {
    this.received++;
  }
}

function register(
  peer: Server<CountingClientOnServer> | Client,
  packet: SmartPacket<Message>,
  { registered }: PeerOptions,
): void {
  peer.registerPacket(MESSAGE, packet);
  for (let index = 0; index < registered; index++) {
    peer.registerPacket(`bench:other.${index}`, new OtherPacket(peer.registry, peer));
  }
}

/** A bus that nobody listens to. */
async function emptyBus(): Promise<EngineLike> {
  const { HeadlessPeng } = await import("@peng3dnet/peng3d-events");
  return new HeadlessPeng();
}

/** What both sides are given. */
async function common(
  variant: OursVariant,
  { compress }: PeerOptions,
  tls: ConfigOverrides,
): Promise<Pick<ClientOptions, "cfg" | "peng">> {
  return {
    cfg: {
      // No peer compresses unless the cell asks for it; it concerns bodies of more than 8 KiB only.
      "net.compress.enabled": compress,
      "net.limits.connections": ROOM,
      "net.limits.connections.address": ROOM,
      // A busy machine is slow to let thousands in that come at once, and that is what is measured.
      "net.timeout.handshake": 120,
      "net.limits.pending": ROOM,
      "net.limits.pending.address": ROOM,
      "net.limits.registry.names": ROOM,
      ...(variant.resume && { "net.resume.window": 30 }),
      ...(variant.tls && { "net.ssl.enabled": true, ...tls }),
    },
    peng: variant.events ? await emptyBus() : undefined,
  };
}

/** How the server listens; nothing: as it does by default. */
async function acceptor({ webSocket }: OursVariant): Promise<Pick<ServerOptions, "acceptor">> {
  if (webSocket === undefined) return {};
  const { webSocketAcceptor } = await import("@peng3dnet/websocket");
  // A page that is measured comes from another port.
  return { acceptor: webSocketAcceptor({ origins: "*" }) };
}

/** How the client connects: by the `Client` of Node either way, which polls. */
async function connector(
  { webSocket }: OursVariant,
  port: number,
): Promise<Pick<ClientOptions, "connector">> {
  if (webSocket === undefined) return {};
  const url = `ws://127.0.0.1:${port}`;
  if (webSocket === "own") {
    const { webSocketConnector } = await import("@peng3dnet/websocket");
    return { connector: webSocketConnector(url) };
  }
  const { webSocketConnector } = await import("@peng3dnet/browser");
  const { WebSocket } = await import("ws");
  return { connector: webSocketConnector(url, { WebSocket }) };
}

/** Outside of any handler, where the library would guard it: the process fails. */
function failProcess(error: unknown): void {
  process.nextTick(() => {
    throw error;
  });
}

function answering(
  server: Server<CountingClientOnServer>,
  { mode }: ServeOptions,
  { receivers }: OursVariant,
): SmartPacket<Message> {
  if (mode === "echo") return new EchoPacket(server.registry, server);
  if (receivers === undefined) return new BroadcastPacket(server.registry, server);
  return new NamingPacket(server.registry, server, receivers);
}

async function serve(options: ServeOptions, variant: OursVariant): Promise<PeerServer> {
  const { key = null, cert = null } = options.credentials ?? {};
  const server = new Server({
    ...(await common(variant, options, {
      "net.ssl.server.key": key,
      "net.ssl.server.cert": cert,
      "net.ssl.server.force_verify": false,
    })),
    ...(await acceptor(variant)),
    addr: "127.0.0.1:0",
    clientcls: CountingClientOnServer,
  });
  register(server, answering(server, options, variant), options);
  server.on("handlerError", failProcess);
  await server.start();
  return {
    port: server.addr[1],
    async close() {
      server.stop();
      await server.join();
    },
  };
}

async function connect(options: ConnectOptions, variant: OursVariant): Promise<PeerClient> {
  const { cert = null } = options.credentials ?? {};
  const client = new CountingClient({
    ...(await common(variant, options, { "net.ssl.ca": cert })),
    ...(await connector(variant, options.port)),
    addr: ["127.0.0.1", options.port],
    resume: variant.resume ?? false,
  });
  register(client, new AnswerPacket(client.registry, client, options.onMessage), options);
  let closed = false;
  client.on("handlerError", (error) => options.onFailure(error as Error));
  client.on("close", ({ reason, error }) => {
    if (!closed) options.onFailure(error ?? new Error(`the connection was closed: ${reason}`));
  });
  await client.start();
  return {
    send: (message) => void client.sendMessage(MESSAGE, message),
    close() {
      closed = true;
      client.stop();
    },
  };
}

export function ours(label: string, variant: OursVariant = {}): Peer {
  return {
    label,
    tls: variant.tls ?? false,
    serve: (options) => serve(options, variant),
    connect: (options) => connect(options, variant),
  };
}
