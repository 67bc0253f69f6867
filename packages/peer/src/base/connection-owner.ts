import type { PacketRef } from "@peng3dnet/protocol";
import type { Pausable } from "../session/pausable.js";

/** What a peer calls for one connection: methods of a client on a server, or of the client itself. */
export interface ConnectionOwner {
  /** The connection, once there is one. */
  readonly conn: Pausable | undefined;
  /** A packet was received. */
  onReceive(ptype: number, msg: unknown): void | Promise<void>;
  /** A packet was accepted for sending. */
  onSend(ptype: PacketRef, msg: unknown): void | Promise<void>;
  /** The handshake is complete. */
  onHandshakeComplete(): void | Promise<void>;
  /** The connection is closed. */
  onClose(reason: string | null): void | Promise<void>;
}
