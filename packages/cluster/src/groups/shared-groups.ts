import {
  type ClientOnServer,
  type ClusterHost,
  ENCODED,
  type Group,
  type PacketRef,
  type Receiver,
  type Server,
  type SharedPacket,
} from "@peng3dnet/peer";
import type { BusSubscription } from "../bus/bus.js";
import type { Counters } from "../metrics.js";
import type { Membership } from "../nodes/membership.js";
import type { RemoteNode } from "../nodes/remote-node.js";
import type { GroupMembers, MemberEvent, MemberListener, MembersOptions } from "../presence/member.js";
import type { Message } from "../wire/form.js";
import { GROUP_MESSAGE, type Heard, type Position, type Wanted } from "../wire/messages.js";
import type { ClusterBroadcastOptions, ClusterGroupStore } from "./cluster-group.js";
import { exceptionsHere, readExceptions } from "./exceptions.js";
import { Incoming } from "./incoming.js";
import type { Outgoing } from "./outgoing.js";

/** What groups need of their node. */
export interface SharedGroupsHost {
  readonly id: string;
  readonly server: Server<ClientOnServer>;
  readonly host: ClusterHost;
  readonly counters: Counters;
  readonly membership: Membership;
  readonly outgoing: Outgoing;
  /** Whether this node has left: groups are those of the server alone then. */
  readonly left: boolean;
  /** Hears what is sent to a group. @throws {@link BusError} */
  subscribe(group: string): BusSubscription;
  /** Publishes to a group. @throws {@link BusError} */
  publish(group: string, message: Uint8Array): void;
  /** Something is missing. */
  gap(group: string, from: string, missed: number | undefined): void;
  /** Nodes share a group from now on; it may have members of this one already. */
  shares(group: string): void;
  /** A client has left a group that nodes share. */
  memberLeft(client: ClientOnServer): void;
  /** Calls a listener when a client of any node has entered or left a group, or has another presence. */
  onMember(group: string, event: MemberEvent, listener: MemberListener): void;
  offMember(group: string, event: MemberEvent, listener: MemberListener): void;
  /** Who is in a group, on all nodes. */
  members(group: string, options: MembersOptions): Promise<GroupMembers>;
  /** A message cannot be passed on. */
  refused(error: unknown, packet: string): void;
}

/** A group that has members here and that other nodes reach. */
interface Shared {
  /** The version of what this node wants to hear from which on it is in there. */
  readonly since: number;
  readonly subscription: BusSubscription;
}

/** The groups of a server that other nodes reach. Nothing is kept of one that has no members any more. */
export class SharedGroups implements ClusterGroupStore<ClientOnServer> {
  readonly #node: SharedGroupsHost;
  readonly #shared = new Map<string, Shared>();
  /** The nodes of which sequences are kept. */
  readonly #nodes: () => Iterable<RemoteNode>;
  readonly #stopListening: () => void;

