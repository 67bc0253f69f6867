import { type Parts, RemoteNode, type Start } from "./remote-node.js";

/** Groups of all other nodes together that are kept, for each that are kept of one. */
const NODES_FULL = 8;

/** How many nodes want to hear each group. */
class Counts {
  readonly #counts = new Map<string, number>();

  has(group: string): boolean {
    return this.#counts.has(group);
  }

  add(groups: Iterable<string>, step: 1 | -1): void {
    for (const group of groups) {
      const count = (this.#counts.get(group) ?? 0) + step;
      if (count === 0) this.#counts.delete(group);
      else this.#counts.set(group, count);
    }
  }
}

/** The other nodes, and what they want to hear. */
export class NodeTable {
  readonly #live = new Map<string, RemoteNode>();
  readonly #lost = new Map<string, RemoteNode>();
  /** How many nodes that are there want to hear of each group. */
  readonly #wanted = new Counts();
  /** How many nodes that are lost want to hear of each group. */
  readonly #wantedByLost = new Counts();
  /** Most groups that are kept of each node. */
  readonly maxGroups: number;
  readonly #maxNodes: number;
  /** Groups of all nodes together, those included of which the parts are coming in. */
  #groups = 0;
  /** How many nodes there are of which it is not known what they want to hear. */
  #uncertain = 0;
  /** How many lost nodes there are of which it is not known what they want to hear. */
  #uncertainOfLost = 0;

  /**
   * @param maxNodes - most other nodes that are there, and most that are lost and of which something is kept.
   * @param maxGroups - most groups that are kept of each, and an eighth of those of all. One with more gets everything.
   */
  constructor(maxNodes: number, maxGroups: number) {
    this.#maxNodes = maxNodes;
    this.maxGroups = maxGroups;
  }

  /** The nodes that are there. */
  get live(): ReadonlyMap<string, RemoteNode> {
    return this.#live;
  }

  /** How many nodes there are of which it is not known what they want to hear. */
  get uncertain(): number {
    return this.#uncertain;
  }

  /** A node that is there. */
  get(id: string): RemoteNode | undefined {
    return this.#live.get(id);
  }

  /** Those that are there, and those that may come back. */
  *all(): IterableIterator<RemoteNode> {
    yield* this.#live.values();
    yield* this.#lost.values();
  }

  /** Whether a node that is there has members of a group, or may have. */
  wants(group: string): boolean {
    return this.#uncertain > 0 || this.#wanted.has(group);
  }

  /** Whether a node wants to know where the sequence of a group is, be it when it comes back. */
  needs(group: string): boolean {
    return this.wants(group) || this.#uncertainOfLost > 0 || this.#wantedByLost.has(group);
  }

