import type { Connection } from "@peng3dnet/protocol";
import type { MetricsSum, RejectionCounter } from "./metrics.js";

/** What is counted of a session. */
export interface CountedSession {
  readonly connection: Connection;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly queuedPackets: number;
  readonly queuedBytes: number;
  readonly unhandled: number;
  readonly rejections: RejectionCounter | undefined;
  readonly greeted: boolean;
  readonly resumption:
    | { readonly suspended: boolean; readonly transport: { readonly keptBytes: number } }
    | undefined;
  readonly requests:
    | { readonly asked: { readonly size: number }; readonly running: { readonly size: number } }
    | undefined;
}

/** What there is of sessions together, and what they have counted, but for rejections. */
export class SessionNumbers {
  connections = 0;
  handshaking = 0;
  suspended = 0;
  bytesIn = 0;
  bytesOut = 0;
  packetsIn = 0;
  packetsOut = 0;
  queued = 0;
  unsent = 0;
  unhandled = 0;
  kept = 0;
  unprocessed = 0;
  asked = 0;
  answering = 0;

  /** Adds those of a session as they are now. */
  count(session: CountedSession): void {
    const { connection, resumption, requests } = session;
    this.connections++;
    this.bytesIn += session.bytesIn;
    this.bytesOut += session.bytesOut;
    this.packetsIn += connection.packetsIn;
    this.packetsOut += connection.packetsOut;
    this.queued += session.queuedPackets;
    this.unsent += connection.unsent;
    this.unhandled += session.unhandled;
    this.unprocessed += session.queuedBytes + connection.inputHeld;
    // A line may break within the handshake: each connection counts once.
    if (resumption?.suspended === true) this.suspended++;
    else if (!session.greeted) this.handshaking++;
    if (resumption !== undefined) this.kept += resumption.transport.keptBytes;
    if (requests === undefined) return;
    this.asked += requests.asked.size;
    this.answering += requests.running.size;
  }

  /** Adds those that are part of metrics to a sum. */
  addTo(sum: MetricsSum): void {
    sum.addCounts(this);
    if (this.unhandled > 0) sum.reject("unhandled", this.unhandled);
  }
}

// What follows is no method, so that a client in a page, which has one session at a time, goes without.

/** Adds numbers to others. @param sign - -1 takes them away. */
export function addNumbers(sum: SessionNumbers, others: SessionNumbers, sign: 1 | -1 = 1): void {
  sum.connections += sign * others.connections;
  sum.handshaking += sign * others.handshaking;
  sum.suspended += sign * others.suspended;
  sum.bytesIn += sign * others.bytesIn;
  sum.bytesOut += sign * others.bytesOut;
  sum.packetsIn += sign * others.packetsIn;
  sum.packetsOut += sign * others.packetsOut;
  sum.queued += sign * others.queued;
  sum.unsent += sign * others.unsent;
  sum.unhandled += sign * others.unhandled;
  sum.kept += sign * others.kept;
  sum.unprocessed += sign * others.unprocessed;
  sum.asked += sign * others.asked;
  sum.answering += sign * others.answering;
}

/** All are 0 again. */
export function clearNumbers(numbers: SessionNumbers): void {
  addNumbers(numbers, numbers, -1);
}
