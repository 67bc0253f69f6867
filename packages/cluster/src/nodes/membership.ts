import type { WaitOptions } from "@peng3dnet/peer";
import { batchesOfGroups, costOfName, roomIn } from "../wire/batches.js";
import type { Message } from "../wire/form.js";
import {
  BEAT,
  BYE,
  type Heard,
  INTEREST,
  LAST,
  MOST_NAMES,
  POSITIONS,
  type Position,
  STATE,
  WANT,
} from "../wire/messages.js";
import { BeatMarks } from "./beat-marks.js";
import { HeardWaits } from "./heard-waits.js";
import type { MembershipHost } from "./membership-host.js";
import type { NodeTable } from "./node-table.js";
import type { RemoteNode, Start } from "./remote-node.js";

/** How often the end of a sequence is told beyond the time after which a silent node is taken for dead. */
const SPARE_BEATS = 2;

/** What `POSITIONS` answer. */
interface Answered {
  /** The version that was known before; -1: it tells of all. */
  readonly base: number;
  readonly version: number;
  readonly part: number;
  readonly more: boolean;
}

/**
 * Who else is there, and who wants to hear which groups.
 *
 * Each node says what it wants to hear, and numbers the changes of that. Whoever has heard a change answers from where on, in
 * each sequence of its own, it will be heard. Beats carry the number, so that whoever has missed a change asks for all of it;
 * whoever lacks an answer says all of it again. So both sides agree in the end, whatever is lost, and until then everything is
 * sent.
 */
export class Membership {
  readonly #host: MembershipHost;
  readonly #table: NodeTable;
  /** Counts the changes of what this node wants to hear. */
  #version = 0;
  #added = new Set<string>();
  #removed = new Set<string>();
  #announcing = false;
  /** Bytes that there are yet in the message that says what has changed. */
  #room = 0;
  #timer: unknown = undefined;
  #tickedAt: number;
  /** Until then, there may be nodes that this one has not heard of. */
  #settlesAt = 0;
  /** Whether there may be sequences that began meanwhile, and that nobody hears. */
  #unswept = false;
  #ended = false;
  readonly #waits: HeardWaits;
  readonly #marks = new BeatMarks();

  constructor(host: MembershipHost, table: NodeTable) {
    this.#host = host;
    this.#table = table;
    this.#waits = new HeardWaits(host.clock);
    this.#tickedAt = host.clock.now();
  }

