/** What the command and its processes say to each other, beside what `messages.ts` has. */
import type { Outcome } from "../messages.js";
import type { BroadcastCell, EchoCell } from "../workloads.js";
import type { NodeCounters, NodeOptions } from "./kinds.js";
import type { KindName } from "./load.js";

/** Latencies in microseconds, in order of size. */
export type Latencies = readonly number[];

/** What a hop takes. */
export interface HopLatencies {
  /** From when a client of one node sends, to when a client of another node has the message. */
  readonly whole: Latencies;
  /** How much later it is there than at a client of the first node. */
  readonly later: Latencies;
}

export interface ClusterRequests {
  /** A server that is a node. */
  node: {
    readonly data: NodeOptions & { readonly kind: KindName };
    readonly answer: { readonly port: number };
  };
  counters: { readonly data: null; readonly answer: NodeCounters };
  /** How many clients get what the node broadcasts. */
  members: { readonly data: null; readonly answer: number };
  /** As `settled` of a node's server. */
  settle: { readonly data: null; readonly answer: null };
  /** Clients connect to nodes in turn. */
  clients: {
    readonly data: {
      readonly kind: KindName;
      readonly ports: readonly number[];
      readonly cell: EchoCell | BroadcastCell;
    };
    readonly answer: null;
  };
  /** They warm up, once all nodes know all of them. */
  warmUp: { readonly data: null; readonly answer: null };
  /** The measured part, with another number in flight than the cell says, if given. */
  flow: {
    readonly data: { readonly durationMs: number; readonly inFlight: number | undefined };
    readonly answer: Outcome;
  };
  /**
   * One client at each of two nodes, of which the first one sends.
   */
  hop: {
    readonly data: {
      readonly kind: KindName;
      readonly ports: readonly [number, number];
      readonly count: number;
    };
    readonly answer: HopLatencies;
  };
  /** Nothing but NATS: this process subscribes. */
  listen: { readonly data: { readonly nats: string }; readonly answer: null };
  /** How long messages took to it. */
  heard: { readonly data: { readonly count: number }; readonly answer: Latencies };
  /** Nothing but NATS: this process publishes. */
  publish: { readonly data: { readonly nats: string; readonly count: number }; readonly answer: null };
}

/** Milliseconds between two messages of which the latency is measured: each is alone. */
export const EVERY_MS = 5;
export const SUBJECT = "bench.hop";
/** What a message of the hop has beside its number, as many bytes as the notice of a broadcast has. */
export const PADDING = "x".repeat(180);