  /** A node was heard that is not there. @returns it; `undefined`: there are too many. */
  add(id: string, now: number): RemoteNode | undefined {
    if (this.#live.size >= this.#maxNodes) return undefined;
    const known = this.#lost.get(id);
    if (known !== undefined) this.#forgetLost(known);
    const node = known ?? new RemoteNode(id, now);
    node.lost = false;
    node.heardAt = now;
    node.complete = false;
    node.doubtful = false;
    node.version = -1;
    node.confirmed = -1;
    node.atLastBeat = -1;
    this.#uncertain++;
    // Until it has said anew what it wants to hear, this is kept for the sequences.
    this.#wanted.add(node.groups.keys(), 1);
    this.#groups += node.groups.size;
    this.#live.set(id, node);
    return node;
  }

  /** A node is silent. What is known of it is kept for a while. */
  lose(node: RemoteNode): void {
    this.#takeOut(node);
    node.lost = true;
    if (!isCertain(node)) this.#uncertainOfLost++;
    this.#wantedByLost.add(node.groups.keys(), 1);
    this.#lost.set(node.id, node);
    const [oldest] = this.#lost.values();
    if (this.#lost.size > this.#maxNodes && oldest !== undefined) this.#forgetLost(oldest);
  }

  /** A node has left, or another one has taken its place: it will not come back. */
  forget(id: string): RemoteNode | undefined {
    const lost = this.#lost.get(id);
    if (lost !== undefined) this.#forgetLost(lost);
    const node = this.#live.get(id);
    if (node === undefined) return undefined;
    this.#takeOut(node);
    this.#groups -= node.groups.size;
    return node;
  }

  /** What a node wants to hear begins to come in, in parts. */
  beginParts(node: RemoteNode, version: number): void {
    this.endParts(node);
    node.parts = { version, groups: new Map(), more: false, next: 0 };
  }

  /** A part came. @returns whether it is kept: else there are more groups than may be. */
  addPart({ groups, more }: Parts, starts: ReadonlyMap<string, Start>): boolean {
    // Who has more groups than are kept gets everything: how many more does not matter.
    if (more || groups.size > this.maxGroups || !this.#hasRoom(starts.size)) return false;
    const before = groups.size;
    for (const [group, start] of starts) groups.set(group, start);
    this.#groups += groups.size - before;
    return true;
  }

  /** No more parts come of what a node wants to hear. */
  endParts(node: RemoteNode): void {
    this.#groups -= node.parts?.groups.size ?? 0;
    node.parts = undefined;
  }

  #hasRoom(count: number): boolean {
    return this.#groups + count <= NODES_FULL * this.maxGroups;
  }

  /** A node has said what it wants to hear. @param more - whether there are more groups than these. */
  setGroups(node: RemoteNode, groups: Map<string, Start>, version: number, more = false): void {
    this.#wanted.add(node.groups.keys(), -1);
    this.#groups -= node.groups.size;
    const few = !more && groups.size <= this.maxGroups && this.#hasRoom(groups.size);
    node.groups = few ? groups : new Map();
    this.#groups += node.groups.size;
    this.#wanted.add(node.groups.keys(), 1);
    node.version = version;
    this.#setCertain(node, few, false);
  }

  /** What a node wants to hear has changed. */
  changeGroups(
    node: RemoteNode,
    added: ReadonlyMap<string, Start>,
    removed: readonly string[],
    version: number,
  ): void {
    const { groups } = node;
    const before = groups.size;
    const gone = removed.filter((group) => groups.delete(group));
    this.#wanted.add(gone, -1);
    const come = [...added.keys()].filter((group) => !groups.has(group));
    for (const [group, start] of added) groups.set(group, start);
    this.#wanted.add(come, 1);
    node.version = version;
    this.#groups += groups.size - before;
    if (groups.size > this.maxGroups || !this.#hasRoom(0)) this.setGroups(node, groups, version);
  }

  /** What a node wants to hear is not known any more. It gets everything until it has said so anew. */
  doubt(node: RemoteNode): void {
    node.version = -1;
    this.#setCertain(node, false, false);
  }

  /** What a node wants to hear may have changed unheard. It gets everything until it is known that nothing has, or what. */
  suspect(node: RemoteNode): void {
    this.#setCertain(node, node.complete, true);
  }

  /** What a node wants to hear is what is known. */
  trust(node: RemoteNode): void {
    if (node.doubtful) this.#setCertain(node, node.complete, false);
  }

  #setCertain(node: RemoteNode, complete: boolean, doubtful: boolean): void {
    const before = isCertain(node);
    node.complete = complete;
    node.doubtful = doubtful;
    const after = isCertain(node);
    if (before !== after) this.#uncertain += after ? -1 : 1;
  }

  #takeOut(node: RemoteNode): void {
    this.#live.delete(node.id);
    this.endParts(node);
    this.#wanted.add(node.groups.keys(), -1);
    if (!isCertain(node)) this.#uncertain--;
  }

  #forgetLost(node: RemoteNode): void {
    this.#lost.delete(node.id);
    this.#groups -= node.groups.size;
    if (!isCertain(node)) this.#uncertainOfLost--;
    this.#wantedByLost.add(node.groups.keys(), -1);
  }
}

/** Whether it is known what a node wants to hear. */
function isCertain({ complete, doubtful }: RemoteNode): boolean {
  return complete && !doubtful;
}
