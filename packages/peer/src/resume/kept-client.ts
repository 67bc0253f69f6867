import type { Address, PacketRegistry, ResumeTicket } from "@peng3dnet/protocol";
import type { Session } from "../session/session.js";
import type { Transport } from "../transport/transport.js";

/** What a keeper is handed by its client, which alone calls it. */
export const KEEPS: unique symbol = Symbol("peng3dnet.keeps");

/** What a keeper needs of its client. */
export interface KeptClient {
  readonly registry: PacketRegistry;
  /** Of the server. */
  readonly address: Address;
  /** The connection type that it asks for. */
  readonly conntype: string;
  /** The session of the moment. */
  readonly session: Session | undefined;
  /** What that comes back with. */
  readonly ticket: ResumeTicket | undefined;
  /**
   * Makes a session that waits for a line. The client has it once `into` has put into it what was saved, and dials then.
   *
   * @param transport - stands for the line until there is one.
   * @throws what `into` throws; nothing has changed then.
   */
  restore(ticket: ResumeTicket, transport: Transport, into: (session: Session) => void): void;
  /** No other session follows the one of the moment. */
  readonly last: () => void;
}