  constructor(node: SharedGroupsHost, nodes: () => Iterable<RemoteNode>) {
    this.#node = node;
    this.#nodes = nodes;
    const left = (client: ClientOnServer, { name }: { readonly name: string }): void => {
      if (!this.#shared.has(name)) return;
      node.memberLeft(client);
      this.#check(name);
    };
    node.server.on("groupleave", left);
    this.#stopListening = () => void node.server.off("groupleave", left);
  }

  /** How many there are. */
  get size(): number {
    return this.#shared.size;
  }

  /** Their names, each with the version of what this node wants to hear from which on it is among it. */
  *wanted(): IterableIterator<Wanted> {
    for (const [name, { since }] of this.#shared) yield [name, since];
  }

  has(name: string): boolean {
    return this.#shared.has(name);
  }

  /** Hears nothing any more. */
  end(): void {
    this.#stopListening();
    for (const { subscription } of this.#shared.values()) subscription.unsubscribe();
    this.#shared.clear();
  }

  // ---- members --------------------------------------------------------------------------------------

  local(name: string): Group<ClientOnServer> {
    return this.#node.server.group(name);
  }

  add(name: string, client: Receiver): boolean {
    // First: where the bus does not take that, nobody has entered.
    this.#share(name);
    try {
      return this.local(name).add(client);
    } finally {
      this.#check(name);
    }
  }

  #share(name: string): void {
    const { left, membership } = this.#node;
    if (left || this.#shared.has(name)) return;
    const subscription = this.#node.subscribe(name);
    this.#shared.set(name, { subscription, since: membership.wantGroup(name) });
    this.#node.shares(name);
  }

  /** Nobody may be in there any more. */
  #check(name: string): void {
    const shared = this.#shared.get(name);
    if (shared === undefined || this.local(name).size > 0) return;
    this.#shared.delete(name);
    shared.subscription.unsubscribe();
    for (const { incoming } of this.#nodes()) incoming.delete(name);
    this.#node.membership.unwantGroup(name);
  }

  members(name: string, options: MembersOptions): Promise<GroupMembers> {
    return this.#node.members(name, options);
  }

  on(name: string, event: MemberEvent, listener: MemberListener): void {
    this.#node.onMember(name, event, listener);
  }

  off(name: string, event: MemberEvent, listener: MemberListener): void {
    this.#node.offMember(name, event, listener);
  }

  // ---- out --------------------------------------------------------------------------------------------

  broadcast(name: string, ptype: PacketRef, data: unknown, { except }: ClusterBroadcastOptions): number {
    const { id, host, server, left } = this.#node;
    const { here, elsewhere, groups } = readExceptions(except, id);
    const to = this.local(name);
    const leaveOut = here.length === 0 ? undefined : host.exceptions(here);
    if (left || !this.#node.membership.wants(name)) {
      const count = server.broadcast(ptype as number, data, { to, except: leaveOut });
      // Whoever may come back is to know what it has missed.
      this.#node.outgoing.count(name, 0);
      this.#node.counters.broadcastsKept++;
      return count;
    }
    const packet = host.encode(ptype, data);
    this.#publish(name, packet, elsewhere, groups);
    return server.broadcast(ptype as number, data, { to, except: leaveOut, [ENCODED]: packet.packets });
  }

  #publish(group: string, packet: SharedPacket, except: string[], exceptGroups: string[]): void {
    const { id: from, outgoing, counters, membership } = this.#node;
    const [, stream, number] = outgoing.next(group);
    const { name, body } = packet;
    const { flags, bytes } = body;
    this.#node.publish(
      group,
      GROUP_MESSAGE.write({ from, stream, number, name, flags, except, exceptGroups }, bytes),
    );
    outgoing.count(group, membership.repeats);
    counters.broadcastsOut++;
  }

  // ---- in ---------------------------------------------------------------------------------------------

  /** A message to a group came. @returns whether it is one. @throws {@link BadDataError} */
  take(group: string, message: Message): boolean {
    if (message.kind !== GROUP_MESSAGE.kind) return false;
    this.#take(group, message);
    return true;
  }

  #take(group: string, message: Message): void {
    const { id, membership, counters } = this.#node;
    const { from, stream, number, name, flags, except, exceptGroups } = GROUP_MESSAGE.read(message);
    const node = membership.heard(from);
    if (node === undefined || !this.#shared.has(group)) return;
    const sequence = node.incoming.get(group);
    if (sequence === undefined) node.incoming.set(group, Incoming.early(stream, number));
    else {
      const missing = sequence.message(stream, number);
      if (missing === -1) {
        counters.duplicates++;
        return;
      }
      this.#missing(group, from, missing);
    }
    counters.broadcastsIn++;
    const leaveOut: Receiver[] = exceptionsHere(except, id);
    // One that is named a thousand times is left out once.
    for (const other of new Set(exceptGroups)) for (const member of this.local(other)) leaveOut.push(member);
    this.#deliver(group, name, { flags, bytes: message.bytes }, leaveOut);
  }

  #deliver(group: string, name: string, body: SharedPacket["body"], except: Receiver[]): void {
    const { host, server } = this.#node;
    try {
      const { data, packets } = host.forward(name, body);
      server.broadcast(name, data, {
        to: this.local(group),
        except: except.length === 0 ? undefined : except,
        [ENCODED]: packets,
      });
    } catch (error) {
      this.#node.refused(error, name);
    }
  }

  /** From where on this node hears all of a sequence of another one. */
  heardFrom(node: RemoteNode, [group, since, stream, start, number]: Heard): void {
    // It may be the answer to members that were there before.
    if (this.#shared.get(group)?.since !== since) return;
    let sequence = node.incoming.get(group);
    if (sequence === undefined) {
      sequence = Incoming.from(stream, start);
      node.incoming.set(group, sequence);
    }
    this.#missing(group, node.id, sequence.heardFrom(stream, start, number));
  }

  /** A sequence of another node has got to here. */
  reached(node: RemoteNode, [group, stream, number]: Position, end: boolean): void {
    const sequence = node.incoming.get(group);
    // Where nothing has come yet, the other node is about to say from where on all is heard.
    if (sequence === undefined || sequence.first > 0 || !this.#shared.has(group)) return;
    const missing = sequence.reached(stream, number);
    if (missing !== -1) this.#missing(group, node.id, missing);
    if (end && stream === sequence.stream) sequence.ended = true;
  }

  #missing(group: string, from: string, missing: number | undefined): void {
    if (missing !== 0) this.#node.gap(group, from, missing);
  }
}
