import { type Clock, checkWait } from "@peng3dnet/peer";
import type { BusSubscription } from "../bus/bus.js";
import type { Events } from "../events.js";
import type { Membership } from "../nodes/membership.js";
import type { NodeTable } from "../nodes/node-table.js";
import { LONGEST_DELAY } from "../requests/asked.js";
import type { Message } from "../wire/form.js";
import { PRESENCE, PRESENCE_AT, PRESENT, WATCH, WATCH_ALL } from "../wire/messages.js";
import type { GroupMember, GroupMembers, MemberEvent, MemberListener, MembersOptions } from "./member.js";
import { NodeView } from "./node-view.js";
import { OwnPresence, type OwnPresenceHost } from "./own-presence.js";
import { memberOf, Roster, readPresent } from "./roster.js";

/** Beats without a word after which it is not known any more whether something is missing. */
const FRESH_BEATS = 2.5;
/** Beats that a query waits unless it says otherwise. */
const PATIENCE = 3;

/** What presence needs of its node. */
export interface PresenceHost extends OwnPresenceHost {
  readonly clock: Clock;
  readonly interval: number;
  readonly connected: boolean;
  readonly left: boolean;
  readonly events: Events;
  readonly membership: Membership;
  readonly table: NodeTable;
  /** Tells all nodes. It does not throw. */
  tellAll(message: Uint8Array): void;
  /** Hears what is told to all who watch. @throws {@link BusError} */
  watchPresence(): BusSubscription;
}

/**
 * Who is in the groups that nodes share, on all of them. A node watches from the first time that its program wants to know.
 *
 * It says so with each beat, and whoever hears that for the first time tells it all. From then on there are numbered changes, and
 * with each beat the number of the last one; whoever lacks one asks for all. So what is lost is mended within two beats.
 */
export class Presence {
  readonly own: OwnPresence;
  readonly #node: PresenceHost;
  readonly #limit: number;
  readonly #roster: Roster;
  readonly #views = new Map<string, NodeView>();
  readonly #self: NodeView;
  /** Queries that wait. */
  readonly #waiting = new Set<() => void>();
  #subscription: BusSubscription | undefined = undefined;

