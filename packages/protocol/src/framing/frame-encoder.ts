import type { Codec } from "../codec.js";
import type { Compression } from "../compression.js";
import { FLAG_COMPRESSED } from "../constants.js";
import { PacketTooLargeError } from "../errors.js";
import type { BufferPool } from "./buffer-pool.js";
import { HEADER_SIZE, PREAMBLE_SIZE, writePreamble } from "./packet-header.js";

const EMPTY = new Uint8Array(0);
/** Bodies up to this length are copied by a loop, which beats a call into the engine for them. */
const COPY_BY_LOOP = 48;

/** What a {@link FrameEncoder} needs to know. */
export interface FrameEncoderOptions {
  readonly codec: Codec;
  readonly pool: BufferPool;
  /** Longest packet, in bytes without the length prefix. */
  readonly limit: number;
  /** Longest body before compression, in bytes. */
  readonly inflatedLimit: number;
  /** How to compress; `undefined`: not at all. */
  readonly compression: Compression | undefined;
  /** A body longer than this many bytes is compressed. */
  readonly threshold: number;
}

/**
 * Writes packets one behind the other into one output buffer, which is borrowed from a pool only while
 * there is something to send (clause 1).
 */
export class FrameEncoder {
  /** Where the packet written last begins in {@link FrameEncoder.bytes}, with its length prefix. */
  lastStart = 0;
  /** Bytes waiting to be taken. */
  length = 0;
  /** The output buffer. */
  bytes: Uint8Array = EMPTY;
  readonly #options: FrameEncoderOptions;

  constructor(options: FrameEncoderOptions) {
    this.#options = options;
  }

  /**
   * Writes a packet with the given id and value.
   *
   * @throws {@link PacketTooLargeError} or {@link EncodeError}; nothing has been written then.
   */
  encode(id: number, value: unknown): void {
    const { codec, compression, threshold, limit } = this.#options;
    let body = codec.encode(value);
    let flags = 0;
    if (body.length > threshold && compression !== undefined) {
      if (body.length > this.#options.inflatedLimit) {
        throw new PacketTooLargeError("out", body.length, this.#options.inflatedLimit);
      }
      body = compression.deflate(body);
      flags = FLAG_COMPRESSED;
    }
    const bodyLength = body.length;
    if (HEADER_SIZE + bodyLength > limit)
      throw new PacketTooLargeError("out", HEADER_SIZE + bodyLength, limit);
    this.#reserve(PREAMBLE_SIZE + bodyLength);
    const start = this.length;
    const { bytes } = this;
    writePreamble(bytes, start, bodyLength, id, flags);
    if (bodyLength <= COPY_BY_LOOP) {
      for (let index = 0, at = start + PREAMBLE_SIZE; index < bodyLength; index++, at++) {
        bytes[at] = body[index] as number;
      }
    } else {
      bytes.set(body, start + PREAMBLE_SIZE);
    }
    this.lastStart = start;
    this.length = start + PREAMBLE_SIZE + bodyLength;
  }

  /** Adds a packet that has been encoded already, length prefix included. */
  append(packet: Uint8Array): void {
    this.#reserve(packet.length);
    this.bytes.set(packet, this.length);
    this.lastStart = this.length;
    this.length += packet.length;
  }

  /** A view of the packet written last, length prefix included; valid until the next write. */
  last(): Uint8Array {
    return this.bytes.subarray(this.lastStart, this.length);
  }

  /** Takes back the packet written last. */
  undo(): void {
    this.length = this.lastStart;
  }

  /** The bytes to send, as a view of the output buffer. Give them back with {@link FrameEncoder.reset}. */
  view(): Uint8Array {
    return this.bytes.subarray(0, this.length);
  }

  /** Starts anew after the bytes were sent. `reusable`: nobody reads the buffer any more. */
  reset(reusable: boolean): void {
    if (reusable) this.#options.pool.release(this.bytes);
    this.bytes = EMPTY;
    this.length = 0;
    this.lastStart = 0;
  }

  #reserve(size: number): void {
    const needed = this.length + size;
    if (needed <= this.bytes.length) return;
    // By a quarter at least: a long backlog would otherwise be copied for every few packets.
    const spare = Math.max(65536, needed >> 2);
    const grown = this.#options.pool.acquire(
      Math.max(needed, Math.min(2 * this.bytes.length, needed + spare)),
    );
    grown.set(this.bytes.subarray(0, this.length));
    this.#options.pool.release(this.bytes);
    this.bytes = grown;
  }
}
