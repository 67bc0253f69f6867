import { CLOSE_REASONS } from "@peng3dnet/protocol";

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
   * that were received and that nothing handled; `"strayanswer"`, `"strayrequest"`: answers to no request that waits,
   * requests that cannot be answered). Keys are the reasons of this library, see `CLOSE_REASONS`, these four, and `"other"` for those of an application's own errors. What a peer gives as its
   * reason is no key, and does not count.
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

/** What is counted beside the reasons of closes. */
const PACKETS_LOST: ReadonlySet<string> = new Set(["dropped", "unhandled", "strayanswer", "strayrequest"]);

/** Counts by reason, under a fixed set of reasons: there is no room for more. */
export class RejectionCounter {
  readonly #counts = new Map<string, number>();

  /** Counts one, or `count`. */
  add(reason: string, count = 1): void {
    const key = PACKETS_LOST.has(reason) || CLOSE_REASONS.has(reason) ? reason : "other";
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + count);
  }

  /** Adds what another one counted. @param sign - -1 takes it away. */
  addAll(other: RejectionCounter, sign: 1 | -1 = 1): void {
    for (const [reason, count] of other.#counts) this.add(reason, sign * count);
  }

  /** What was counted. */
  get(): Record<string, number> {
    return Object.fromEntries([...this.#counts].filter(([, count]) => count > 0));
  }
}

/** Adds metrics up, in place: for as many connections as may come and go. */
export class MetricsSum {
  bytesIn = 0;
  bytesOut = 0;
  packetsIn = 0;
  packetsOut = 0;
  queued = 0;
  unsent = 0;
  readonly #rejections = new RejectionCounter();

  /** Adds another sum. */
  add(other: MetricsSum): void {
    this.addCounts(other);
    this.rejectAll(other.#rejections);
  }

  /** Adds what was counted elsewhere, but for rejections. */
  addCounts(other: Omit<Metrics, "rejectedBy">): void {
    this.bytesIn += other.bytesIn;
    this.bytesOut += other.bytesOut;
    this.packetsIn += other.packetsIn;
    this.packetsOut += other.packetsOut;
    this.queued += other.queued;
    this.unsent += other.unsent;
  }

  /** Counts a connection that was refused, or `count` packets that were dropped. */
  reject(reason: string, count = 1): void {
    this.#rejections.add(reason, count);
  }

  /** Counts what was counted elsewhere. */
  rejectAll(rejections: RejectionCounter): void {
    this.#rejections.addAll(rejections);
  }

  /** Nothing of what was added waits any more. */
  nothingWaits(): void {
    this.queued = 0;
    this.unsent = 0;
  }

  /** The sum so far. */
  get(): Metrics {
    const { bytesIn, bytesOut, packetsIn, packetsOut, queued, unsent } = this;
    const rejectedBy = this.#rejections.get();
    return { bytesIn, bytesOut, packetsIn, packetsOut, queued, unsent, rejectedBy };
  }
}
