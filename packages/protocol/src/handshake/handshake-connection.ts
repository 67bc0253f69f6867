import type { Peer } from "../connection/peer.js";
import type { PluginConnection } from "../connection/plugin-connection.js";
import type { StateEvent } from "../connection/state.js";
import type { Cid } from "../constants.js";
import type { RegistrySyncOptions } from "../registry/registry-sync.js";
import type { Extensions } from "./extensions.js";
import type { ResumeRequest } from "./resume.js";

/** A connection as the protocol's own packets see it: they move it from state to state. */
export interface HandshakeConnection extends PluginConnection {
  /** The server or client that it belongs to. */
  readonly peer: Peer;
  /** The connection type to ask for, on a client. */
  readonly requestedConntype: string;
  /** How to take over the server's registry; `undefined`: not at all. */
  readonly registrySync: RegistrySyncOptions | undefined;
  /**
   * Checks that an event may happen in the state that the connection is in.
   *
   * @throws {@link UnexpectedPacketError} if not.
   */
  expect(event: StateEvent): void;
  /** Reads what the other side declares of extensions. @throws as `readExtensions`. */
  extensionsOf(ext: unknown): Extensions;
  /** The other side declared these extensions. Called before {@link HandshakeConnection.helloReceived} or `settypeReceived`. */
  extensionsReceived(extensions: Extensions): void;
  /** The hello was received, on a client. Answers it with the connection type. */
  helloReceived(conntype: string): void;
  /**
   * The connection type is known: its own handshake begins.
   *
   * @throws {@link UnknownConnectionTypeError} if the peer has no such type.
   */
  settypeReceived(conntype: string): void;
  /**
   * The client came back for a session, on a server, and asks for no connection type.
   *
   * @throws {@link ResumeError} if nobody knows of sessions here.
   */
  resumeReceived(request: ResumeRequest): void;
  /** The registry was taken over, on a client. Says so to the server; the connection is active then. */
  sendAccept(): void;
  /** The client accepted the registry, on a server. The connection is active then. */
  acceptReceived(): void;
  /** The peer announced that it closes. */
  closeReceived(reason: string | null): void;
}

/** A peer that the protocol's own packets can work for. */
export interface HandshakePeer extends Peer {
  getConnection(cid?: Cid): HandshakeConnection | undefined;
}
