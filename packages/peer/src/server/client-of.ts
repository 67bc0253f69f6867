import type { AnyPacketDefinition } from "@peng3dnet/protocol";
import type { GroupMap } from "../groups/group-map.js";
import type { KnowsPackets } from "../messages/typed-packet.js";
import type { ClientOnServer } from "./client-on-server.js";

/** Says of a client whose groups it is in. Types only: {@link ClientOnServer.groups} does not know its server's type. */
export interface KnowsGroups<C extends ClientOnServer, D extends AnyPacketDefinition> {
  /** The groups that it is in, by name. */
  readonly groups: GroupMap<ClientOf<C, D>, D>;
}

/** The object that stands for a client of a server, as handlers get it. */
// The groups stand first, since the first of two types of a method is the one that is called.
export type ClientOf<C extends ClientOnServer, D extends AnyPacketDefinition> = KnowsGroups<C, D> &
  C &
  KnowsPackets<D>;
