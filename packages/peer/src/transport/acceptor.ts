import type { Address, Config } from "@peng3dnet/protocol";
import type { Logger } from "../base/logger.js";
import type { Clock } from "../time/clock.js";
import type { Transport } from "./transport.js";

/** What an {@link Acceptor} is asked for. No method of it throws. */
export interface ListenRequest {
  /** Address to listen on. */
  readonly address: Address;
  /** The server's options, e.g. those of TLS. */
  readonly cfg: Config;
  readonly clock: Clock;
  readonly logger: Logger;
  /**
   * A client wants in. Calls `open` if it may, and else `refuse`, which breaks it off without a word. Where the application
   * fails after `open`, the transport is destroyed.
   *
   * @param address - the client's, as the `remoteAddress` of its transport will be: limits go by both.
   * @param connected - when the network accepted the connection, by `clock`: the deadline of the handshake counts from there.
   * Default: now.
   */
  offer(address: Address, open: () => Transport, refuse: () => void, connected?: number): void;
  /**
   * A client that wants in has to wait before it is offered. It counts as a connection meanwhile, so that nobody makes others
   * wait without bound. Calls `refuse`, as {@link ListenRequest.offer} does, if there are too many already.
   *
   * @returns ends its waiting: to be called before it is offered, or once it is gone. `undefined` if it was refused.
   */
  wait?(address: Address, refuse: () => void): (() => void) | undefined;
  /**
   * A client was turned away before it could be offered, e.g. for what it asked for. The server tells it by the event `drop`, and
   * counts it in `metrics.rejectedBy`.
   *
   * @param reason - one of `CLOSE_REASONS`; any other one counts as `"other"`.
   */
  refused?(address: Address, reason: string): void;
  /**
   * Code of the application failed, e.g. a function among the options of the acceptor. It is reported as what handlers throw.
   *
   * @param where - what failed, for `handlerError`.
   */
  crashed?(error: unknown, where: string): void;
  /** Something went wrong with listening itself, e.g. the process has no file descriptors left. It goes on. */
  failed(error: Error): void;
  /** Fires when the server is stopped before it listens: `listen` is given up then. */
  readonly signal: AbortSignal;
  /** The packet that closes a connection with a reason, for a client that cannot be served as it came. */
  closingPacket(reason: string): Uint8Array;
}

/** What listens now. */
export interface Listening {
  /** Address that it listens on, with the real port. It may change, where somebody else's server begins to listen later. */
  readonly address: Address;
  /** Accepts no more clients; resolves once the address is free again. */
  close(): Promise<void>;
  /**
   * Reads certificates, key and authorities again, for those who come from now on. Left out where there are none.
   *
   * @throws {@link TlsConfigError} that names the option and the file; the old ones stay in use then.
   */
  reloadCertificates?(): Promise<void>;
}

/** Listens for clients, and hands over a transport for each: the option `acceptor` of a `Server`, or `server.addAcceptor`. */
export interface Acceptor {
  /** @throws {@link ListenError} that names the address, {@link TlsConfigError}. */
  listen(request: ListenRequest): Promise<Listening>;
}
