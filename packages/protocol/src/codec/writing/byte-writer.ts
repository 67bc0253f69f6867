import type { BufferPool } from "../../framing/buffer-pool.js";

/** Most bytes of a scalar with its head. */
export const SCALAR_ROOM = 9;
/** Most bytes of the head of a text, a binary value or a container. */
export const HEAD_ROOM = 5;
/** Room in a new buffer beyond what is needed at once, so that a long value is not moved again for what follows it. */
const SPARE = 1024;

const TWO_TO_32 = 0x100000000;
const EMPTY = new Uint8Array(0);
const NO_VIEW = new DataView(EMPTY.buffer);

/**
 * Writes numbers and heads of msgpack into a buffer, which makes room for them. `ValueWriter` extends it instead of having one, as
 * `ValueReader` does the reader of bytes.
 */
export abstract class ByteWriter {
  /** The buffer that holds what was written: the one given, or a longer one. */
  bytes: Uint8Array = EMPTY;
  /** Where in {@link ByteWriter.bytes} the headroom begins. */
  start = 0;
  /** Where the value ends. */
  end = 0;
  /** Lends longer buffers. */
  protected readonly pool: BufferPool;
  /** The buffer that `#view` is a view of: the one that a float was written to last. */
  #viewed: Uint8Array = EMPTY;
  #view: DataView = NO_VIEW;
  /** Where in {@link ByteWriter.bytes} begins what moves along to a longer buffer. */
  #keep = 0;
  /** Whether {@link ByteWriter.bytes} is from the pool, and nobody else's. */
  #grown = false;

  constructor(pool: BufferPool) {
    this.pool = pool;
  }

  /** Writes into `bytes` from now on, `headroom` bytes behind `start`. @param keep - from there on, all moves along. */
  protected begin(bytes: Uint8Array, start: number, headroom: number, keep: number): void {
    this.bytes = bytes;
    this.#keep = keep;
    this.#grown = false;
    this.start = start;
    this.end = start + headroom;
  }

  /** Lets go of the buffer, so that it is not kept in memory. */
  release(): void {
    this.bytes = EMPTY;
    this.#viewAll(EMPTY);
  }

  // ---- numbers ----------------------------------------------------------------------------------

  /** Writes a float of 64 bits, for which there is room. */
  protected float64(value: number): void {
    const { bytes, end } = this;
    if (this.#viewed !== bytes) this.#viewAll(bytes);
    bytes[end] = 0xcb;
    this.#view.setFloat64(end + 1, value);
    this.end = end + SCALAR_ROOM;
  }

  #viewAll(bytes: Uint8Array): void {
    this.#viewed = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /** Writes an integer of 32 bits in its shortest form. There is room for it, as for those that follow. */
  protected int32(value: number): void {
    if (value >= 0x80) this.positive(value);
    else if (value >= -0x20) this.bytes[this.end++] = value;
    else if (value >= -0x80) this.put1(0xd0, value);
    else if (value >= -0x8000) this.put2(0xd1, value);
    else this.put4(0xd2, value);
  }

  /** Writes a safe integer from 128 on. */
  protected positive(value: number): void {
    if (value < 0x100) this.put1(0xcc, value);
    else if (value < 0x10000) this.put2(0xcd, value);
    else if (value < TWO_TO_32) this.put4(0xce, value);
    else {
      this.put4(0xcf, value / TWO_TO_32);
      this.uint32(value);
    }
  }

  /** Writes a head and one byte. */
  protected put1(head: number, value: number): void {
    const { bytes, end } = this;
    bytes[end] = head;
    bytes[end + 1] = value;
    this.end = end + 2;
  }

  /** Writes a head and two bytes. */
  protected put2(head: number, value: number): void {
    const { bytes, end } = this;
    bytes[end] = head;
    bytes[end + 1] = value >> 8;
    bytes[end + 2] = value;
    this.end = end + 3;
  }

  /** Writes a head and four bytes. */
  protected put4(head: number, value: number): void {
    this.bytes[this.end++] = head;
    this.uint32(value);
  }

  // ---- heads and room ---------------------------------------------------------------------------

  /** Writes the head of a container: in one byte for fewer than `limit` elements, else with 16 or 32 bits of length. */
  protected head(length: number, short: number, limit: number, long: number): void {
    this.reserve(HEAD_ROOM);
    if (length < limit) this.bytes[this.end++] = short | length;
    else this.longHead(length, long);
  }

  /** Writes a head with a length of 16 bits, or the following head with 32 bits. */
  protected longHead(length: number, head: number): void {
    if (length < 0x10000) this.put2(head, length);
    else this.put4(head + 1, length);
  }

  /** Makes room for a byte, and writes it. */
  protected byte(byte: number): void {
    this.reserve(1);
    this.bytes[this.end++] = byte;
  }

  /** Writes four bytes, without a head. */
  protected uint32(value: number): void {
    const { bytes, end } = this;
    bytes[end] = value >>> 24;
    bytes[end + 1] = value >>> 16;
    bytes[end + 2] = value >>> 8;
    bytes[end + 3] = value;
    this.end = end + 4;
  }

  /** Makes room for `size` bytes. */
  protected reserve(size: number): void {
    if (this.end + size > this.bytes.length) this.#grow(size);
  }

  #grow(size: number): void {
    const written = this.end - this.#keep;
    const grown = this.pool.acquire(Math.max(2 * written, written + size) + SPARE);
    grown.set(this.bytes.subarray(this.#keep, this.end));
    if (this.#grown) this.pool.release(this.bytes);
    this.#grown = true;
    this.bytes = grown;
    this.start -= this.#keep;
    this.#keep = 0;
    this.end = written;
  }
}
