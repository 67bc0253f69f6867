import type { ClientOnServer, ClusterHost, Group, Server } from "@peng3dnet/peer";
import { costOfName, roomIn } from "../wire/batches.js";
import {
  LONGEST_PRESENCE,
  MOST_NAMES,
  MOST_PRESENT,
  PRESENCE,
  PRESENCE_AT,
  PRESENT,
  type Present,
} from "../wire/messages.js";
import { cidOf } from "../wire/names.js";
import { encodePresence } from "./payload.js";

/** Bytes of groups and presences that go into one message, unless one client has more. */
const MESSAGE_BYTES = 64 * 1024;
/** Elements that go into one message. */
const MESSAGE_ELEMENTS = 8192;
/** Bytes of a client beside its presence and groups. */
const CLIENT_BYTES = 24;
const EMPTY = new Uint8Array(0);

/** What the presence of this node's clients needs of the node. */
export interface OwnPresenceHost {
  readonly id: string;
  readonly server: Server<ClientOnServer>;
  readonly host: ClusterHost;
  /** The longest message that the bus takes now, in bytes. */
  readonly maxPayload: number;
  /** Whether nodes share a group. */
  isShared(group: string): boolean;
  /** The names of the groups that nodes share. */
  sharedGroups(): Iterable<string>;
  /** Tells a node. It does not throw. */
  tell(node: string, message: Uint8Array): void;
  /** Tells all who watch. It does not throw. */
  tellWatchers(message: Uint8Array): void;
}

/**
 * The presence of this node's clients: in which of the groups that nodes share they are, and what is said of them. Nothing is told
 * while nobody watches.
 *
 * Changes are numbered, so that whoever misses one asks for all.
 */
export class OwnPresence {
  readonly #node: OwnPresenceHost;
  /** This node watches itself, and is told of changes. */
  readonly #changed: (present: Present) => void;
  readonly #presences = new WeakMap<ClientOnServer, Uint8Array>();
  readonly #watchers = new Set<string>();
  /** Those who were told all since the last beat, and those who are to be told it at the next one. */
  #told = new Set<string>();
  #asked = new Set<string>();
  #version = 0;
  #changes = new Map<number, ClientOnServer>();
  #announcing = false;
  /** Those of which this node is still to be told; `undefined`: it is not being told. */
  #telling: Present[] | undefined = undefined;
  #active = false;
  #ended = false;

  constructor(node: OwnPresenceHost, changed: (present: Present) => void) {
    this.#node = node;
    this.#changed = changed;
  }

  /** Sets what is said of a client. @returns whether it is there. @throws EncodeError, TypeError. */
  set(client: ClientOnServer | number, value: unknown): boolean {
    const bytes = encodePresence(value);
    const cid = cidOf(client);
    const found = this.#node.server.clients.get(cid);
    if (found === undefined || (typeof client !== "number" && found !== client)) return false;
    this.#presences.set(found, bytes);
    this.#mark(found);
    return true;
  }

