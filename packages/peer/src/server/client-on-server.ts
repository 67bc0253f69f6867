import type {
  Address,
  AnyPacketDefinition,
  CloseInfo,
  PacketRef,
  SIDE_CLIENT,
  SslSecLevel,
} from "@peng3dnet/protocol";
import type { ConnectionOwner } from "../base/connection-owner.js";
import { type SendOutcome, sendOutcome } from "../base/send-outcome.js";
import { GROUPS } from "../groups/group.js";
import type { GroupMap } from "../groups/group-map.js";
import { groupsOf } from "../groups/group-table.js";
import type { RoundTrip } from "../liveness/round-trip.js";
import type { KnowsPackets, NameSentTo, PayloadOf, SentTo, UntypedPacket } from "../messages/typed-packet.js";
import type { AnsweredBy, RequestAnswer, RequestInput } from "../requests/request-definition.js";
import type { ConnectionHandle } from "../session/connection-handle.js";
import { SESSION, type Session } from "../session/session.js";
import { optional } from "../time/deferred.js";
import type { WaitOptions } from "../time/wait-options.js";
import type { NativeSocket } from "../transport/native-socket.js";
import type { PeerCertificate } from "../transport/peer-certificate.js";
import type { Server } from "./server.js";

/** The connection that a {@link ClientOnServer} stands for. */
export type ClientConnection = ConnectionHandle;

/**
 * Makes the object for a new connection.
 *
 * @reference `clientcls`
 */
export type ClientClass<C extends ClientOnServer = ClientOnServer> = new (
  server: Server,
  conn: ClientConnection,
  addr: Address,
  cid: number,
) => C;

/** What `sendMessage` needs to know of its object; with a property that is always there, since `Pick` takes others away. */
interface Sender<D extends AnyPacketDefinition> extends KnowsPackets<D> {
  readonly sendMessage: unknown;
}

/**
 * A client as the server sees it. Subclass it, override its `on…` methods, and pass the class as `clientcls`.
 *
 * @typeParam Data - what the application knows of a client, see {@link ClientOnServer.data}.
 * @reference `ClientOnServer`
 */
export class ClientOnServer<Data = unknown> implements ConnectionOwner {
  /**
   * Carries the packets whose names {@link ClientOnServer.sendMessage} takes; not there at run time. In handlers it
   * follows from the server's `packets`. For the methods of a class of your own, say
   * `declare readonly "~packets"?: (typeof packets)[number]`.
   */
  declare readonly "~packets"?: AnyPacketDefinition | undefined;
  /** The server. A class for one server class of its own may say `declare readonly server: MyServer`. */
  readonly server: Server;
  /**
   * Who the client is, or whatever else the application knows of it. The library never looks at it, and it is there as
   * long as this object, in `onClose`, the `close` event and a connection type's `closed`, too. Default `undefined`.
   *
   * Its type is that of `clientcls`: `class Player extends ClientOnServer<User> {}`, or without a class of one's own
   * `new Server({ clientcls: ClientOnServer<User> })`.
   */
  data: Data | undefined = undefined;
  /**
   * The connection.
   *
   * @reference `conn`, the socket, which is {@link ClientOnServer.sock} here
   */
  readonly conn: ClientConnection;
  /** The groups that it is in; there once somebody asked, or it was added to one. */
  declare [GROUPS]?: object | undefined;

  constructor(server: Server, conn: ClientConnection, _addr: Address, _cid: number) {
    this.server = server;
    this.conn = conn;
  }

  /** All of the connection, for the server, which hands in its own sessions. @internal */
  get [SESSION](): Session<ClientOnServer> {
    return this.conn as Session<ClientOnServer>;
  }

  /** Id of the client, unique for its server. */
  get cid(): number {
    return this.conn.cid as number;
  }

  /** Address of the client. */
  get addr(): Address {
    return this.conn.remoteAddress;
  }

  /** The socket, or `undefined` for a link in memory. */
  get sock(): NativeSocket | undefined {
    return this.conn.socket;
  }

  /** State of the connection; once active, the application may set `STATE_ACTIVE` to 127. */
  get state(): number {
    return this.conn.state;
  }

  set state(state: number) {
    this.conn.state = state;
  }

  /** Mode of the connection, one of the `MODE_*` constants or the application's own numbers. */
  get mode(): number {
    return this.conn.mode;
  }

  set mode(mode: number) {
    this.conn.mode = mode;
  }

  /** Name of the connection type; `""` until the client has named it. */
  get conntype(): string {
    return this.conn.conntype;
  }

