import { tooShort } from "./body-errors.js";

const EMPTY = new Uint8Array(0);
const NO_VIEW = new DataView(EMPTY.buffer);
const TWO_TO_32 = 0x100000000;
const MAX_SAFE_HIGH_WORD = 0x1fffff;

/**
 * Reads numbers from bytes, one behind the other. {@link ValueReader} extends it instead of having one, since an object more
 * would cost each packet.
 */
export abstract class ByteReader {
  /** The bytes that the body lies in. */
  protected bytes: Uint8Array = EMPTY;
  /** Where the next byte to read is. */
  protected at = 0;
  /** Where the body ends. */
  protected end = 0;
  /** The bytes that `#view` is a view of: those that a float was read from last. */
  #viewed: Uint8Array = EMPTY;
  #view: DataView = NO_VIEW;

  /** Moves past the next `length` bytes and returns where they begin. @throws {@link BadDataError} if there are fewer. */
  protected take(length: number): number {
    const at = this.at;
    if (at + length > this.end) throw tooShort();
    this.at = at + length;
    return at;
  }

  /** Reads an unsigned integer of 8 bits. It and the following ones throw {@link BadDataError} where too few bytes are left. */
  protected uint8(): number {
    return this.bytes[this.take(1)] as number;
  }

  /** Reads an unsigned integer of 16 bits. */
  protected uint16(): number {
    const at = this.take(2);
    return ((this.bytes[at] as number) << 8) | (this.bytes[at + 1] as number);
  }

  /** Reads an unsigned integer of 32 bits. */
  protected uint32(): number {
    const at = this.take(4);
    const bytes = this.bytes;
    return (
      (((bytes[at] as number) << 24) |
        ((bytes[at + 1] as number) << 16) |
        ((bytes[at + 2] as number) << 8) |
        (bytes[at + 3] as number)) >>>
      0
    );
  }

  /** The float of 32 bits that begins at `at`. {@link ByteReader.take} has moved past it. */
  protected float32(at: number): number {
    if (this.#viewed !== this.bytes) this.#viewAll(this.bytes);
    return this.#view.getFloat32(at);
  }

  /** The same, of 64 bits. */
  protected float64(at: number): number {
    if (this.#viewed !== this.bytes) this.#viewAll(this.bytes);
    return this.#view.getFloat64(at);
  }

  #viewAll(bytes: Uint8Array): void {
    this.#viewed = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /** Reads an unsigned integer of 64 bits: a `bigint` if a number cannot represent it. */
  protected uint64(): number | bigint {
    const high = this.uint32();
    const low = this.uint32();
    if (high <= MAX_SAFE_HIGH_WORD) return high * TWO_TO_32 + low;
    if (this.#viewed !== this.bytes) this.#viewAll(this.bytes);
    return this.#view.getBigUint64(this.at - 8);
  }

  /** The same, signed. */
  protected int64(): number | bigint {
    const high = this.uint32() | 0;
    const low = this.uint32();
    const value = high * TWO_TO_32 + low;
    if (Number.isSafeInteger(value)) return value;
    if (this.#viewed !== this.bytes) this.#viewAll(this.bytes);
    return this.#view.getBigInt64(this.at - 8);
  }

  /** Lets go of the bytes, so that they are not kept in memory. */
  protected letGo(): void {
    this.bytes = EMPTY;
    this.#viewAll(EMPTY);
  }
}
