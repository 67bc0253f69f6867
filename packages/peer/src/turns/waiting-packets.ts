import type { Session } from "../session/session.js";

/** What a packet that waits takes in memory beside its bytes. */
const OVERHEAD = 256;

/** What one look through the packets that wait came to. */
export interface Pass {
  /** How many were processed. */
  readonly count: number;
  /** Whether packets wait for want of time, and not because somebody holds their connection. */
  readonly outOfTime: boolean;
}

/**
 * Packets that wait for `process`, each connection's in order. A server shares the time among its connections; a client has one,
 * and goes without the code for that. How many a connection may have is up to its session.
 */
export abstract class WaitingPackets {
  /** Number of packets. */
  length = 0;
  /** Bytes of all packets. */
  #bytes = 0;

  /** About what they take in memory, in bytes: of short packets, that may be far more than their bytes. */
  get held(): number {
    return this.#bytes + OVERHEAD * this.length;
  }

  /** Adds a packet behind all others. */
  push(_session: Session, raw: Uint8Array): void {
    this.#bytes += raw.length;
    this.length++;
  }

  /** A packet waits no more. */
  protected taken(session: Session, raw: Uint8Array): void {
    this.#bytes -= raw.length;
    this.length--;
    session.dequeued(raw.length);
  }

  /** A connection is paused no more, or closed: what waits of it is to be looked at again. */
  released(_session: Session): void {}

  /** The packets of a connection, in order. */
  abstract of(session: Session): Uint8Array[];

  /** Processes those that are there, as far as there is time. What comes meanwhile is for the next call, so that each ends. */
  abstract run(): Pass;
}
