/** Length of the buffer that output begins in, in bytes. A broadcast to many connections fits buffers of this length. */
export const SHORT_LENGTH = 2 * 1024;
/** Usual length of a buffer, in bytes. It has room for a full batch of output and the packet that completes it. */
export const POOLED_LENGTH = 32 * 1024;
/** How many short buffers are kept for each one of the usual length. */
const SHORT_ONES = 64;
/** Longest buffer that is kept, in bytes. */
const MAX_KEPT = 2 * 1024 * 1024;

/**
 * A pool of output buffers, which the connections of one peer share, so that an idle connection holds none. Buffers that are
 * longer than usual are made to measure for long packets; the pool keeps one of them, since making one costs as much as
 * filling it.
 */
export class BufferPool {
  readonly #short: Uint8Array[] = [];
  readonly #free: Uint8Array[] = [];
  readonly #kept: number;
  #long: Uint8Array | undefined = undefined;

  /** @param kept - how many buffers of the usual length are kept for reuse; default 16. */
  constructor(kept = 16) {
    this.#kept = kept;
  }

  /** A buffer of {@link SHORT_LENGTH} bytes, for output to begin in; its content has no meaning. */
  acquireShort(): Uint8Array {
    return this.#short.pop() ?? new Uint8Array(SHORT_LENGTH);
  }

  /** A buffer of at least `size` bytes; its content has no meaning. */
  acquire(size: number): Uint8Array {
    if (size <= POOLED_LENGTH) return this.#free.pop() ?? new Uint8Array(POOLED_LENGTH);
    const long = this.#long;
    if (long === undefined || long.length < size) return new Uint8Array(size);
    this.#long = undefined;
    return long;
  }

  /** Takes a whole buffer back, which nobody may read or write any more. */
  release(bytes: Uint8Array): void {
    const { length } = bytes;
    if (length === SHORT_LENGTH) {
      if (this.#short.length < SHORT_ONES * this.#kept) this.#short.push(bytes);
    } else if (length === POOLED_LENGTH) {
      if (this.#free.length < this.#kept) this.#free.push(bytes);
    } else if (length > POOLED_LENGTH && length <= MAX_KEPT) this.#long = bytes;
  }
}
