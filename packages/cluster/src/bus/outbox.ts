import { ConfigError } from "@peng3dnet/peer";
import { copyOf } from "./payloads.js";
import { BusAwayError, BusFullError } from "./bus-errors.js";

/** What becomes of publications while the broker cannot be reached. */
export interface OfflineOptions {
  /**
   * While the broker cannot be reached, `"keep"` holds back what is published, and sends it in order once the broker is there
   * again; `"refuse"` throws {@link BusAwayError}. Default: `"keep"`.
   */
  readonly offline?: "keep" | "refuse" | undefined;
  /**
   * What is held back at most, in bytes; each publication counts with its subject and {@link PUBLICATION_COST} bytes more. What
   * would be over it is refused with {@link BusFullError}. Default: 8 MiB.
   */
  readonly maxKept?: number | undefined;
}

/** What a publication costs beside its subject and payload, in bytes, as limits count it. */
export const PUBLICATION_COST = 64;
const MAX_KEPT = 8 * 1024 * 1024;

/** What limits count for a publication, in bytes. */
export function costOf(subject: string, payload: Uint8Array): number {
  return subject.length + payload.length + PUBLICATION_COST;
}

/** Holds back what is published while the broker cannot be reached. */
export class Outbox {
  readonly #keeps: boolean;
  readonly #maxKept: number;
  #kept: { readonly subject: string; readonly payload: Uint8Array }[] = [];
  #bytes = 0;

  /** @throws {@link ConfigError} */
  constructor({ offline = "keep", maxKept = MAX_KEPT }: OfflineOptions) {
    if (offline !== "keep" && offline !== "refuse") {
      throw new ConfigError("offline", 'the option "offline" can be "keep" or "refuse"');
    }
    if (typeof maxKept !== "number" || !(maxKept >= 0)) {
      throw new ConfigError("maxKept", 'the option "maxKept" has to be a number of bytes from 0');
    }
    this.#keeps = offline === "keep";
    this.#maxKept = maxKept;
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
    const bytes = this.#bytes + costOf(subject, payload);
    if (bytes > this.#maxKept) {
      throw new BusFullError(
        `the broker cannot be reached, and ${this.#bytes} bytes are kept for it: the option "maxKept" allows ${this.#maxKept}`,
      );
    }
    this.#bytes = bytes;
    this.#kept.push({ subject, payload: copyOf(payload) });
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
