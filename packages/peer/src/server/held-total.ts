import { type Peng3dnetError, ServerFullError, SlowConsumerError } from "@peng3dnet/protocol";

/** A connection that can be ended. */
interface Holder {
  abort(error: Peng3dnetError): void;
}

/** What the connections of one address hold together. */
interface Share {
  readonly address: unknown;
  bytes: number;
  readonly held: Map<Holder, number>;
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
  /** By address: thousands may go at once, and each time the one that holds most is looked for. */
  readonly #shares = new Map<unknown, Share>();
  /** Which of them a connection was counted in last. */
  readonly #shareOf = new Map<Holder, Share>();
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
    const before = this.#shareOf.get(holder);
    if (bytes === 0) {
      if (before !== undefined) this.#take(holder, before);
      return;
    }
    // It may be another one than before: those that are gone count alone.
    const address = this.#addressOf(holder);
    if (before !== undefined && before.address === address) {
      const more = bytes - (before.held.get(holder) as number);
      before.held.set(holder, bytes);
      before.bytes += more;
      this.#bytes += more;
      return;
    }
    if (before !== undefined) this.#take(holder, before);
    let share = this.#shares.get(address);
    if (share === undefined) {
      share = { address, bytes: 0, held: new Map() };
      this.#shares.set(address, share);
    }
    share.held.set(holder, bytes);
    share.bytes += bytes;
    this.#shareOf.set(holder, share);
    this.#bytes += bytes;
  }

  /** Counts a connection no more. */
  #take(holder: Holder, share: Share): void {
    const bytes = share.held.get(holder) as number;
    share.held.delete(holder);
    share.bytes -= bytes;
    this.#bytes -= bytes;
    this.#shareOf.delete(holder);
    if (share.held.size === 0) this.#shares.delete(share.address);
  }

  #worst(): [Holder, number] {
    let largest: Share | undefined;
    for (const share of this.#shares.values())
      if (largest === undefined || share.bytes > largest.bytes) largest = share;
    let worst: [Holder, number] | undefined;
    for (const entry of (largest as Share).held)
      if (worst === undefined || entry[1] > worst[1]) worst = entry;
    return worst as [Holder, number];
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
