import type { Attributes } from "@opentelemetry/api";
import type { NodeCensus } from "@peng3dnet/peer";
import { PacketCounts } from "./packet-counts.js";
import { checkNew } from "./series.js";

/** More kinds of messages than there are. */
const KINDS = 20;

/** What nodes have together. */
export interface NodeSum {
  nodes: number;
  groups: number;
  connected: number;
  disconnected: number;
  gaps: number;
  missed: number;
  asked: number;
  answering: number;
}

/** A node that is looked at. */
export interface NodeSource {
  readonly peer: object;
  census(): NodeCensus;
  /** What it had counted before. */
  readonly before: NodeCensus;
}

/** The nodes whose metrics have the same attributes: they are told as one. */
export class NodeSeries {
  readonly attributes: Attributes;
  /** Messages of the bus by kind: those that came count as received, those that were published as sent. */
  readonly messages: PacketCounts = new PacketCounts();
  readonly #sources = new Map<object, NodeSource>();
  /** What those counted that are looked at no more. */
  readonly #past = { gaps: 0, missed: 0 };

  constructor(attributes: Attributes) {
    this.attributes = attributes;
    this.messages.allow(KINDS);
  }

  /** @throws InvalidStateError for a node that is looked at already. */
  checkNew(node: object): void {
    checkNew(this.#sources, node);
  }

  add(source: NodeSource): void {
    // Where nobody collects, as without an SDK, nothing else would let go of those that have left.
    for (const known of this.#sources.values())
      if (known.census().connected === undefined) this.remove(known);
    this.#sources.set(source.peer, source);
  }

  /** A node is looked at no more; what it counted stays counted. */
  remove(source: NodeSource): void {
    if (!this.#sources.delete(source.peer)) return;
    const now = source.census();
    this.#past.gaps += now.gaps - source.before.gaps;
    this.#past.missed += now.missed - source.before.missed;
  }

  /** All together, now. */
  sum(): NodeSum {
    const levels = { nodes: 0, groups: 0, connected: 0, disconnected: 0, asked: 0, answering: 0 };
    const sum: NodeSum = { ...this.#past, ...levels };
    for (const source of this.#sources.values()) {
      const now = source.census();
      sum.gaps += now.gaps - source.before.gaps;
      sum.missed += now.missed - source.before.missed;
      sum.nodes += now.nodes;
      sum.groups += now.groups;
      if (now.connected === true) sum.connected++;
      if (now.connected === false) sum.disconnected++;
      sum.asked += now.asked;
      sum.answering += now.answering;
      // One that has left does not come back: whoever joins again and again need not end each.
      if (now.connected === undefined) this.remove(source);
    }
    return sum;
  }
}
