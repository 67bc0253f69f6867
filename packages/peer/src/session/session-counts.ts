import type { CensusTaking } from "../observing/census.js";
import { type Metrics, MetricsSum } from "./metrics.js";
import { type CountedSession, SessionNumbers } from "./session-numbers.js";

/** The counters of a session. */
export function metricsOf(session: CountedSession): Metrics {
  const sum = new MetricsSum();
  addMetrics(session, sum);
  return sum.get();
}

/** Adds the counters of a session to a sum. */
export function addMetrics(session: CountedSession, sum: MetricsSum): void {
  const numbers = new SessionNumbers();
  numbers.count(session);
  numbers.addTo(sum);
  if (session.rejections !== undefined) sum.rejectAll(session.rejections);
}

/** Adds what there is of a session now to a census. */
export function countSession(session: CountedSession, census: CensusTaking): void {
  census.numbers.count(session);
  if (session.rejections !== undefined) census.sum.rejectAll(session.rejections);
}
