import type { Address, AnyPacketDefinition, CloseInfo, OptionNames } from "@peng3dnet/protocol";
import { PEER_OPTIONS } from "../base/known-options.js";
import type { PeerOptions } from "../base/options.js";
import type { PeerEvents } from "../base/peer-base.js";
import type { Group, GroupBroadcastOptions, Receiver } from "../groups/group.js";
import type { ENCODED, PacketForMany } from "../messages/encoded-packet.js";
import type { ResumeAttempt } from "../resume/resume-admission.js";
import type { ResumeInfo, SuspendInfo } from "../resume/resume-events.js";
import type { Acceptor } from "../transport/acceptor.js";
import type { ClientClass, ClientOnServer } from "./client-on-server.js";

/** Options of a `Server`. */
export interface ServerOptions<
  C extends ClientOnServer = ClientOnServer,
  D extends AnyPacketDefinition = AnyPacketDefinition,
> extends PeerOptions<D> {
  /**
   * Class of the objects that stand for clients; default {@link ClientOnServer}.
   *
   * @reference `clientcls`
   */
  readonly clientcls?: ClientClass<C> | undefined;
  /**
   * Names of the connection types that are served; default: all that are added. A client that asks for another one, or
   * for none where `classic` is not among them, is turned away with `unknownconntype`. That goes for pings, too: list
   * `CONNTYPE_PING` to answer them.
   */
  readonly conntypes?: readonly string[] | undefined;
  /** What listens. Without one the server has the clients that are given to {@link Server.accept}. */
  readonly acceptor?: Acceptor | undefined;
  /**
   * Whether a client may go on with its session, asked each time that one comes back with the right ticket (`net.resume.window`);
   * default: it may. An answer that takes longer than the client's `attemptTimeout`, by default 5 seconds, comes too late. With
   * anything but true the client is told `"resumerefused"`, and its session waits on until its time is over: close the session of
   * somebody who is not to come back. What the function throws goes to `handlerError`, as a TypeError does where the answer is
   * neither true nor false.
   */
  readonly authorizeResume?: ((attempt: ResumeAttempt<C>) => boolean | Promise<boolean>) | undefined;
}

/** Names of the options of a server. */
export const SERVER_OPTIONS: OptionNames<ServerOptions> = {
  ...PEER_OPTIONS,
  clientcls: true,
  conntypes: true,
  acceptor: true,
  authorizeResume: true,
};

/** What a package for one runtime hands in for where an application says nothing. */
export interface ServerDefaults extends Pick<ServerOptions, "platform" | "acceptor"> {
  /** Whether an option that does not exist is refused. Default: unless the object is of a subclass, which may have its own. */
  readonly exact?: boolean | undefined;
}

/** Arguments of a server's listeners. */
export interface ServerEvents<C extends ClientOnServer> extends PeerEvents {
  /** A connection was accepted. */
  connection: [client: C];
  /** Its handshake is complete. */
  handshakecomplete: [client: C];
  /** It is closed. Once per connection. */
  close: [client: C, info: CloseInfo];
  /**
   * A client's line broke, and its session waits for it (`net.resume.window`). Only for clients whose `handshakecomplete` was
   * told: if that comes while the session waits, this follows it.
   */
  suspend: [client: C, info: SuspendInfo];
  /** It came back, and its session goes on: nothing of it was lost. */
  resume: [client: C, info: ResumeInfo];
  /** After `sendMessage` returned false: there is room again. */
  drain: [client: C];
  /** A client has entered a group. */
  groupenter: [client: C, group: Group<C>];
  /** A client has left a group. With its connection it leaves all, before anything is told of the close. */
  groupleave: [client: C, group: Group<C>];
  /** A connection was refused, to keep a limit, for what it asked for or since the server is draining, or given up for a newer one. */
  drop: [info: { readonly addr: Address; readonly reason: string }];
}

/** Names of the events of a server. */
export const SERVER_EVENTS: OptionNames<ServerEvents<ClientOnServer>> = {
  handlerError: true,
  connection: true,
  handshakecomplete: true,
  close: true,
  suspend: true,
  resume: true,
  drain: true,
  groupenter: true,
  groupleave: true,
  drop: true,
};

/** What a shutdown came to. */
export interface ShutdownReport {
  /** Connections whose peer got everything, the reason included. */
  readonly clean: number;
  /** The others. */
  readonly unclean: number;
}

/** Options of `server.shutdown`. */
export interface ShutdownOptions {
  /** Wait until all connections are closed. Default true. */
  readonly join?: boolean | undefined;
  /** Seconds to wait at most, then connections are cut; 0 or `Infinity`: as long as `net.timeout.close` allows. Default 0. */
  readonly timeout?: number | undefined;
  /** Cuts the connections that are left when it fires. */
  readonly signal?: AbortSignal | undefined;
  /** Reason that the clients are told. Default `"servershutdown"`. */
  readonly reason?: string | null | undefined;
}

/** Names of the options of `server.shutdown`. */
export const SHUTDOWN_OPTIONS: OptionNames<ShutdownOptions> = {
  join: true,
  timeout: true,
  signal: true,
  reason: true,
};

/** Options of `server.broadcast`. */
export interface BroadcastOptions extends GroupBroadcastOptions {
  /**
   * The clients that it goes to, by object or id, e.g. a group; default: all. One that is listed twice gets it once, and one
   * that has left is passed by. To list nobody is not the default: `undefined` is refused.
   */
  readonly to?: Iterable<Receiver>;
  /** For clusters: the packet, where it is encoded already. */
  readonly [ENCODED]?: PacketForMany | undefined;
}
