import { type Peng3dnetError, ServerFullError, SlowConsumerError } from "@peng3dnet/protocol";

/** A connection that can be ended. */
interface Holder {
  abort(error: Peng3dnetError): void;
}

/**
 * Bytes that the connections of a server hold together, with a limit: past it, the one that holds most is ended. Those
 * that hold next to nothing are not in it.
 */
export class HeldTotal {
  /** Most bytes of all together. */
  limit = Number.POSITIVE_INFINITY;
  readonly #error: (bytes: number) => Peng3dnetError;
  readonly #held = new Map<Holder, number>();
  #bytes = 0;

  /** @param error - what the one is ended with that holds most. */
  constructor(error: (bytes: number) => Peng3dnetError) {
    this.#error = error;
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
    let worst = this.#held.entries().next().value as [Holder, number];
    for (const entry of this.#held) if (entry[1] > worst[1]) worst = entry;
    return worst;
  }
}

/** What the connection is told that had most input waiting. */
export function inputTotalError(bytes: number): ServerFullError {
  return new ServerFullError(
    `all connections together hold more input than net.limits.unprocessed.total; this one had most of it, ${bytes} bytes`,
  );
}

/** What the connection is told that had most unsent. */
export function unsentTotalError(bytes: number): SlowConsumerError {
  return new SlowConsumerError(
    `all connections together have more unsent than net.limits.unsent.total; this one had most of it, ${bytes} bytes`,
  );
}
