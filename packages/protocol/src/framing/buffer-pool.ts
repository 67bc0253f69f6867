/** Length of a pooled buffer: a full batch of output and the packet that completes it. */
const POOLED_LENGTH = 32 * 1024;
/**
 * Output buffers that the connections of one peer share, so that an idle connection holds none.
 * Longer ones than usual are made to measure and not kept.
 */
export class BufferPool {
  readonly #free: Uint8Array[] = [];
  readonly #kept: number;

  /** @param kept - how many buffers are kept for reuse; default 16. */
  constructor(kept = 16) {
    this.#kept = kept;
  }

  /** A buffer of at least `size` bytes; its content has no meaning. */
  acquire(size: number): Uint8Array {
    if (size > POOLED_LENGTH) return new Uint8Array(size);
    return this.#free.pop() ?? new Uint8Array(POOLED_LENGTH);
  }

  /** Gives a buffer back that nobody reads or writes any more. */
  release(buffer: Uint8Array): void {
    if (buffer.length === POOLED_LENGTH && this.#free.length < this.#kept) this.#free.push(buffer);
  }
}
