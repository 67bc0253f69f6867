import { ConfigError } from "@peng3dnet/peer";
import { BusAwayError, BusFullError } from "./bus-errors.js";
import { copyOf } from "./payloads.js";

/** What becomes of publications while the broker cannot be reached. */
export interface OfflineOptions {
  /**
   * While the broker cannot be reached, `"keep"` holds back what is published, and sends it in order once the broker is there
   * again; `"refuse"` throws {@link BusAwayError}. Default: `"keep"`.
   */
  readonly offline?: "keep" | "refuse" | undefined;
  /**
   * How much may wait for the broker, in bytes from 1,024: what is kept while it cannot be reached, and what was handed over
   * and it has not confirmed. Each publication counts with its subject and 64 bytes more. What would be over it is refused with
   * {@link BusFullError}. Default: 16 MiB.
   */
  readonly maxKept?: number | undefined;
}

/** What a publication costs beside its subject and payload, in bytes, as limits count it. */
const PUBLICATION_COST = 64;
const MAX_KEPT = 16 * 1024 * 1024;
const LEAST_KEPT = 1024;

/** What limits count for a publication, in bytes. */
export function costOf(subject: string, payload: Uint8Array): number {
  return subject.length + payload.length + PUBLICATION_COST;
}

/** Holds back what is published while the broker cannot be reached. */
export class Outbox {
  readonly #keeps: boolean;
  /** How much may wait for the broker, in bytes. */
  readonly maxKept: number;
  #kept: { readonly subject: string; readonly payload: Uint8Array }[] = [];
  #bytes = 0;

  /** @throws {@link ConfigError} */
  constructor({ offline = "keep", maxKept = MAX_KEPT }: OfflineOptions) {
    if (offline !== "keep" && offline !== "refuse") {
      throw new ConfigError("offline", 'the option "offline" can be "keep" or "refuse"');
    }
    if (typeof maxKept !== "number" || !(maxKept >= LEAST_KEPT)) {
      throw new ConfigError("maxKept", `the option "maxKept" has to be a number of bytes from ${LEAST_KEPT}`);
    }
    this.#keeps = offline === "keep";
    this.maxKept = maxKept;
  }

  /** Number of publications that are held back. */
  get size(): number {
    return this.#kept.length;
  }

  /**
   * Holds back a copy.
   *
   * @throws {@link BusAwayError}, {@link BusFullError}
   */
  add(subject: string, payload: Uint8Array): void {
    if (!this.#keeps) {
      throw new BusAwayError(
        'the broker cannot be reached, and nothing is kept: publish again once the bus is connected, or set the option "offline" to "keep"',
      );
    }
    const cost = costOf(subject, payload);
    this.checkRoom(this.#bytes, cost, "the broker cannot be reached");
    this.#bytes += cost;
    this.#kept.push({ subject, payload: copyOf(payload) });
  }

  /** @throws {@link BusFullError} if more would wait for the broker than may. */
  checkRoom(waiting: number, cost: number, why: string): void {
    if (waiting + cost <= this.maxKept) return;
    throw new BusFullError(
      `${why}, and ${waiting} bytes wait for it: with ${cost} more they are over the option "maxKept", ${this.maxKept}`,
    );
  }

  /** Forgets all that is held back. @returns how much it was. */
  clear(): number {
    return this.drain(() => undefined);
  }

  /** Hands over all that is held back, the oldest first, and holds back nothing any more. @returns how much it was. */
  drain(publish: (subject: string, payload: Uint8Array) => void): number {
    const kept = this.#kept;
    this.#kept = [];
    this.#bytes = 0;
    for (const { subject, payload } of kept) publish(subject, payload);
    return kept.length;
  }
}
