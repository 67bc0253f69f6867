/** Counters of a node; readable at any time. */
export interface NodeMetrics {
  /** Messages that this node published: what its program sent, and what nodes say to each other. */
  readonly messagesOut: number;
  /** Messages of other nodes that came. */
  readonly messagesIn: number;
  /** Bytes of what it published. */
  readonly bytesOut: number;
  /** Bytes of what came. */
  readonly bytesIn: number;
  /** Broadcasts to groups that went over the bus: once each, and from there to each node that has members. */
  readonly broadcastsOut: number;
  /** Broadcasts to groups that did not, since no other node has members. */
  readonly broadcastsKept: number;
  /** Broadcasts of other nodes that came. */
  readonly broadcastsIn: number;
  /** How often something was missing: the event `gap`. */
  readonly gaps: number;
  /** How many messages were missing, as far as that is known. */
  readonly missed: number;
  /** Messages that came a second time or too late, and were dropped. */
  readonly duplicates: number;
  /** Messages that were none, or that this node passes on to nobody. */
  readonly refused: number;
  /** Messages that could not be published. */
  readonly unpublished: number;
  /** Requests to clients of other nodes that wait for an answer. */
  readonly requestsWaiting: number;
  /** Requests of other nodes to clients of this one that wait for an answer. */
  readonly requestsRunning: number;
  /** Other nodes that are there. */
  readonly nodes: number;
  /** Groups that have members here and are shared with other nodes. */
  readonly groups: number;
}

/** What is counted as it happens. */
export class Counters {
  messagesOut = 0;
  messagesIn = 0;
  bytesOut = 0;
  bytesIn = 0;
  broadcastsOut = 0;
  broadcastsKept = 0;
  broadcastsIn = 0;
  gaps = 0;
  missed = 0;
  duplicates = 0;
  refused = 0;
  unpublished = 0;
}
