import type { Census } from "./census.js";
import type { NodeCensus, NodeObserver } from "./node-observer.js";
import type { PeerObserver } from "./peer-observer.js";

/**
 * Where a peer, or a node of a cluster, has what observers are added to. It is the same symbol in each copy of this package: the peer may
 * be made with another one.
 */
export const OBSERVED: unique symbol = Symbol.for("peng3dnet.observed");

/** What is observed at a peer, or at a node, for {@link observe}. */
export interface ObservationPoint<Observer = PeerObserver, Counts = Census> {
  /** Adds an observer. @returns what takes it out again. */
  add(observer: Observer): () => void;
  /** Counts what there is now, and what was counted so far. */
  census(): Counts;
}

/** What can be observed: servers and clients. */
export interface Observable {
  /** Where {@link observe} adds observers, and takes a census. */
  readonly [OBSERVED]: ObservationPoint;
}

/** What can be observed: nodes of a cluster, that `joinCluster` of `@peng3dnet/cluster` returns. */
export interface ObservableNode {
  /** Where {@link observe} adds observers, and takes a census. */
  readonly [OBSERVED]: ObservationPoint<NodeObserver, NodeCensus>;
}

/** An observer that looks on. */
export interface Observing<Counts = Census> {
  /**
   * What there is now, and what was counted since the peer was made. On a server it looks at those connections whose numbers may have
   * changed: at some 100, and at those in which something waits or is under way. The first call looks at each.
   */
  census(): Counts;
  /** Looks on no more. Further calls do nothing. */
  end(): void;
}

/**
 * Lets an observer look on while a server or client works, for telemetry: `@peng3dnet/telemetry` is one. As long as nobody does, all
 * that a packet does for it is to look at one field, which is also that of the engine's events.
 *
 * @throws TypeError if there is nothing to observe.
 */
export function observe(peer: Observable, observer: PeerObserver): Observing;
/** Lets an observer look on while a node of a cluster works. As long as nobody does, a message of the bus looks at one field. */
export function observe(node: ObservableNode, observer: NodeObserver): Observing<NodeCensus>;
export function observe<Observer, Counts>(
  peer: { readonly [OBSERVED]: ObservationPoint<Observer, Counts> },
  observer: Observer,
): Observing<Counts> {
  const point: ObservationPoint<Observer, Counts> | undefined = peer?.[OBSERVED];
  if (point === undefined)
    throw new TypeError("observe() takes a Server or a Client, or a node of a cluster");
  const remove = point.add(observer);
  let ended = false;
  return {
    census: () => point.census(),
    end() {
      if (ended) return;
      ended = true;
      remove();
    },
  };
}
