import type { AnyPacketDefinition, CloseInfo, OptionNames } from "@peng3dnet/protocol";
import { PEER_OPTIONS } from "../base/known-options.js";
import type { PeerOptions } from "../base/options.js";
import type { PeerEvents } from "../base/peer-base.js";
import type { ResumeOptions } from "../resume/client-resumption.js";
import type { ResumeInfo, SuspendInfo } from "../resume/resume-events.js";
import type { Connector } from "../transport/connector.js";
import type { ReconnectOptions, RetryInfo, SessionInfo } from "./reconnect-options.js";

/** Options of a `Client`. */
export interface ClientOptions<D extends AnyPacketDefinition = AnyPacketDefinition> extends PeerOptions<D> {
  /**
   * Connection type; default `CONNTYPE_CLASSIC`.
   *
   * @reference `conntype`
   */
  readonly conntype?: string | undefined;
  /** What connects. Without one the client has the transport that is given to {@link Client.attach}. */
  readonly connector?: Connector | undefined;
  /**
   * Whether the session outlives a line that breaks, on servers whose `net.resume.window` is above 0: the client connects again,
   * and both sides go on where they were. Default false: the connection is over then.
   */
  readonly resume?: boolean | ResumeOptions | undefined;
  /**
   * Whether the client begins another session when the one before is gone, and tries again where it cannot connect, the first
   * time included. Handlers, answers, iterators and tickers stay; what was under way is lost, as is what the server knew of the
   * client. It ends with {@link Client.close}, {@link Client.stop}, and closes of which {@link isFinalClose} or the option `when`
   * says that they are final. Default false: a client connects once.
   */
  readonly reconnect?: boolean | ReconnectOptions | undefined;
}

/** Names of the options of a client. */
export const CLIENT_OPTIONS: OptionNames<ClientOptions> = {
  ...PEER_OPTIONS,
  conntype: true,
  connector: true,
  resume: true,
  reconnect: true,
};

/** What a package for one runtime hands in for where an application says nothing. */
export interface ClientDefaults extends Pick<ClientOptions, "platform" | "connector"> {
  /** Whether an option that does not exist is refused. Default: unless the object is of a subclass, which may have its own. */
  readonly exact?: boolean | undefined;
}

/** Arguments of a client's listeners. */
export interface ClientEvents extends PeerEvents {
  /** The connection is up; the handshake is still to come. */
  connect: [];
  /** The handshake is complete. */
  handshakecomplete: [];
  /** The connection is closed, and there will be none any more. Once. */
  close: [info: CloseInfo];
  /** A session that was active is gone, and the client tries to begin another one. With the option `reconnect` only. */
  lost: [info: CloseInfo];
  /** The client waits before another attempt to connect. With the option `reconnect` only. */
  retry: [info: RetryInfo];
  /** Another session has taken the place of one that was lost, and is active: the server knows nothing of the one before. */
  session: [info: SessionInfo];
  /** The line broke, and the session waits for another one. With the option `resume` only. */
  suspend: [info: SuspendInfo];
  /** The session goes on: nothing of it was lost. */
  resume: [info: ResumeInfo];
  /** After `sendMessage` returned false: there is room again. */
  drain: [];
}

/** Names of the events of a client. */
export const CLIENT_EVENTS: OptionNames<ClientEvents> = {
  handlerError: true,
  connect: true,
  handshakecomplete: true,
  close: true,
  lost: true,
  retry: true,
  session: true,
  suspend: true,
  resume: true,
  drain: true,
};
