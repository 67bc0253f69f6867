import { CLOSE_REASONS } from "@peng3dnet/protocol";
/** Nothing counted yet. */
export const NO_METRICS = Object.freeze({
  bytesIn: 0,
  bytesOut: 0,
  packetsIn: 0,
  packetsOut: 0,
  queued: 0,
  unsent: 0,
  rejectedBy: Object.freeze({}),
});
/** What is counted beside the reasons of closes. */
const PACKETS_LOST = new Set(["dropped", "unhandled"]);
/** Counts by reason, under a fixed set of reasons: there is no room for more. */
export class RejectionCounter {
  #counts = new Map();
  /** Counts one, or `count`. */
  add(reason, count = 1) {
    const key = PACKETS_LOST.has(reason) || CLOSE_REASONS.has(reason) ? reason : "other";
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + count);
  }
  /** What was counted. */
  get() {
    return Object.fromEntries(this.#counts);
  }
}
/** Adds metrics up, in place: for as many connections as may come and go. */
export class MetricsSum {
  #sum = { bytesIn: 0, bytesOut: 0, packetsIn: 0, packetsOut: 0, queued: 0, unsent: 0 };
  #rejections = new RejectionCounter();
  /** Adds those of a connection. */
  add({ bytesIn, bytesOut, packetsIn, packetsOut, queued, unsent, rejectedBy }) {
    const sum = this.#sum;
    sum.bytesIn += bytesIn;
    sum.bytesOut += bytesOut;
    sum.packetsIn += packetsIn;
    sum.packetsOut += packetsOut;
    sum.queued += queued;
    sum.unsent += unsent;
    for (const reason in rejectedBy) this.#rejections.add(reason, rejectedBy[reason]);
  }
  /** Counts a connection that was refused. */
  reject(reason) {
    this.#rejections.add(reason);
  }
  /** The sum so far. */
  get() {
    return { ...this.#sum, rejectedBy: this.#rejections.get() };
  }
}
//# sourceMappingURL=metrics.js.map
