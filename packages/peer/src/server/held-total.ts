import { type Peng3dnetError, ServerFullError, SlowConsumerError } from "@peng3dnet/protocol";

/** A connection that can be ended. */
interface Holder {
  abort(error: Peng3dnetError): void;
}

/** What the connections of one address hold together. */
interface Share {
  bytes: number;
  worst: Holder;
  most: number;
}

/**
 * Bytes that the connections of a server hold together, with a limit: past it, one is ended. Of the address whose
 * connections hold most together, it is the one that holds most: otherwise many connections of one peer that hold a little
 * each would end all of those who hold more, and never each other. Those that hold next to nothing are not in it.
 */
export class HeldTotal {
  /** Most bytes of all together. */
  limit = Number.POSITIVE_INFINITY;
  readonly #error: (bytes: number) => Peng3dnetError;
  readonly #addressOf: (holder: Holder) => unknown;
  readonly #held = new Map<Holder, number>();
  #bytes = 0;

  /**
   * @param error - what the one is ended with that holds most.
   * @param addressOf - what those have in common that count as one; default: all do.
   */
  constructor(
    error: (bytes: number) => Peng3dnetError,
    addressOf: (holder: Holder) => unknown = () => undefined,
  ) {
    this.#error = error;
    this.#addressOf = addressOf;
  }

  /** Bytes of all together. */
  get bytes(): number {
    return this.#bytes;
  }

  /** A connection holds so many bytes now. */
  set(holder: Holder, bytes: number): void {
    this.#note(holder, bytes);
    if (bytes === 0) return;
    while (this.#bytes > this.limit) {
      const [worst, most] = this.#worst();
      // Out of the sum first, so that this comes to an end whatever happens then.
      this.#note(worst, 0);
      worst.abort(this.#error(most));
    }
  }

  #note(holder: Holder, bytes: number): void {
    this.#bytes += bytes - (this.#held.get(holder) ?? 0);
    if (bytes === 0) this.#held.delete(holder);
    else this.#held.set(holder, bytes);
  }

  #worst(): [Holder, number] {
    const shares = new Map<unknown, Share>();
    let largest: Share | undefined;
    for (const [holder, bytes] of this.#held) {
      const address = this.#addressOf(holder);
      let share = shares.get(address);
      if (share === undefined) {
        share = { bytes: 0, worst: holder, most: 0 };
        shares.set(address, share);
      }
      share.bytes += bytes;
      if (bytes > share.most) {
        share.worst = holder;
        share.most = bytes;
      }
      if (largest === undefined || share.bytes > largest.bytes) largest = share;
    }
    const { worst, most } = largest as Share;
    return [worst, most];
  }
}

/** What the connection is told that had most input waiting. */
export function inputTotalError(bytes: number): ServerFullError {
  return new ServerFullError(
    `all connections together hold more input than net.limits.unprocessed.total; this one had most of what its address has, ${bytes} bytes`,
  );
}

/** What the connection is told that had most unsent. */
export function unsentTotalError(bytes: number): SlowConsumerError {
  return new SlowConsumerError(
    `all connections together have more unsent than net.limits.unsent.total; this one had most of what its address has, ${bytes} bytes`,
  );
}