  /** @param limit - most members in all groups together that are kept of each other node. */
  constructor(node: PresenceHost, limit: number) {
    this.#node = node;
    this.#limit = limit;
    this.#roster = new Roster((group, event, known) => {
      if (!node.left) node.events.emitMember(group, event, () => memberOf(known));
    });
    this.#self = new NodeView(node.id, this.#roster, Number.POSITIVE_INFINITY);
    this.own = new OwnPresence(node, (present) => {
      if (this.#watching) this.#self.change([present]);
    });
  }

  get #watching(): boolean {
    return this.#subscription !== undefined;
  }

  // ---- for the program ------------------------------------------------------------------------------

  on(group: string, event: MemberEvent, listener: MemberListener): void {
    // First, since whoever is there already has no event.
    this.begin();
    this.#node.events.addFor(group, event, listener);
  }

  /** Begins to watch. */
  begin(): void {
    this.own.flush();
    if (this.#watching || this.#node.left) return;
    this.own.activate();
    this.#self.change([...this.own.all()]);
    this.#subscription = this.#node.watchPresence();
    for (const id of this.#node.table.live.keys()) this.#see(id);
    this.#node.tellAll(WATCH.write({ from: this.#node.id }));
  }

  /** Who is in a group, as far as that is known or becomes known in time. */
  async members(group: string, options: MembersOptions): Promise<GroupMembers> {
    checkWait(options);
    const { interval, clock } = this.#node;
    const seconds = options.timeout ?? PATIENCE * interval;
    this.begin();
    if (seconds > 0 && this.#isWaitedFor()) {
      let timer: unknown;
      await new Promise<void>((resolve) => {
        const goOn = (): void => {
          this.#waiting.delete(goOn);
          resolve();
        };
        this.#waiting.add(goOn);
        if (seconds * 1000 <= LONGEST_DELAY) timer = clock.setTimeout(goOn, seconds * 1000);
      });
      clock.clearTimeout(timer);
    }
    return this.#found(group);
  }

  #found(group: string): GroupMembers {
    const { id, left, connected, server } = this.#node;
    const members: GroupMember[] = [];
    if (left || this.#node.isShared(group))
      for (const client of server.group(group))
        members.push(memberOf(readPresent(id, this.own.presentOf(client))));
    if (left) return { members, incomplete: [] };
    for (const known of this.#roster.of(group)) if (known.node !== id) members.push(memberOf(known));
    const incomplete = [...this.#views.values()].filter(
      (view) => view.more || !connected || !this.#isFresh(view),
    );
    return { members, incomplete: incomplete.map(({ node }) => node) };
  }

  #isFresh({ version, confirmedAt }: NodeView): boolean {
    const { clock, interval } = this.#node;
    return version >= 0 && clock.now() - confirmedAt <= FRESH_BEATS * 1000 * interval;
  }

  /** Whether more may become known shortly. */
  #isWaitedFor(): boolean {
    const { left, connected, membership } = this.#node;
    if (left || !connected) return false;
    return membership.settling || [...this.#views.values()].some((view) => !this.#isFresh(view));
  }

  #look(): void {
    // What is waited for is the same for all, who may be thousands.
    if (this.#waiting.size === 0 || this.#isWaitedFor()) return;
    for (const goOn of [...this.#waiting]) goOn();
  }

  // ---- what others say --------------------------------------------------------------------------------

  /** Takes a message that concerns this. @returns whether it does. @throws {@link BadDataError} */
  take(message: Message): boolean {
    switch (message.kind) {
      case WATCH.kind:
        this.#takeWatch(WATCH.read(message).from, false);
        return true;
      case WATCH_ALL.kind:
        this.#takeWatch(WATCH_ALL.read(message).from, true);
        return true;
      case PRESENT.kind:
        this.#takePresent(message);
        return true;
      case PRESENCE.kind:
        this.#takePresence(message);
        return true;
      case PRESENCE_AT.kind:
        this.#takeAt(message);
        return true;
      default:
        return false;
    }
  }

  #takeWatch(from: string, all: boolean): void {
    if (this.#node.membership.heard(from) !== undefined) this.own.watchedBy(from, all);
  }

  /** What is known of the clients of a node that was heard; `undefined`: this node does not watch. */
  #viewOf(from: string): NodeView | undefined {
    if (this.#node.membership.heard(from) === undefined) return undefined;
    return this.#views.get(from);
  }

  #takePresent(message: Message): void {
    const { from, version, part, parts, present } = PRESENT.read(message);
    const view = this.#viewOf(from);
    if (view === undefined || version < view.version) return;
    if (view.part(version, part, parts, present)) this.#confirm(view);
  }

  #takePresence(message: Message): void {
    const { from, base, version, present } = PRESENCE.read(message);
    const view = this.#viewOf(from);
    if (view === undefined || version <= view.version) return;
    if (base !== view.version) {
      this.#lacks(view);
      return;
    }
    view.change(present);
    view.version = version;
    this.#confirm(view);
  }

  #takeAt(message: Message): void {
    const { from, version } = PRESENCE_AT.read(message);
    const view = this.#viewOf(from);
    if (view === undefined) return;
    if (version === view.version) this.#confirm(view);
    else this.#lacks(view);
  }

  #confirm(view: NodeView): void {
    view.confirmedAt = this.#node.clock.now();
    this.#look();
  }

  /** Something is missing: asks for all, once a beat. */
  #lacks(view: NodeView): void {
    view.version = -1;
    if (view.asked) return;
    view.asked = true;
    this.#node.tell(view.node, WATCH_ALL.write({ from: this.#node.id }));
  }

  #see(id: string): void {
    this.#views.set(id, new NodeView(id, this.#roster, this.#limit));
  }

  // ---- nodes ------------------------------------------------------------------------------------------

  /** Another node is there. */
  joined(id: string): void {
    if (!this.#watching) return;
    this.#see(id);
    const view = this.#views.get(id);
    if (view !== undefined) this.#lacks(view);
  }

  /** Another node is not there any more: its members leave. */
  gone(id: string): void {
    this.own.gone(id);
    const view = this.#views.get(id);
    this.#views.delete(id);
    view?.clear();
    this.#look();
  }

  /** The bus is away, or back: something may be missing. */
  interrupted(): void {
    for (const view of this.#views.values()) view.confirmedAt = Number.NEGATIVE_INFINITY;
    this.#look();
  }

  /** A beat is over. */
  ticked(): void {
    this.own.ticked();
    if (!this.#watching) return;
    this.#node.tellAll(WATCH.write({ from: this.#node.id }));
    for (const view of this.#views.values()) {
      view.asked = false;
      if (view.lacks || !this.#isFresh(view)) this.#lacks(view);
    }
    this.#look();
  }

  /** This node leaves. */
  end(): void {
    this.own.end();
    this.#subscription?.unsubscribe();
    this.#subscription = undefined;
    this.#views.clear();
    this.#look();
  }
}
