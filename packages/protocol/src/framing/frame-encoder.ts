import type { Codec } from "../codec/codec.js";
import type { Compression } from "../codec/compression.js";
import type { ValueWriter } from "../codec/writing/value-writer.js";
import { FLAG_COMPRESSED } from "../constants.js";
import { namePacket } from "../errors/error-text.js";
import { PacketTooLargeError } from "../errors/errors.js";
import { type BufferPool, POOLED_LENGTH, SHORT_LENGTH } from "./buffer-pool.js";
import { HEADER_SIZE, PREAMBLE_SIZE, writePreamble } from "./packet-header.js";
import type { SharedOutput } from "./shared-output.js";

const EMPTY = new Uint8Array(0);
/** Room that a buffer must have for a packet to be begun in it, in bytes. Most packets fit and are not moved then. */
const MIN_ROOM = 512;

/** Options of a {@link FrameEncoder}, and what it shares with others of the same peer. */
export interface FrameEncoderOptions {
  /** Encodes bodies in place. */
  readonly writer: ValueWriter;
  /** Encodes bodies instead of `writer`. */
  readonly codec?: Codec | undefined;
  /** Lends the output buffers. */
  readonly pool: BufferPool;
  /** Lets connections share output that is the same for many of them. Default: short output is copied. */
  readonly sharedOutput?: SharedOutput | undefined;
  /** Longest packet, in bytes without the length prefix. */
  readonly limit: number;
  /** Longest body before compression, in bytes. */
  readonly inflatedLimit: number;
  /** How to compress; `undefined`: not at all. */
  readonly compression: Compression | undefined;
  /** A body longer than this many bytes is compressed. */
  readonly threshold: number;
}

/** A buffer that is full and waits to be taken. */
interface FullBuffer {
  readonly bytes: Uint8Array;
  /** How many of its bytes are used. */
  readonly used: number;
  /** Whether it must not go back to the pool, since it is not from there or belongs to others, too. */
  readonly shared: boolean;
}

/**
 * The output of one connection: it writes packets one behind the other into buffers (clause 1). Buffers are borrowed from a
 * pool, and only while there is something to send. The first one is short; when it is full, its content moves to one of the
 * usual length, and so does what other connections share. Apart from that, no packet is moved once it is written, and none is
 * spread over two buffers.
 */
export class FrameEncoder {
  /** Bytes waiting to be taken. */
  length = 0;
  readonly #options: FrameEncoderOptions;
  /** Longest body that stays as it was written. Longer ones are compressed, or are too long. */
  readonly #inPlace: number;
  /** Buffers before the current one, in order; `undefined` while there are none. */
  #full: FullBuffer[] | undefined = undefined;
  /** The current buffer, which packets are written to. */
  #bytes: Uint8Array = EMPTY;
  /** Whether the current buffer belongs to others, too. */
  #shared = false;
  /** How many bytes of the current buffer are used. */
  #used = 0;
  /** Where the packet written last begins in the current buffer, with its length prefix. */
  #lastStart = 0;
  /** Whether a packet is being written behind the used bytes. */
  #writing = false;
  /** How many values are being written. It is more than one if a getter of a value sends another one. */
  #depth = 0;

  constructor(options: FrameEncoderOptions) {
    const { limit, compression, threshold } = options;
    this.#options = options;
    this.#inPlace = Math.min(limit - HEADER_SIZE, compression === undefined ? limit : threshold);
  }

  /** Whether nothing waits and nothing is being written. */
  get idle(): boolean {
    return this.length === 0 && this.#depth === 0;
  }

  /**
   * Writes a packet with the given id and value.
   *
   * @param name - name of the packet, for errors.
   * @throws {@link PacketTooLargeError} or {@link EncodeError}; nothing has been written then.
   */
  encode(id: number, value: unknown, name?: string): void {
    const { codec } = this.#options;
    this.#depth++;
    try {
      if (codec === undefined) this.#write(id, value);
      else this.#appendBody(id, codec.encode(value));
    } catch (error) {
      throw name === undefined ? error : namePacket(error, name);
    } finally {
      this.#depth--;
      this.#writing = false;
    }
  }