  /** What is to be told of a client. */
  presentOf(client: ClientOnServer): Present {
    const groups: string[] = [];
    let left = roomIn(this.#node.maxPayload) - LONGEST_PRESENCE;
    for (const name of client.groups.keys()) {
      if (!this.#node.isShared(name)) continue;
      left -= costOfName(name);
      if (groups.length < MOST_NAMES && left >= 0) {
        groups.push(name);
        continue;
      }
      this.#node.host.guard.notice(
        `cluster: a client is in more than ${groups.length} groups that nodes share; other nodes know of ${groups.length}, as many as one message holds; add clients to groups of the server instead where other nodes need not know`,
        "cluster presence",
      );
      break;
    }
    return [client.cid, this.#presences.get(client) ?? EMPTY, groups];
  }

  /** All that is to be told. */
  *all(): IterableIterator<Present> {
    const clients = new Set<ClientOnServer>();
    for (const name of this.#node.sharedGroups())
      for (const client of this.#node.server.group(name)) clients.add(client);
    for (const client of clients) yield this.presentOf(client);
  }

  // ---- changes --------------------------------------------------------------------------------------

  /** Somebody watches, on this node or elsewhere: notes changes from now on. */
  activate(): void {
    if (this.#active || this.#ended) return;
    this.#active = true;
    this.#node.server.on("groupenter", this.#entered);
  }

  /** This node is to hear others in a group that may have members already. */
  shared(group: string): void {
    if (this.#active) for (const client of this.#node.server.group(group)) this.#mark(client);
  }

  readonly #entered = (client: ClientOnServer, { name }: Group<ClientOnServer>): void => {
    if (this.#node.isShared(name)) this.#mark(client);
  };

  /** A client has left a group that nodes share. */
  memberLeft(client: ClientOnServer): void {
    this.#mark(client);
  }

  #mark(client: ClientOnServer): void {
    if (!this.#active) return;
    this.#changes.set(client.cid, client);
    if (this.#announcing) return;
    this.#announcing = true;
    queueMicrotask(() => this.flush());
  }

  /** Tells what has changed in this turn. */
  flush(): void {
    this.#announcing = false;
    if (this.#changes.size === 0 || this.#ended) return;
    const present = [...this.#changes.values()].map((client) => this.presentOf(client));
    this.#changes = new Map();
    if (this.#watchers.size > 0) {
      for (const some of batches(present, this.#node.maxPayload)) {
        const base = this.#version++;
        const version = this.#version;
        this.#node.tellWatchers(PRESENCE.write({ from: this.#node.id, base, version, present: some }));
      }
    }
    this.#tellOwn(present);
  }

  /** Tells this node, in order: a listener that looks who is there has what it changed told behind what came before. */
  #tellOwn(present: readonly Present[]): void {
    if (this.#telling !== undefined) {
      for (const one of present) this.#telling.push(one);
      return;
    }
    this.#telling = [...present];
    try {
      for (const one of this.#telling) this.#changed(one);
    } finally {
      this.#telling = undefined;
    }
  }

  // ---- those who watch ------------------------------------------------------------------------------

  /** Another node watches. @param all - it lacks something. */
  watchedBy(node: string, all: boolean): void {
    const known = this.#watchers.has(node);
    if (known && !all) return;
    this.activate();
    // What was before is told by the state. What happened while nobody watched has no number.
    this.flush();
    if (this.#watchers.size === 0) this.#version++;
    this.#watchers.add(node);
    // Who asks all the time is answered once each beat.
    if (this.#told.has(node)) this.#asked.add(node);
    else this.#tellAll(node);
  }

  #tellAll(to: string): void {
    this.#told.add(to);
    const parts = [...batches(this.all(), this.#node.maxPayload)];
    if (parts.length === 0) parts.push([]);
    for (const [part, some] of parts.entries()) {
      const { id: from } = this.#node;
      this.#node.tell(
        to,
        PRESENT.write({ from, version: this.#version, part, parts: parts.length, present: some }),
      );
    }
  }

  /** A beat is over. */
  ticked(): void {
    this.flush();
    const asked = this.#asked;
    this.#told = new Set();
    this.#asked = new Set();
    for (const node of asked) this.#tellAll(node);
    if (this.#watchers.size > 0)
      this.#node.tellWatchers(PRESENCE_AT.write({ from: this.#node.id, version: this.#version }));
  }

  /** Another node is not there any more. */
  gone(node: string): void {
    this.#watchers.delete(node);
    this.#asked.delete(node);
    this.#told.delete(node);
  }

  end(): void {
    this.#ended = true;
    // What is said of clients from now on is told to nobody.
    this.#active = false;
    this.#watchers.clear();
    this.#changes.clear();
    this.#node.server.off("groupenter", this.#entered);
  }
}

/** Divides what is told into messages of bounded size. */
function* batches(all: Iterable<Present>, maxPayload: number): IterableIterator<Present[]> {
  const most = Math.min(MESSAGE_BYTES, roomIn(maxPayload));
  let batch: Present[] = [];
  let bytes = 0;
  let elements = 0;
  for (const one of all) {
    const [, presence, groups] = one;
    const cost = presence.length + groups.reduce((sum, name) => sum + costOfName(name), 0);
    const more = 5 + groups.length;
    const full = batch.length >= MOST_PRESENT || bytes + cost > most || elements + more > MESSAGE_ELEMENTS;
    if (batch.length > 0 && full) {
      yield batch;
      batch = [];
      bytes = 0;
      elements = 0;
    }
    batch.push(one);
    bytes += cost + CLIENT_BYTES;
    elements += more;
  }
  if (batch.length > 0) yield batch;
}
