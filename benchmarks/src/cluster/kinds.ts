/** The servers that are measured as nodes of a cluster. */
import type { PeerServer } from "../peer.js";

/** What a node is told. */
export interface NodeOptions {
  readonly name: string;
  /** Address of the broker: `host:port` of nats-server or of redis-server; nothing: a server for itself. */
  readonly broker: string | undefined;
  /** `broadcast`: to the members on all nodes; `echo`: back to where it came from. */
  readonly mode: "broadcast" | "echo";
  /** Microseconds of the processor that a handler takes for a message, as a game would. */
  readonly work: number;
}

/** Counters of a node, as far as a library has them. */
export interface NodeCounters {
  /** Broadcasts that went over the bus, and those that did not need to. */
  readonly broadcastsOut: number;
  readonly broadcastsKept: number;
  /** All that a node published, what nodes say to each other included. */
  readonly bytesOut: number;
}

export interface ClusterServer extends PeerServer {
  /**
   * Resolves once the broker has what this node has subscribed to. Where each node was asked twice, all hear each other: the second
   * time, a node has also heard what the others had said by the first.
   */
  settled(): Promise<void>;
  /** How many clients get what it broadcasts. */
  readonly members: number;
  readonly counters?: () => NodeCounters;
}

/** A library with what makes a cluster of its servers. */
export interface Kind {
  readonly label: string;
  /** What its nodes speak over. */
  readonly broker: "nats" | "redis";
  /** The peer whose clients are used: see `peers/index.ts`. */
  readonly client: string;
  serve(options: NodeOptions): Promise<ClusterServer>;
}

/** Keeps the processor busy. */
export function burn(microseconds: number): void {
  if (microseconds === 0) return;
  const until = performance.now() + microseconds / 1000;
  while (performance.now() < until);
}
