import type { Config } from "../config/config.js";
import type { Cid, Side } from "../constants.js";
import type { Packet } from "../packets/packet.js";
import type { AnyPacketDefinition } from "../packets/packet-definition.js";
import type { PacketRegistry } from "../registry/packet-registry.js";
import type { ConnectionHooks } from "./connection-hooks.js";
import type { PluginConnection } from "./plugin-connection.js";

/**
 * A packet type by name, id, object or definition.
 *
 * @reference `ptype`
 */
export type PacketRef = string | number | Packet | AnyPacketDefinition;

/** How a connection ended. */
export interface CloseInfo {
  /**
   * Reason given by whichever side closed, `"socketclose"` if none could be.
   *
   * @reference `reason`
   */
  readonly reason: string | null;
  /** What went wrong, if anything did. */
  readonly error: Error | undefined;
  /**
   * Whether everything accepted was handed over and both sides ended their stream in order: on the side that closed,
   * the peer did so in answer to the reason; on the other side, the peer announced its close.
   */
  readonly clean: boolean;
}

/**
 * A server or client as packets and connection types see it. `Server` and `Client` of `@peng3dnet/peer`
 * implement it; a plugin needs nothing else.
 */
export interface Peer {
  /** Which side of its connections this is. */
  readonly side: Side;
  /** The packet types that it knows. */
  readonly registry: PacketRegistry;
  /** Its options. */
  readonly cfg: Config;
  /** Whether a server lets nobody in any more, while those who are there may stay. Left out: it lets clients in. */
  readonly draining?: boolean | undefined;

  /**
   * Sends a packet.
   *
   * @param cid - the client to send to, on a server; `null` or left out on a client.
   * @returns false past the high-water mark, when the sender should wait for `drain`, or if the packet was dropped, as it
   * says.
   * @throws {@link NotRegisteredError}, {@link EncodeError}, {@link PacketTooLargeError},
   * {@link ConnectionClosedError}, {@link InvalidStateError}, {@link SmartPacketInvalidError}; nothing has been sent then.
   */
  sendMessage(ptype: PacketRef, data: unknown, cid?: Cid): boolean;

  /** Closes a connection: what was accepted is delivered, then the reason. Resolves when it is closed. */
  closeConnection(cid?: Cid, reason?: string | null): Promise<CloseInfo>;

  /**
   * A connection.
   *
   * @param cid - the client whose connection it is, on a server; `null` or left out on a client, which has one.
   * @returns `undefined` if it is closed, or there is none.
   */
  getConnection(cid?: Cid): PluginConnection | undefined;

  /** Prints a line for whoever runs the program. */
  print?(...values: unknown[]): void;

  /** A connection type by name. */
  getConnType(name: string): ConnectionHooks | undefined;
}
