import type { Census } from "./census.js";
import type { PeerObserver } from "./peer-observer.js";

/** Where a peer has what observers are added to. */
export const OBSERVED: unique symbol = Symbol("peng3dnet.observed");

/** What is observed at a peer, for {@link observe}. */
export interface ObservationPoint {
  add(observer: PeerObserver): () => void;
  census(): Census;
}

/** What can be observed: servers and clients. */
export interface Observable {
  /** `"server"` or `"client"`. */
  readonly [OBSERVED]: ObservationPoint;
}

/** An observer that looks on. */
export interface Observing {
  /** What there is now, and what was counted since the peer was made: one pass over its connections, which allocates nothing for each. */
  census(): Census;
  /** Looks on no more. Further calls do nothing. */
  end(): void;
}

/**
 * Lets an observer look on while a server or client works, for telemetry: `@peng3dnet/telemetry` is one. As long as nobody does, all
 * that a packet does for it is to look at one field, which is also that of the engine's events.
 *
 * @throws TypeError if there is nothing to observe.
 */
export function observe(peer: Observable, observer: PeerObserver): Observing {
  const point: ObservationPoint | undefined = peer?.[OBSERVED];
  if (point === undefined) throw new TypeError("observe() takes a Server or a Client");
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
