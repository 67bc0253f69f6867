import type { Address, AnyPacketDefinition, CloseInfo } from "@peng3dnet/protocol";
import type { PeerOptions } from "../base/options.js";
import type { PeerEvents } from "../base/peer-base.js";
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
}

/** What a package for one runtime hands in for where an application says nothing. */
export type ServerDefaults = Pick<ServerOptions, "platform" | "acceptor">;

/** Arguments of a server's listeners. */
export interface ServerEvents<C extends ClientOnServer> extends PeerEvents {
  /** A connection was accepted. */
  connection: [client: C];
  /** Its handshake is complete. */
  handshakecomplete: [client: C];
  /** It is closed. Once per connection. */
  close: [client: C, info: CloseInfo];
  /** After `sendMessage` returned false: there is room again. */
  drain: [client: C];
  /** A connection was refused or given up to keep a limit. */
  drop: [info: { readonly addr: Address; readonly reason: string }];
}

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

/** Options of `server.broadcast`. */
export interface BroadcastOptions {
  /** Clients to leave out, by id. */
  readonly except?: number | Iterable<number> | undefined;
}
