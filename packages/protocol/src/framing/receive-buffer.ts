/** Makes a buffer; its content has no meaning. */
export type Allocate = (length: number) => Uint8Array;
/** Frees the memory of a buffer that {@link Allocate} made. Nobody looks at it any more. */
export type Free = (bytes: Uint8Array) => void;

const EMPTY = new Uint8Array(0);
/** The buffer grows to this many times the bytes that came: a packet of 256 KiB fits after the first read of 64 KiB. */
const GROWTH = 8;
/** Room that is worth a read of its own, in bytes. */
const MIN_READ_TARGET = 16 * 1024;
/** Length of the buffer for the first bytes of a packet, in bytes. */
const FIRST_CAPACITY = 1024;

/**
 * A buffer that gathers the bytes of one packet which arrives in several pieces. It grows with the bytes that came, at most
 * to eight times as many, and never with the length that a peer announced: an announcement costs the peer nothing.
 */
export class ReceiveBuffer {
  /** The bytes. Those from {@link ReceiveBuffer.length} on have no meaning. */
  bytes: Uint8Array = EMPTY;
  /** Number of bytes gathered. */
  length = 0;

  readonly #allocate: Allocate;

  constructor(allocate: Allocate) {
    this.#allocate = allocate;
  }

  /** Where the next bytes of the packet belong; `undefined` unless there is room for many. */
  get readTarget(): Uint8Array | undefined {
    return this.bytes.length - this.length < MIN_READ_TARGET ? undefined : this.bytes.subarray(this.length);
  }

  /**
   * Adds the bytes of `chunk` from `start` up to `end`. Those that were read into {@link ReceiveBuffer.readTarget} are not
   * copied.
   *
   * @param expected - the whole packet's length as far as known: the buffer is never longer.
   */
  append(chunk: Uint8Array, start: number, end: number, expected: number): void {
    const needed = this.length + end - start;
    if (needed > this.bytes.length) {
      const room = Math.max(needed, Math.min(expected, Math.max(GROWTH * needed, FIRST_CAPACITY)));
      const grown = this.#allocate(room);
      // What has no meaning in it is overwritten by the chunk, which is longer.
      grown.set(this.bytes);
      this.bytes = grown;
    }
    const { bytes, length } = this;
    this.length = needed;
    // The chunk was read to where it belongs.
    if (chunk.buffer === bytes.buffer && chunk.byteOffset + start === bytes.byteOffset + length) return;
    bytes.set(start === 0 && end === chunk.length ? chunk : chunk.subarray(start, end), length);
  }
}
