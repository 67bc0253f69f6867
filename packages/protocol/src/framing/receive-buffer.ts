/** Makes a buffer; its content has no meaning. */
export type Allocate = (length: number) => Uint8Array;

const EMPTY = new Uint8Array(0);
/** Room grows to so many times the bytes that came: a packet of 256 KiB fits after the first read of 64 KiB. */
const GROWTH = 8;
/** Less room than this is not worth a read of its own, in bytes. */
const MIN_READ_TARGET = 16 * 1024;
/** Room made for the first bytes of a packet that is not whole yet. */
const FIRST_CAPACITY = 1024;

/**
 * Gathers the bytes of one packet that arrives in several pieces.
 *
 * Room grows with the bytes that came, at most eightfold, never with the length that a peer announced.
 */
export class ReceiveBuffer {
  /** The bytes; those from {@link ReceiveBuffer.length} on have no meaning. */
  bytes: Uint8Array = EMPTY;
  /** Number of bytes gathered. */
  length = 0;

  readonly #allocate: Allocate;

  constructor(allocate: Allocate) {
    this.#allocate = allocate;
  }

  /** Where the next bytes of the packet belong, if there is room for many. */
  get readTarget(): Uint8Array | undefined {
    return this.bytes.length - this.length < MIN_READ_TARGET ? undefined : this.bytes.subarray(this.length);
  }

  /** Adds `chunk` from `start` up to `end`; `expected` is the whole packet's length as far as known. */
  append(chunk: Uint8Array, start: number, end: number, expected: number): void {
    const needed = this.length + end - start;
    if (needed > this.bytes.length) {
      const room = Math.max(needed, Math.min(expected, Math.max(GROWTH * needed, FIRST_CAPACITY)));
      const grown = this.#allocate(room);
      grown.set(this.length === this.bytes.length ? this.bytes : this.bytes.subarray(0, this.length));
      this.bytes = grown;
    }
    const { bytes, length } = this;
    this.length = needed;
    // Read to where it belongs.
    if (chunk.buffer === bytes.buffer && chunk.byteOffset + start === bytes.byteOffset + length) return;
    bytes.set(start === 0 && end === chunk.length ? chunk : chunk.subarray(start, end), length);
  }
}