  /** How many beats the end of a sequence is told. */
  get repeats(): number {
    return Math.ceil(this.#host.timeout / this.#host.interval) + SPARE_BEATS;
  }

  /** Milliseconds until there are no nodes any more that this one may not have heard of; 0: it has heard of all. */
  get untilSettled(): number {
    return Math.max(0, this.#settlesAt - this.#host.clock.now());
  }

  /** Whether there may be nodes that this one has not heard of. */
  get settling(): boolean {
    return this.untilSettled > 0;
  }

  /** Whether another node wants to hear a group, or may want to. */
  wants(group: string): boolean {
    return this.#table.wants(group) || this.settling;
  }

  /** Whether the sequence of a group has to be kept. */
  needs(group: string): boolean {
    return this.#table.needs(group) || this.settling;
  }

  /** Begins: says that this node is there. */
  start(): void {
    this.#settle();
    this.#beat();
    this.#arm();
  }

  /**
   * Ends: says that this node leaves.
   *
   * @param conflict - whether another one speaks under its id. That is to learn so, too, and the others may have missed something: they
   * find out that nobody is there any more.
   */
  end(conflict = false): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#host.clock.clearTimeout(this.#timer);
    if (conflict) this.#beat();
    else {
      // The others forget this node with its farewell: what did not reach them, however long ago, has to be missed before.
      this.#tellLast([...this.#host.allPositions()].filter(([group]) => this.#table.needs(group)));
      this.#host.tellAll(BYE.write({ from: this.#host.id }));
    }
    this.#waits.end();
  }

  /**
   * Resolves once each node that is there now has heard which groups this one has members of now.
   *
   * @throws {@link BusClosedError} if this node leaves before, and as `options` say.
   */
  heardByAll(options: WaitOptions): Promise<void> {
    return this.#waits.wait(this.#table.live.values(), this.#version, options);
  }

  /** The bus is back: what others have said meanwhile was not heard. */
  reconnected(): void {
    for (const node of this.#table.live.values()) this.#table.suspect(node);
    this.#settle();
    this.#beat();
  }

  /** Nodes may have come or gone unheard: each says that it is there within a beat. */
  #settle(): void {
    this.#settlesAt = this.#host.clock.now() + 2000 * this.#host.interval;
    this.#unswept = true;
  }

  // ---- what this node wants to hear ---------------------------------------------------------------

  /** This node has members of a group, and subscribed to its subject. @returns the version that says so. */
  wantGroup(group: string): number {
    this.#makeRoom(this.#added, group);
    this.#added.add(group);
    this.#announceSoon();
    return this.#version + 1;
  }

  /** This node has no members of a group any more. */
  unwantGroup(group: string): void {
    // It may have come and gone within this turn; whoever hears that it is removed need not know it.
    this.#added.delete(group);
    this.#makeRoom(this.#removed, group);
    this.#removed.add(group);
    this.#announceSoon();
  }

  /** Says what has changed if one more does not fit the message that says so: in two, it is less than all that this node wants. */
  #makeRoom(changed: ReadonlySet<string>, group: string): void {
    const cost = costOfName(group);
    if (changed.size >= MOST_NAMES || cost > this.#room) this.#announce();
    this.#room -= cost;
  }

  #announceSoon(): void {
    if (this.#announcing) return;
    this.#announcing = true;
    queueMicrotask(() => {
      this.#announcing = false;
      this.#announce();
    });
  }

  #announce(): void {
    const { id, maxPayload } = this.#host;
    this.#room = roomIn(maxPayload);
    if (this.#ended || this.#added.size + this.#removed.size === 0) return;
    const added = [...this.#added];
    const removed = [...this.#removed];
    this.#added = new Set();
    this.#removed = new Set();
    const base = this.#version++;
    const version = this.#version;
    this.#host.tellAll(INTEREST.write({ from: id, base, version, added, removed }));
  }

  /** Says all that this node wants to hear. */
  #tellState(to: string): void {
    const { id: from, maxPayload } = this.#host;
    const batches = batchesOfGroups(maxPayload, this.#host.groups());
    if (batches.length === 0) batches.push([]);
    const version = this.#version;
    for (const [part, groups] of batches.entries())
      this.#host.tell(to, STATE.write({ from, version, part, parts: batches.length, groups }));
  }

  // ---- beats ----------------------------------------------------------------------------------------

  #arm(): void {
    const { clock, interval } = this.#host;
    this.#timer = clock.setTimeout(() => this.#tick(), interval * 1000);
  }

  #tick(): void {
    if (this.#ended) return;
    this.#arm();
    const { clock, connected } = this.#host;
    const now = clock.now();
    const late = now - this.#tickedAt > 2000 * this.#host.interval;
    this.#tickedAt = now;
    // Whoever stood still, or was cut off, has not heard the others: they have their time from now on.
    if (late || !connected) for (const node of this.#table.live.values()) node.heardAt = now;
    if (!connected) return;
    this.#beat();
    this.#tellLast(this.#host.activePositions().filter(([group]) => this.#table.wants(group)));
    for (const node of [...this.#table.live.values()]) {
      if (this.#ended) return;
      if (now - node.heardAt > this.#host.timeout * 1000) {
        this.#table.lose(node);
        this.#waits.gone(node);
        this.#host.gone(node, false);
        this.#host.wantedLess(undefined);
      }
    }
    if (this.#ended) return;
    this.#sweepOnceSettled();
    this.#host.ticked();
  }

  /** Until it was known who hears what, each group that was sent to began a sequence: those that nobody needs are forgotten. */
  #sweepOnceSettled(): void {
    if (!this.#unswept || this.settling || this.#table.uncertain > 0) return;
    this.#unswept = false;
    this.#host.wantedLess(undefined);
  }

  #beat(): void {
    const { id: from, advertised = null, clients } = this.#host;
    const mark = this.#marks.next();
    this.#host.tellAll(BEAT.write({ from, version: this.#version, advertised, clients, mark }));
  }

  /** Says where sequences are, so that the loss of their last message is noticed, too. */
  #tellLast(all: readonly Position[]): void {
    if (all.length === 0) return;
    const { id: from, maxPayload } = this.#host;
    for (const positions of batchesOfGroups(maxPayload, all))
      this.#host.tellAll(LAST.write({ from, end: false, positions }));
  }

  // ---- what others say --------------------------------------------------------------------------------

  /**
   * A node was heard.
   *
   * @param advertised - where clients reach it, if it has said so just now.
   * @returns it; `undefined`: there are too many, or a listener that was told of it has this node leave.
   */
  heard(id: string, advertised?: string): RemoteNode | undefined {
    const now = this.#host.clock.now();
    const known = this.#table.get(id);
    if (known !== undefined) {
      known.heardAt = now;
      return known;
    }
    const node = this.#table.add(id, now);
    if (node === undefined) {
      this.#host.tooMany(id);
      return undefined;
    }
    node.advertised = advertised;
    this.#tellState(id);
    this.#want(id);
    // Those who look on may have had this node leave, here and below.
    if (this.#ended) return undefined;
    this.#host.joined(node);
    return this.#ended ? undefined : node;
  }

  #want(id: string): void {
    this.#host.tell(id, WANT.write({ from: this.#host.id }));
  }

  /** Takes what says that it is of this node. Most of it came back from the bus. @throws {@link BadDataError} */
  takeOwn(message: Message): void {
    if (message.kind !== BEAT.kind || this.#ended) return;
    const { mark } = BEAT.read(message);
    if (mark !== undefined && !this.#marks.has(mark)) this.#host.conflict();
  }

  /** Takes a message that concerns this. @returns whether it does. @throws {@link BadDataError} */
  take(message: Message): boolean {
    switch (message.kind) {
      case BEAT.kind:
        this.#takeBeat(message);
        return true;
      case INTEREST.kind:
        this.#takeInterest(message);
        return true;
      case STATE.kind:
        this.#takeState(message);
        return true;
      case WANT.kind:
        this.#takeWant(message);
        return true;
      case POSITIONS.kind:
        this.#takePositions(message);
        return true;
      case LAST.kind:
        this.#takeLast(message);
        return true;
      case BYE.kind:
        this.#takeBye(message);
        return true;
      default:
        return false;
    }
  }

  #takeBeat(message: Message): void {
    const { from, version, advertised, clients } = BEAT.read(message);
    const where = advertised ?? undefined;
    const node = this.heard(from, where);
    if (node === undefined) return;
    node.advertised = where;
    node.clients = clients;
    // Else a change of what it wants to hear did not come: it may want to hear what nobody else does.
    if (version === node.version) this.#table.trust(node);
    // A later one than its own was not of it, and would keep all from being heard that it says until then.
    else if (node.complete || version < node.version) this.#table.doubt(node);
    // One that has just come was asked, and what it says now may be under way.
    node.behind = version === node.version ? 0 : node.behind + 1;
    if (node.behind > 1) {
      node.behind = 1;
      this.#want(from);
    }
    // It has heard what was there at its last beat, or has missed it.
    if (node.confirmed < node.atLastBeat) this.#tellState(from);
    node.atLastBeat = this.#version;
  }

  #takeInterest(message: Message): void {
    const { from, base, version, added, removed } = INTEREST.read(message);
    const node = this.heard(from);
    if (node === undefined || version <= node.version) return;
    if (node.version !== base) {
      if (node.complete) this.#want(from);
      this.#table.doubt(node);
      return;
    }
    const starts = new Map(added.map((group) => [group, this.#startOf(group, version)]));
    this.#table.changeGroups(node, starts, removed, version);
    this.#tellPositions(node, starts, { base, version, part: 0, more: false });
    if (removed.length > 0) this.#host.wantedLess(removed);
  }

  #takeState(message: Message): void {
    const { from, version, part, parts, groups } = STATE.read(message);
    const node = this.heard(from);
    if (node === undefined) return;
    // It is known whole, or not at all.
    if (version > node.version) this.#table.doubt(node);
    if (part === 0) this.#table.beginParts(node, version);
    const coming = node.parts;
    if (coming === undefined || coming.version !== version || coming.next !== part) return;
    coming.next++;
    // What it has said before holds on, so that nothing is left out that was to be heard since.
    const starts = new Map(groups.map(([group, since]) => [group, this.#startOf(group, since, node)]));
    if (!this.#table.addPart(coming, starts)) coming.more = true;
    const more = part + 1 < parts;
    this.#tellPositions(node, starts, { base: -1, version, part, more });
    if (more) return;
    this.#table.endParts(node);
    if (version < node.version) return;
    this.#table.setGroups(node, coming.groups, version, coming.more);
    this.#host.wantedLess(undefined);
  }

  /** From where on a node hears a group. @param node - it may have been told. */
  #startOf(group: string, since: number, node?: RemoteNode): Start {
    const known = node?.groups.get(group);
    if (known?.since === since) return known;
    const [, stream, number] = this.#host.positionOf(group);
    return { since, stream, number };
  }

  /** Answers from where on sequences of this node are heard. */
  #tellPositions(node: RemoteNode, starts: ReadonlyMap<string, Start>, answered: Answered): void {
    const positions = [...starts].map(([group, { since, stream: first, number: start }]): Heard => {
      const [, stream, number] = this.#host.positionOf(group);
      // A sequence that began meanwhile is heard from its beginning.
      return [group, since, stream, stream === first ? start : 0, number];
    });
    this.#host.tell(node.id, POSITIONS.write({ from: this.#host.id, ...answered, positions }));
  }

  #takeWant(message: Message): void {
    const { from } = WANT.read(message);
    if (this.heard(from) !== undefined) this.#tellState(from);
  }

  #takePositions(message: Message): void {
    const { from, base, version, part, more, positions } = POSITIONS.read(message);
    const node = this.heard(from);
    if (node === undefined) return;
    for (const heard of positions) this.#host.heardFrom(node, heard);
    // An answer before it, or a part of this one, may have been lost: then all is told again.
    if (part === 0) node.answered = { version, next: 0 };
    const { answered } = node;
    if (version > this.#version) return;
    if (answered?.version !== version || answered.next !== part || base > node.confirmed) return;
    answered.next++;
    if (more) return;
    node.confirmed = Math.max(node.confirmed, version);
    this.#waits.confirmed(node);
  }

  #takeLast(message: Message): void {
    const { from, end, positions } = LAST.read(message);
    const node = this.heard(from);
    if (node === undefined) return;
    for (const position of positions) this.#host.reached(node, position, end);
  }

  #takeBye(message: Message): void {
    const { from } = BYE.read(message);
    const node = this.#table.forget(from);
    if (node === undefined) return;
    this.#waits.gone(node);
    this.#host.gone(node, true);
    this.#host.wantedLess(undefined);
  }
}
