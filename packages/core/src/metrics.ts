/** Counters of a connection, or of all connections of a peer; readable at any time. */
export interface Metrics {
  /** Bytes received. */
  readonly bytesIn: number;
  /** Bytes handed to the operating system. */
  readonly bytesOut: number;
  /** Packets received. */
  readonly packetsIn: number;
  /** Packets accepted for sending. */
  readonly packetsOut: number;
  /** Packets that wait for `process`. */
  readonly queued: number;
  /** Bytes accepted for sending that are not with the kernel. */
  readonly unsent: number;
  /**
   * How many connections were refused or ended, by close reason, and how many packets were dropped, by the
   * reason they would have closed with (`"dropped"`: past the high-water mark, as configured; `"unhandled"`: packets
   * that were received and that nothing handled).
   */
  readonly rejectedBy: Readonly<Record<string, number>>;
}

/** Nothing counted yet. */
export const NO_METRICS: Metrics = Object.freeze({
  bytesIn: 0,
  bytesOut: 0,
  packetsIn: 0,
  packetsOut: 0,
  queued: 0,
  unsent: 0,
  rejectedBy: Object.freeze({}),
});

/** Counts by reason, without room for more than the reasons that there are. */
export class RejectionCounter {
  readonly #counts = new Map<string, number>();

  /** Counts one, or `count`. */
  add(reason: string, count = 1): void {
    this.#counts.set(reason, (this.#counts.get(reason) ?? 0) + count);
  }

  /** The counts. */
  get(): Record<string, number> {
    return Object.fromEntries(this.#counts);
  }

  /** Adds all counts of another one. */
  addAll(other: Readonly<Record<string, number>>): void {
    for (const [reason, count] of Object.entries(other)) this.add(reason, count);
  }
}

/** The sum of metrics. */
export function sumMetrics(all: Iterable<Metrics>): Metrics {
  const sum = { bytesIn: 0, bytesOut: 0, packetsIn: 0, packetsOut: 0, queued: 0, unsent: 0 };
  const rejected = new RejectionCounter();
  for (const metrics of all) {
    for (const key of Object.keys(sum) as (keyof typeof sum)[]) sum[key] += metrics[key];
    rejected.addAll(metrics.rejectedBy);
  }
  return { ...sum, rejectedBy: rejected.get() };
}
