import {
  CLUSTER_HOST,
  type ClientOnServer,
  type ClusterHost,
  describeError,
  ENCODED,
  type NodeCensus,
  type Server,
} from "@peng3dnet/peer";
import type { Bus, BusSubscription } from "./bus/bus.js";
import { Events } from "./events.js";
import { Outgoing } from "./groups/outgoing.js";
import { SharedGroups, type SharedGroupsHost } from "./groups/shared-groups.js";
import { Link } from "./link.js";
import { Counters } from "./metrics.js";
import { Membership } from "./nodes/membership.js";
import type { MembershipHost } from "./nodes/membership-host.js";
import { NodeConflictError } from "./nodes/node-errors.js";
import { NodePlaces, type NodePlacesHost } from "./nodes/node-places.js";
import { NodeTable } from "./nodes/node-table.js";
import type { RemoteNode } from "./nodes/remote-node.js";
import { NodeObservation } from "./observing/node-observation.js";
import type { ClusterSettings } from "./options.js";
import type { GroupMembers, MemberEvent, MemberListener, MembersOptions } from "./presence/member.js";
import { Presence, type PresenceHost } from "./presence/presence.js";
import { Asked, type AskedHost } from "./requests/asked.js";
import { Served, type ServedHost } from "./requests/served.js";
import { batchesOfGroups } from "./wire/batches.js";
import type { Message } from "./wire/form.js";
import {
  ANSWER,
  GIVE_UP,
  type Heard,
  LAST,
  MOST_NAMES,
  type Position,
  PROBE,
  SEND,
  type Wanted,
} from "./wire/messages.js";
import type { Subjects } from "./wire/names.js";

/** What a node is made of. */
export interface NodeParts {
  readonly id: string;
  readonly server: Server<ClientOnServer>;
  readonly bus: Bus;
  readonly subjects: Subjects;
  readonly settings: ClusterSettings;
}

const NONE: ReadonlyMap<string, RemoteNode> = new Map();

