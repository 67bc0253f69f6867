import type { Connection } from "@peng3dnet/protocol";
import type { CensusTaking } from "../observing/census.js";
import { type Metrics, MetricsSum, type RejectionCounter } from "./metrics.js";

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

/** The counters of a session. */
export function metricsOf(session: CountedSession): Metrics {
  const sum = new MetricsSum();
  addMetrics(session, sum);
  return sum.get();
}

/** Adds the counters of a session to a sum. */
export function addMetrics(session: CountedSession, sum: MetricsSum): void {
  const { connection } = session;
  sum.bytesIn += session.bytesIn;
  sum.bytesOut += session.bytesOut;
  sum.packetsIn += connection.packetsIn;
  sum.packetsOut += connection.packetsOut;
  sum.queued += session.queuedPackets;
  sum.unsent += connection.unsent;
  if (session.unhandled > 0) sum.reject("unhandled", session.unhandled);
  if (session.rejections !== undefined) sum.rejectAll(session.rejections);
}

/** Adds what there is of a session now to a census. */
export function countSession(session: CountedSession, census: CensusTaking): void {
  addMetrics(session, census.sum);
  census.connections++;
  if (!session.greeted) census.handshaking++;
  const { resumption, requests } = session;
  if (resumption !== undefined) {
    if (resumption.suspended) census.suspended++;
    census.kept += resumption.transport.keptBytes;
  }
  census.unprocessed += session.queuedBytes + session.connection.inputHeld;
  if (requests === undefined) return;
  census.asked += requests.asked.size;
  census.answering += requests.running.size;
}
