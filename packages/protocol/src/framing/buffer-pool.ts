/** Length of the buffer that output begins in, in bytes. A broadcast to many connections fits buffers of this length. */
export const SHORT_LENGTH = 2 * 1024;
/** Usual length of a buffer, in bytes. It has room for a full batch of output and the packet that completes it. */
export const POOLED_LENGTH = 32 * 1024;
/** How many short buffers are kept for each one of the usual length. */
const SHORT_ONES = 64;
/** Longest buffer that is kept, and how long those beyond the usual length may be together at least, in bytes. */
const MAX_KEPT = 2 * 1024 * 1024;
/** How long these may be together for each buffer of the usual length that is kept. */
const LONG_FOR_EACH = 256 * 1024;
/** How many times as long as asked for a long buffer may be, so that short output does not hold a very long one. */
const MAX_TIMES = 4;

/**
 * A pool of output buffers, which the connections of one peer share, so that an idle connection holds none. Buffers that are
 * longer than usual are made to measure for long packets. The pool keeps some of them, since making one costs as much as
 * filling it, and since the engine frees those that nobody needs any more late.
 */
export class BufferPool {
  readonly #short: Uint8Array[] = [];
  readonly #free: Uint8Array[] = [];
  readonly #kept: number;
  readonly #longKept: number;
  /** Longer ones; the one that came last is last. */
  readonly #long: Uint8Array[] = [];
  #longBytes = 0;

  /** @param kept - how many buffers of the usual length are kept for reuse; default 16. */
  constructor(kept = 16) {
    this.#kept = kept;
    this.#longKept = Math.max(MAX_KEPT, kept * LONG_FOR_EACH);
  }

  /** A buffer of {@link SHORT_LENGTH} bytes, for output to begin in; its content has no meaning. */
  acquireShort(): Uint8Array {
    return this.#short.pop() ?? new Uint8Array(SHORT_LENGTH);
  }

  /** A buffer of at least `size` bytes; its content has no meaning. */
  acquire(size: number): Uint8Array {
    if (size <= POOLED_LENGTH) return this.#free.pop() ?? new Uint8Array(POOLED_LENGTH);
    const index = this.#long.findLastIndex(({ length }) => length >= size && length <= MAX_TIMES * size);
    const [long] = index < 0 ? [] : this.#long.splice(index, 1);
    if (long === undefined) return new Uint8Array(size);
    this.#longBytes -= long.length;
    return long;
  }

  /** Takes a whole buffer back, which nobody may read or write any more. */
  release(bytes: Uint8Array): void {
    const { length } = bytes;
    if (length === SHORT_LENGTH) {
      if (this.#short.length < SHORT_ONES * this.#kept) this.#short.push(bytes);
    } else if (length === POOLED_LENGTH) {
      if (this.#free.length < this.#kept) this.#free.push(bytes);
    } else if (length > POOLED_LENGTH && length <= MAX_KEPT) this.#keepLong(bytes);
  }

  #keepLong(bytes: Uint8Array): void {
    this.#long.push(bytes);
    this.#longBytes += bytes.length;
    while (this.#longBytes > this.#longKept) this.#longBytes -= (this.#long.shift() as Uint8Array).length;
  }
}
