import type { ConnectionOwner } from "../base/connection-owner.js";
import type { Session } from "../session/session.js";
import type { Transport } from "../transport/transport.js";
import type { Dialling } from "./dialling.js";

/** What its sessions need of a client. */
export interface ConnectingClient<C> {
  readonly client: C;
  readonly dialling: Dialling;
  /** Makes the session for a transport. */
  create(transport: Transport): Session<C>;
  /** @throws {@link InvalidStateError} if the client was stopped. */
  checkNotStopped(): void;
}

/** What a client is told of by methods of its own, beside what every owner of a connection is. */
export interface ToldClient extends ConnectionOwner {
  onConnect(): void | Promise<void>;
  sendEvent(event: string, data?: Readonly<Record<string, unknown>>): void;
}