  /**
   * Adds a packet that has been encoded already, length prefix included. It must not change any more, since it may be sent
   * from where it is: it is not copied if it is long, or if nothing but such packets waits, as in a broadcast. All others are
   * copied, so that they leave together with what follows.
   */
  append(packet: Uint8Array): void {
    const { length } = packet;
    if (this.#writing) this.#leave();
    if (this.#used === 0 || length > POOLED_LENGTH) this.#lend(packet);
    else if (!this.#shared) {
      this.#reserve(length);
      this.#bytes.set(packet, this.#used);
    } else this.#appendShared(packet);
    this.#commit(length);
  }

  /** Adds a packet behind bytes that other connections may have waiting, too. */
  #appendShared(packet: Uint8Array): void {
    if (this.#used + packet.length > POOLED_LENGTH) {
      this.#lend(packet);
      return;
    }
    const both = this.#options.sharedOutput?.join(this.#bytes, packet);
    if (both === undefined) {
      this.#reserve(packet.length);
      this.#bytes.set(packet, this.#used);
    } else this.#bytes = both;
  }

  /** Goes on in a packet that others may send from where it is, too. */
  #lend(packet: Uint8Array): void {
    this.#continueIn(packet);
    this.#shared = true;
  }

  /** Takes back the packet written last, right after it was written. */
  takeBack(): void {
    this.length -= this.lastLength;
    this.#used = this.#lastStart;
    if (this.#used === 0) this.#dropBuffer(true);
  }

  /** A copy of the packet written last, length prefix included. */
  last(): Uint8Array {
    // An observer may change or keep it, and the buffer may hold the output of other connections.
    return this.#bytes.slice(this.#lastStart, this.#used);
  }

  /** Length of the packet written last, its prefix included. */
  get lastLength(): number {
    return this.#used - this.#lastStart;
  }

  /**
   * The bytes to send next, as a view of an output buffer. It must not be written to, since other connections may wait for
   * the same bytes. Call {@link FrameEncoder.taken} once they were handed over.
   */
  view(): Uint8Array {
    if (this.#writing) this.#leave();
    const full = this.#full?.[0];
    return full === undefined ? this.#bytes.subarray(0, this.#used) : full.bytes.subarray(0, full.used);
  }

  /**
   * The bytes of {@link FrameEncoder.view} were handed over.
   *
   * @param reusable - whether nobody reads their buffer any more.
   */
  taken(reusable: boolean): void {
    const full = this.#full?.shift();
    if (full === undefined) {
      this.length = 0;
      this.#dropBuffer(reusable);
    } else {
      this.length -= full.used;
      if (this.#full?.length === 0) this.#full = undefined;
      if (reusable && !full.shared) this.#options.pool.release(full.bytes);
    }
  }

  /** Hands all output that waits over to another encoder, behind what waits there. */
  moveTo(other: FrameEncoder): void {
    while (this.length > 0) {
      other.append(this.view().slice());
      this.taken(true);
    }
  }

  /** Drops output that waits, but for what is in the current buffer, which somebody may be writing or looking at. */
  clearFull(): void {
    for (const { bytes, used, shared } of this.#full ?? []) {
      this.length -= used;
      if (!shared) this.#options.pool.release(bytes);
    }
    this.#full = undefined;
  }

  /** Drops all output that waits. */
  clear(): void {
    if (this.#writing) this.#leave();
    this.clearFull();
    this.length = 0;
    this.#dropBuffer(true);
  }

  /** Writes a packet in place: first the body, behind room for length prefix and header, and then those. */
  #write(id: number, value: unknown): void {
    const writer = this.#options.writer.idle();
    this.#reserve(MIN_ROOM);
    this.#writing = true;
    const keep = this.#bytes.length === SHORT_LENGTH ? 0 : this.#used;
    writer.write(value, this.#bytes, this.#used, PREAMBLE_SIZE, keep);
    const left = !this.#writing;
    this.#writing = false;
    const { bytes, start, end } = writer;
    const bodyLength = end - start - PREAMBLE_SIZE;
    if (bytes.length > POOLED_LENGTH) writer.release();
    if (left || bodyLength > this.#inPlace) {
      const lent = bytes !== this.#bytes;
      this.#appendBody(id, bytes.subarray(start + PREAMBLE_SIZE, end));
      if (lent) this.#options.pool.release(bytes);
      return;
    }
    if (bytes !== this.#bytes) {
      if (start === this.#used) this.#replace(bytes);
      else this.#continueIn(bytes);
    }
    writePreamble(bytes, this.#used, bodyLength, id, 0);
    this.#commit(PREAMBLE_SIZE + bodyLength);
  }

  /** Adds a packet with a body that was written elsewhere, and compresses it if it is long. */
  #appendBody(id: number, whole: Uint8Array): void {
    const { limit, inflatedLimit, threshold, compression } = this.#options;
    let body = whole;
    let flags = 0;
    if (compression !== undefined && body.length > threshold) {
      if (body.length > inflatedLimit) {
        throw new PacketTooLargeError("out", body.length, inflatedLimit, "net.limits.inflated");
      }
      body = compression.deflate(body);
      flags = FLAG_COMPRESSED;
    }
    if (HEADER_SIZE + body.length > limit) {
      throw new PacketTooLargeError("out", HEADER_SIZE + body.length, limit);
    }
    this.#reserve(PREAMBLE_SIZE + body.length);
    writePreamble(this.#bytes, this.#used, body.length, id, flags);
    this.#bytes.set(body, this.#used + PREAMBLE_SIZE);
    this.#commit(PREAMBLE_SIZE + body.length);
  }

  /** Counts a packet that now stands behind the used bytes. */
  #commit(length: number): void {
    this.#lastStart = this.#used;
    this.#used += length;
    this.length += length;
  }

  /** Makes room for `size` bytes in the current buffer, or makes another one current. */
  #reserve(size: number): void {
    if (this.#writing) this.#leave();
    const needed = this.#used + size;
    if (needed <= this.#bytes.length) return;
    const { pool } = this.#options;
    if (needed <= SHORT_LENGTH) this.#moveTo(pool.acquireShort());
    else if (this.#movable(needed)) this.#moveTo(pool.acquire(needed));
    else this.#continueIn(pool.acquire(size));
  }

  /** Whether what waits is moved once a packet does not fit behind it, so that both leave together. */
  #movable(needed: number): boolean {
    if (this.#shared) return needed <= POOLED_LENGTH;
    return this.#used > 0 && this.#bytes.length <= SHORT_LENGTH;
  }

  /** Goes on in another buffer, to which the used bytes are copied. */
  #moveTo(bytes: Uint8Array): void {
    if (this.#used > 0) bytes.set(this.#bytes.subarray(0, this.#used));
    this.#replace(bytes);
  }

  /** Goes on in another buffer, which has a copy of the used bytes already. */
  #replace(bytes: Uint8Array): void {
    if (!this.#shared) this.#options.pool.release(this.#bytes);
    this.#bytes = bytes;
    this.#shared = false;
  }

  /** Goes on in another buffer behind this one. */
  #continueIn(bytes: Uint8Array): void {
    if (this.#used === 0) this.#options.pool.release(this.#bytes);
    else {
      this.#full ??= [];
      this.#full.push({ bytes: this.#bytes, used: this.#used, shared: this.#shared });
    }
    this.#bytes = bytes;
    this.#shared = false;
    this.#used = 0;
  }

  /**
   * Leaves the current buffer to the value that is being written, since a getter of that value uses this connection. What
   * the buffer had before is copied.
   */
  #leave(): void {
    this.#writing = false;
    if (this.#used > 0) {
      this.#full ??= [];
      this.#full.push({ bytes: this.#bytes.slice(0, this.#used), used: this.#used, shared: true });
    }
    this.#dropBuffer(false);
  }

  #dropBuffer(reusable: boolean): void {
    if (reusable && !this.#shared) this.#options.pool.release(this.#bytes);
    this.#bytes = EMPTY;
    this.#shared = false;
    this.#used = 0;
    this.#lastStart = 0;
  }
}
