import type { Address, PacketRegistry } from "@peng3dnet/protocol";
import type { ClientResumption } from "../resume/client-resumption.js";
import { KEEPS } from "../resume/kept-client.js";
import type { SessionKeeper } from "../resume/session-keeper.js";
import type { ClientSessions } from "./client-sessions.js";
import type { ToldClient } from "./connecting-client.js";

/** What a keeper needs of a client beside its sessions. */
export interface KeepingClient {
  /** Address of the server. */
  readonly addr: Address;
  readonly registry: PacketRegistry;
}

/** Has a keeper save the sessions of a client, which begins with the one that was saved before, if there is one. */
export function keepSessions<C extends ToldClient & KeepingClient>(
  keeper: SessionKeeper,
  client: C,
  conntype: string,
  sessions: ClientSessions<C>,
  resumption: ClientResumption<C>,
): void {
  sessions.takeSaved = keeper[KEEPS]({
    registry: client.registry,
    get address() {
      return client.addr;
    },
    conntype,
    get session() {
      return sessions.session;
    },
    get ticket() {
      return resumption.ticket;
    },
    restore(ticket, transport, into) {
      const [session, connected] = sessions.restore(transport, into);
      resumption.restore(session, ticket, connected);
    },
    last: () => sessions.last(),
  });
}
