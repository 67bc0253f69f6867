/** Length of the buffer that output begins in, in bytes: a few packets to each of many connections fit such ones. */
export const SHORT_LENGTH = 2 * 1024;
/** Length of a pooled buffer, in bytes: a full batch of output and the packet that completes it. */
export const POOLED_LENGTH = 32 * 1024;
/** So many short buffers are kept for each one of the usual length. */
const SHORT_ONES = 64;
/** Longest buffer that is kept, in bytes. */
const MAX_KEPT = 2 * 1024 * 1024;

/**
 * Output buffers that the connections of one peer share, so that an idle connection holds none. Of longer ones than
 * usual, made to measure for long packets, one is kept: to make it anew costs as much as to fill it.
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

  /** A buffer to begin with. */
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

  /** Gives a buffer back, the whole of it, that nobody reads or writes any more. */
  release(bytes: Uint8Array): void {
    const { length } = bytes;
    if (length === SHORT_LENGTH) {
      if (this.#short.length < SHORT_ONES * this.#kept) this.#short.push(bytes);
    } else if (length === POOLED_LENGTH) {
      if (this.#free.length < this.#kept) this.#free.push(bytes);
    } else if (length > POOLED_LENGTH && length <= MAX_KEPT) this.#long = bytes;
  }
}
