import { type Cid, MODE_CHAT, MODE_NOTSET, type Peer, SIDE_SERVER, SmartPacket } from "@peng3dnet/core";

/** Carries a {@link Line} to the server and a {@link ChatMessage} to clients. Needs `MODE_CHAT`. */
export const MESSAGE = "chat:message";
/** Carries a {@link Join} to the server, and takes both sides from `MODE_NOTSET` to `MODE_CHAT`. */
export const JOIN = "chat:join";

/** How a client enters the chat. */
export interface Join {
  readonly nickname: string;
}

/** What a client says: a message, or a command if it begins with a slash. */
export interface Line {
  readonly message: string;
  /** Seconds since 1970 by the client's clock. The server does not rely on it. */
  readonly timestamp: number;
}

/** What a client gets to read. */
export interface ChatMessage {
  readonly message: string;
  /** Whom it comes from. */
  readonly origin: string;
  /** Whether the server itself says it. */
  readonly internal: boolean;
  /** Whether nobody else gets it. */
  readonly private: boolean;
  /** Seconds since 1970 by the server's clock. */
  readonly timestamp: number;
}

/** Makes a payload of what a peer sent, which may be anything; `undefined` if it cannot be one. */
export type Read<Payload> = (msg: unknown) => Payload | undefined;
/** Is handed each payload that could be read. */
export type Handle<Payload> = (payload: Payload, cid: Cid) => void;

export const readJoin: Read<Join> = (msg) => {
  const { nickname } = fields(msg);
  return typeof nickname === "string" ? { nickname } : undefined;
};

export const readLine: Read<Line> = (msg) => {
  const { message, timestamp } = fields(msg);
  return typeof message === "string" ? { message, timestamp: seconds(timestamp) } : undefined;
};

export const readChatMessage: Read<ChatMessage> = (msg) => {
  const { message, origin, internal, private: personal, timestamp } = fields(msg);
  if (typeof message !== "string") return undefined;
  return {
    message,
    origin: typeof origin === "string" ? origin : "",
    internal: internal === true,
    private: personal === true,
    timestamp: seconds(timestamp),
  };
};

function fields(msg: unknown): Readonly<Record<string, unknown>> {
  return typeof msg === "object" && msg !== null ? (msg as Record<string, unknown>) : {};
}

/** A time that a `Date` can show; the present, if it is none. */
function seconds(timestamp: unknown): number {
  return typeof timestamp === "number" && Math.abs(timestamp) < 8.64e12 ? timestamp : now();
}

/** Seconds since 1970. */
export function now(): number {
  return Date.now() / 1000;
}

/** A packet that is read before anybody sees it, and dropped if it cannot be. */
abstract class ChatPacket<Payload> extends SmartPacket {
  readonly #read: Read<Payload>;
  readonly #handle: Handle<Payload>;

  constructor(peer: Peer, read: Read<Payload>, handle: Handle<Payload>) {
    super(peer.registry, peer);
    this.#read = read;
    this.#handle = handle;
  }

  override receive(msg: unknown, cid: Cid): void {
    const payload = this.#read(msg);
    if (payload !== undefined) this.#handle(payload, cid);
  }
}

class MessagePacket<Payload> extends ChatPacket<Payload> {
  override readonly mode = MODE_CHAT;
}

class JoinPacket extends ChatPacket<Join> {
  override readonly mode = MODE_NOTSET;
  override readonly side = SIDE_SERVER;
}

/** A server or client, as far as it takes packets. */
interface PacketPeer extends Peer {
  registerPacket(name: string, packet: SmartPacket): number;
}

/** Registers the packets of a server. Every peer of this application does it in the same order. */
export function registerServerPackets(server: PacketPeer, onLine: Handle<Line>, onJoin: Handle<Join>): void {
  server.registerPacket(MESSAGE, new MessagePacket(server, readLine, onLine));
  server.registerPacket(JOIN, new JoinPacket(server, readJoin, onJoin));
}

/** Registers the packets of a client. */
export function registerClientPackets(client: PacketPeer, onMessage: Handle<ChatMessage>): void {
  client.registerPacket(MESSAGE, new MessagePacket(client, readChatMessage, onMessage));
  // Only servers receive it.
  client.registerPacket(JOIN, new JoinPacket(client, readJoin, () => {}));
}