/** The inside of a node: brings its parts together. Each part sees of it what its own interface says. */
export class NodeCore
  implements MembershipHost, SharedGroupsHost, PresenceHost, AskedHost, ServedHost, NodePlacesHost
{
  readonly id: string;
  readonly server: Server<ClientOnServer>;
  readonly host: ClusterHost;
  readonly counters = new Counters();
  readonly observation: NodeObservation;
  readonly events: Events;
  readonly table: NodeTable;
  readonly membership: Membership;
  readonly outgoing: Outgoing;
  readonly shared: SharedGroups;
  readonly presence: Presence;
  readonly asked: Asked;
  readonly served: Served;
  readonly advertised: string | undefined;
  readonly interval: number;
  readonly timeout: number;
  readonly maxRequests: number;
  /** Whether it has left. */
  left = false;
  /** Why it has, where another node has its id. */
  conflicting: NodeConflictError | undefined = undefined;
  readonly #bus: Bus;
  readonly #link: Link;
  readonly #subjects: Subjects;
  readonly #subscriptions: BusSubscription[] = [];
  readonly #takenBack: (() => void)[] = [];
  readonly #places: NodePlaces;
  /** Sequences that have ended, and that is not said yet. */
  #ended: Position[] = [];
  #ending: Promise<void> | undefined = undefined;
  /** Whether it has said farewell: whatever it said behind that, the others would take for its return. */
  #silent = false;

  constructor({ id, server, bus, subjects, settings }: NodeParts) {
    const { advertised, redirect, interval, timeout, maxNodes, maxGroups, maxMembers, maxRequests } =
      settings;
    this.id = id;
    this.server = server;
    this.host = server[CLUSTER_HOST];
    this.advertised = advertised;
    this.interval = interval;
    this.timeout = timeout;
    this.maxRequests = maxRequests;
    this.#bus = bus;
    this.#subjects = subjects;
    this.observation = new NodeObservation(id, this.host);
    this.#link = new Link(id, bus, this.counters, this.host.guard, this.observation);
    this.events = new Events(this.host.guard);
    this.table = new NodeTable(maxNodes, maxGroups);
    this.membership = new Membership(this, this.table);
    this.outgoing = new Outgoing(maxGroups, (position) => {
      if (this.table.wants(position[0])) this.#ended.push(position);
      if (this.#ended.length >= MOST_NAMES) this.#tellEnded();
    });
    this.shared = new SharedGroups(this, () => this.table.all());
    this.presence = new Presence(this, maxMembers);
    this.asked = new Asked(this, maxRequests, Math.ceil(timeout / interval));
    this.served = new Served(this);
    this.#places = new NodePlaces(this, redirect);
  }

  get clock(): ClusterHost["clock"] {
    return this.host.clock;
  }

  get connected(): boolean {
    return this.#bus.connected;
  }

  get maxPayload(): number {
    return this.#bus.maxPayload;
  }

  /** The other nodes that are there. Who has left hears of none any more. */
  get others(): ReadonlyMap<string, RemoteNode> {
    return this.left ? NONE : this.table.live;
  }

  /** What there is, and what was counted. */
  census(): NodeCensus {
    const { asked, served, others, shared, left } = this;
    const { gaps, missed } = this.counters;
    return {
      nodes: others.size,
      groups: shared.size,
      connected: left ? undefined : this.connected,
      gaps,
      missed,
      asked: asked.size,
      answering: served.size,
    };
  }

  // ---- beginning and end --------------------------------------------------------------------------

  /** Hears the others, and says that it is there. @throws {@link BusError} */
  start(): void {
    const { all } = this.#subjects;
    this.#subscriptions.push(
      this.#link.subscribe(
        all,
        (message) => this.membership.take(message) || this.presence.take(message),
        (message) => this.membership.takeOwn(message),
      ),
      this.#link.subscribe(this.#subjects.node(this.id), (message) => this.#takeOwn(message)),
    );
    this.#takenBack.push(
      this.#bus.watch((state, { unconfirmed }) => {
        this.observation.busChanged(state, unconfirmed);
        this.presence.interrupted();
        if (state === "connected") this.membership.reconnected();
        else if (state === "closed") void this.leave();
      }),
      this.host.onStop(() => void this.leave()),
      this.host.resumeAmong(this.#places),
    );
    this.membership.start();
  }

  /** Leaves the cluster. Further calls return the first one's promise, which never rejects. */
  leave(conflict = false): Promise<void> {
    this.#ending ??= this.#leave(conflict);
    return this.#ending;
  }

  /** As {@link ClusterNode.flush}, which each caller waits for with its own patience. */
  async flush(signal: AbortSignal): Promise<void> {
    await this.#bus.flush({ signal });
    await this.membership.heardByAll({ signal });
  }

  async #leave(conflict: boolean): Promise<void> {
    this.left = true;
    this.membership.end(conflict);
    this.#silent = true;
    this.#places.end();
    this.presence.end();
    this.shared.end();
    this.asked.end();
    this.served.end();
    for (const subscription of this.#subscriptions) subscription.unsubscribe();
    for (const takeBack of this.#takenBack) this.host.guard.run("leave", takeBack);
    try {
      await this.#bus.close();
    } catch (error) {
      this.host.guard.failed(error, "leave");
    }
  }

  // ---- for its parts: out -----------------------------------------------------------------------------

  tellAll(message: Uint8Array): void {
    if (this.#silent) return;
    this.#tellEnded();
    this.#link.tell(this.#subjects.all, message);
  }

  tell(node: string, message: Uint8Array): void {
    if (this.#silent) return;
    this.#tellEnded();
    this.#link.tell(this.#subjects.node(node), message);
  }

  /** Publishes to a node. @throws {@link BusError} */
  publishTo(node: string, message: Uint8Array): void {
    this.#link.publish(this.#subjects.node(node), message);
  }

  /** Says which sequences have ended: together, and before what is said of those that took their place. */
  #tellEnded(): void {
    if (this.#ended.length === 0) return;
    const ended = this.#ended;
    this.#ended = [];
    for (const positions of batchesOfGroups(this.maxPayload, ended))
      this.#link.tell(this.#subjects.all, LAST.write({ from: this.id, end: true, positions }));
  }

  publish(group: string, message: Uint8Array): void {
    this.#tellEnded();
    this.#link.publish(this.#subjects.group(group), message);
  }

  tellWatchers(message: Uint8Array): void {
    if (this.#silent) return;
    this.#link.tell(this.#subjects.presence, message);
  }

  watchPresence(): BusSubscription {
    return this.#link.subscribe(this.#subjects.presence, (message) => this.presence.take(message));
  }

  subscribe(group: string): BusSubscription {
    return this.#link.subscribe(this.#subjects.group(group), (message) => this.shared.take(group, message));
  }

  giveUp(node: string, id: number): void {
    this.tell(node, GIVE_UP.write({ from: this.id, id }));
  }

  probe(node: string, id: number): void {
    this.tell(node, PROBE.write({ from: this.id, id }));
  }

  refused(error: unknown, what: string): void {
    this.#link.refused(error, what);
  }

  // ---- for its parts: in ------------------------------------------------------------------------------

  /** Takes a message to this node. @returns whether it is one. */
  #takeOwn(message: Message): boolean {
    if (this.membership.take(message) || this.presence.take(message) || this.served.take(message))
      return true;
    if (message.kind === ANSWER.kind) this.#takeAnswer(message);
    else if (message.kind === SEND.kind) this.#takeSend(message);
    else return false;
    return true;
  }

  #takeAnswer(message: Message): void {
    const { from, id, outcome, code, message: text, flags } = ANSWER.read(message);
    if (this.membership.heard(from) === undefined) return;
    // One that nobody waits for any more is late.
    this.asked.take(from, id, {
      outcome: outcome as "failed",
      code,
      message: text,
      body: { flags, bytes: message.bytes },
    });
  }

  #takeSend(message: Message): void {
    const { from, cid, name, flags } = SEND.read(message);
    if (this.membership.heard(from) === undefined) return;
    try {
      const { data, packets } = this.host.forward(name, { flags, bytes: message.bytes });
      this.server.broadcast(name, data, { to: [cid], [ENCODED]: packets });
    } catch (error) {
      this.refused(error, name);
    }
  }

  // ---- for its parts: presence ------------------------------------------------------------------------

  /** How many clients this node has whose handshake is complete. */
  get clients(): number {
    let count = 0;
    for (const { active, suspended } of this.server.clients.values()) if (active || suspended) count++;
    return count;
  }

  isShared(group: string): boolean {
    return this.shared.has(group);
  }

  *sharedGroups(): IterableIterator<string> {
    for (const [group] of this.shared.wanted()) yield group;
  }

  shares(group: string): void {
    this.presence.own.shared(group);
  }

  memberLeft(client: ClientOnServer): void {
    this.presence.own.memberLeft(client);
  }

  onMember(group: string, event: MemberEvent, listener: MemberListener): void {
    this.presence.on(group, event, listener);
  }

  offMember(group: string, event: MemberEvent, listener: MemberListener): void {
    this.events.removeFor(group, event, listener);
  }

  members(group: string, options: MembersOptions): Promise<GroupMembers> {
    const promise = this.presence.members(group, options);
    promise.catch(() => {});
    return promise;
  }

  // ---- for its parts: nodes and sequences --------------------------------------------------------------

  groups(): Iterable<Wanted> {
    return this.shared.wanted();
  }

  positionOf(group: string): Position {
    return this.outgoing.positionOf(group);
  }

  activePositions(): Position[] {
    return this.outgoing.active();
  }

  allPositions(): Iterable<Position> {
    return this.outgoing.all();
  }

  heardFrom(node: RemoteNode, heard: Heard): void {
    this.shared.heardFrom(node, heard);
  }

  reached(node: RemoteNode, position: Position, end: boolean): void {
    this.shared.reached(node, position, end);
  }

  wantedLess(groups: readonly string[] | undefined): void {
    this.outgoing.sweep(groups, (group) => this.membership.needs(group));
  }

  gap(group: string, from: string, missed: number | undefined): void {
    this.counters.gaps++;
    this.counters.missed += missed ?? 0;
    this.observation.gap(group, missed, from);
    // Here and below, whoever was told may have had this node leave.
    if (!this.left) this.events.emit("gap", { group, from, missed });
  }

  joined({ id, name, advertised, clients }: RemoteNode): void {
    this.observation.joined(id);
    this.presence.joined(id);
    if (this.left) return;
    this.events.emit("nodejoin", { id, name, advertised, clients });
  }

  gone(node: RemoteNode, left: boolean): void {
    this.asked.gone(node, left);
    this.served.gone(node);
    const { id, name, advertised, clients } = node;
    const info = { id, name, advertised, clients };
    this.observation.gone(id, !left);
    this.presence.gone(id);
    if (this.left) return;
    this.events.emit("nodeleave", info, { lost: !left });
    if (!left) this.events.emit("nodelost", info);
  }

  conflict(): void {
    if (this.left) return;
    const error = new NodeConflictError(
      `another node speaks under the id of this one, ${this.id}, as where a process was copied while it ran; this one has left the cluster: call joinCluster again, which gives it an id of its own`,
    );
    this.host.logger.error(`cluster: ${describeError(error)}`);
    this.conflicting = error;
    void this.leave(true);
    this.events.emit("conflict", error);
  }

  tooMany(id: string): void {
    this.refused(new Error("there are more nodes than the option maxNodes allows"), `node ${id}`);
  }

  nodes(): Iterable<RemoteNode> {
    return this.table.live.values();
  }

  get untilSettled(): number {
    return this.membership.untilSettled;
  }

  isThere(node: string): boolean | undefined {
    if (this.left) return false;
    if (this.table.get(node) !== undefined) return true;
    return this.membership.settling ? undefined : false;
  }

  ticked(): void {
    this.observation.ticked();
    this.asked.ticked();
    this.presence.ticked();
  }
}
