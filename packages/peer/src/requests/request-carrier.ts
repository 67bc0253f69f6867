import type { Connection } from "@peng3dnet/protocol";
import type { ConnectionHandle } from "../session/connection-handle.js";
import type { HoldingLimits } from "./handlers-hold.js";

/** What requests need of the session that they go over. */
export interface RequestCarrier extends ConnectionHandle {
  readonly connection: Connection;
  /** Whom the handler is told as the client. */
  readonly owner: unknown;
  readonly options: HoldingLimits & {
    /** `net.limits.requests` */
    readonly maxRequests: number;
  };
  /** Bytes handed to the transport. */
  readonly bytesOut: number;
  /** Bytes accepted for sending, those handed to the transport included. */
  readonly bytesAccepted: number;
  /** Packets received that nothing handled. */
  unhandled: number;
  /** Numbers of it are about to change, such as how many requests are under way. */
  changes(): void;
  /** More is unsent than the high-water mark. */
  noteHighWater(): void;
  /** Counts a packet that was dropped. */
  ignored(message: string, why: string, packet?: string): void;
}

/** Sends a packet of a request. @throws as `sendMessage`. */
export function sendBody(session: RequestCarrier, name: string, body: readonly unknown[]): void {
  if (!session.connection.send(name, body)) session.noteHighWater();
}
