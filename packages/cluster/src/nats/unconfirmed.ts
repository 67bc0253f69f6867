import type { Clock } from "@peng3dnet/peer";

/** After so many bytes the broker is asked at once whether it has them. */
const ASK_AFTER = 64 * 1024;
/** Else it is asked after so many milliseconds. */
const ASK_WITHIN = 100;

/** Counts what was handed to the client library, and not yet confirmed by the broker. */
export class Unconfirmed {
  readonly #clock: Clock;
  readonly #ask: () => Promise<void>;
  readonly #askAfter: number;
  /** All that was handed over on this connection, and how much of it the broker has. */
  readonly #handed = { count: 0, bytes: 0 };
  readonly #confirmed = { count: 0, bytes: 0 };
  /** Bytes that were handed over when the broker was last asked. */
  #askedAt = 0;
  #timer: unknown = undefined;
  /** Changes with each connection: answers on an older one count no more. */
  #generation = 0;

  /**
   * @param ask - resolves once the broker has all that was handed over before.
   * @param limit - bytes that may be unconfirmed.
   */
  constructor(clock: Clock, ask: () => Promise<void>, limit: number) {
    this.#clock = clock;
    this.#ask = ask;
    this.#askAfter = Math.min(ASK_AFTER, limit / 2);
  }

  /** How many publications. */
  get count(): number {
    return this.#handed.count - this.#confirmed.count;
  }

  /** How many bytes, as limits count them. */
  get bytes(): number {
    return this.#handed.bytes - this.#confirmed.bytes;
  }

  /** A publication was handed over. */
  add(bytes: number): void {
    this.#handed.count++;
    this.#handed.bytes += bytes;
    if (this.#handed.bytes - this.#askedAt >= this.#askAfter) this.#askQuietly();
    else this.#timer ??= this.#clock.setTimeout(() => this.#askQuietly(), ASK_WITHIN);
  }

  /** Asks the broker now. @returns a promise that resolves once it has answered, and rejects if the connection breaks before. */
  async ask(): Promise<void> {
    this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    const { count, bytes } = this.#handed;
    const generation = this.#generation;
    this.#askedAt = bytes;
    await this.#ask();
    if (generation !== this.#generation) return;
    this.#confirmed.count = Math.max(this.#confirmed.count, count);
    this.#confirmed.bytes = Math.max(this.#confirmed.bytes, bytes);
  }

  #askQuietly(): void {
    // Where the connection breaks before the answer, whoever watches the bus is told.
    this.ask().catch(() => undefined);
  }

  /** The connection is broken, and what was not confirmed will not be. @returns how many publications that is. */
  reset(): number {
    const { count } = this;
    this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#generation++;
    this.#askedAt = 0;
    for (const total of [this.#handed, this.#confirmed]) {
      total.count = 0;
      total.bytes = 0;
    }
    return count;
  }
}
