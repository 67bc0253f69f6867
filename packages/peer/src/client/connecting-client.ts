import type { ConnectionOwner } from "../base/connection-owner.js";
import type { Session } from "../session/session.js";
import type { Transport } from "../transport/transport.js";

/** What its sessions do with a client, by methods that are not for everybody. The same for all clients. */
export interface ClientAccess<C extends ToldClient> {
  /** `onReceive` as it is where no subclass overrides it. */
  readonly plain: C["onReceive"];
  /** Makes the session for a transport. */
  create(client: C, transport: Transport): Session<C>;
  /** @throws {@link InvalidStateError} if the client was stopped. */
  checkNotStopped(client: C): void;
}

/** What a client is told of by methods of its own, beside what every owner of a connection is. */
export interface ToldClient extends ConnectionOwner {
  onConnect(): void | Promise<void>;
  sendEvent(event: string, data?: Readonly<Record<string, unknown>>): void;
}