  /** What TLS established. */
  get sslSeclevel(): SslSecLevel {
    return this.conn.sslSeclevel;
  }

  /** The certificate that the client showed; `undefined` without TLS, or if it showed none. */
  get peerCertificate(): PeerCertificate | undefined {
    return this.conn.peerCertificate;
  }

  /**
   * How long heartbeats take, to the client and back: the last one, and the mean. `undefined` until the first was answered, and
   * where the client takes part in none.
   */
  get rtt(): RoundTrip | undefined {
    return this.conn.rtt;
  }

  /** Whether the handshake is complete and the connection open. */
  get active(): boolean {
    return this.conn.active;
  }

  /** Whether its line broke, and its session waits for it to come back (`net.resume.window`). What is sent leaves then. */
  get suspended(): boolean {
    return this.conn.suspended;
  }

  /**
   * The groups that it is in, by name. It goes along with them; empty once its connection is closed. Where a server gave the
   * client, e.g. in handlers, they are typed as those of {@link Server.group}.
   */
  get groups(): GroupMap<ClientOnServer> {
    return groupsOf(this) as GroupMap<ClientOnServer>;
  }

  /** Sends a packet to this client. As `server.sendMessage` with its cid. */
  sendMessage<
    P extends NameSentTo<D, typeof SIDE_CLIENT> | SentTo<typeof SIDE_CLIENT> | UntypedPacket,
    D extends AnyPacketDefinition = AnyPacketDefinition,
  >(this: Sender<D>, ptype: P, data: PayloadOf<D, P>): boolean;
  sendMessage(ptype: PacketRef, data: unknown): boolean {
    return this.server.sendMessage(ptype as string, data, this.cid);
  }

  /** Sends a packet to this client, and tells what became of it. As `server.trySend` with its cid. */
  trySend<
    P extends NameSentTo<D, typeof SIDE_CLIENT> | SentTo<typeof SIDE_CLIENT> | UntypedPacket,
    D extends AnyPacketDefinition = AnyPacketDefinition,
  >(this: Sender<D>, ptype: P, data: PayloadOf<D, P>): SendOutcome;
  trySend(ptype: PacketRef, data: unknown): SendOutcome {
    return sendOutcome(this[SESSION].connection, () => this.sendMessage(ptype as string, data));
  }

  /** Asks this client, and waits for its answer. As `server.request` with its cid. */
  request<R extends AnsweredBy<typeof SIDE_CLIENT>>(
    request: R,
    input: RequestInput<R>,
    options?: WaitOptions,
  ): Promise<RequestAnswer<R>> {
    return this.server.request(request, input, this, options);
  }

  /** Resolves once everything accepted so far is with the kernel. As `server.flush` with its cid. */
  flush(options: WaitOptions = {}): Promise<void> {
    return optional(this.conn.flush(options));
  }

  /**
   * Closes the connection. As `server.closeConnection` with its cid.
   *
   * @reference `close`
   */
  close(reason: string | null = null, options: WaitOptions = {}): Promise<CloseInfo> {
    return optional(closeAsync(this.conn, reason, options));
  }

  /**
   * The connection was accepted; the handshake is still to come.
   *
   * @reference `on_connect`
   */
  onConnect(): void | Promise<void> {}

  /**
   * The handshake is complete. The default sends the event
   * `peng3dnet:server.connection.handshakecomplete`.
   *
   * @reference `on_handshake_complete`
   */
  onHandshakeComplete(): void | Promise<void> {
    this.server.sendEvent("connection.handshakecomplete", { client: this });
  }

  /**
   * A packet was received, and its own handler called.
   *
   * @param ptype - id of the packet type.
   * @param msg - its payload.
   * @reference `on_receive`
   */
  onReceive(_ptype: number, _msg: unknown): void | Promise<void> {}

  /**
   * A packet was accepted for sending.
   *
   * @param ptype - the packet type as the sender gave it.
   * @param msg - its payload.
   * @reference `on_send`
   */
  onSend(_ptype: PacketRef, _msg: unknown): void | Promise<void> {}

  /**
   * The connection is closed. Called once.
   *
   * @param reason - as the closing side gave it; `"socketclose"` if the connection just ended.
   * @reference `on_close`
   */
  onClose(_reason: string | null): void | Promise<void> {}
}

/** Makes a rejection of what a close throws. */
async function closeAsync(
  conn: ClientConnection,
  reason: string | null,
  options: WaitOptions,
): Promise<CloseInfo> {
  return conn.close(reason, options);
}
