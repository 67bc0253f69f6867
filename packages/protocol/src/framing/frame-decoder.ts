import { MalformedPacketError, PacketTooLargeError, type Peng3dnetError } from "../errors/errors.js";
import { HEADER_SIZE, LENGTH_SIZE, PREAMBLE_SIZE, readUint16, readUint32 } from "./packet-header.js";
import { plainBytes } from "./plain-bytes.js";
import { type Allocate, type Free, ReceiveBuffer } from "./receive-buffer.js";
import { recogniseForeigner } from "./recognise.js";

const EMPTY = new Uint8Array(0);

/**
 * The input of one connection: it cuts a stream of bytes into packets, in place (clause 1).
 *
 * `push` a chunk, then call `next` until it returns false. After each `true`, the fields describe one
 * packet, until the following call. A length is checked as soon as its four bytes are there and before
 * anything is buffered for it, so that no peer can make this side hold memory by announcing a packet.
 */
export class FrameDecoder {
  /** Longest packet accepted, in bytes without the length prefix. May be changed between packets. */
  limit: number;
  /** Whether `limit` is that of the handshake, so that an error can name the option that helps. */
  early = false;

  /** Id of the current packet. */
  id = 0;
  /** Flags of the current packet. */
  flags = 0;
  /** Bytes that the current packet is a part of. */
  bytes: Uint8Array = EMPTY;
  /** Where its header begins in {@link FrameDecoder.bytes}, behind the length prefix. */
  start = 0;
  /** Where it ends in {@link FrameDecoder.bytes}. */
  end = 0;
  /** Whether {@link FrameDecoder.bytes} holds nothing else and will not change, so that views may be kept. */
  owned = false;

  /** The first bytes of a packet that is not whole yet. */
  #partial: ReceiveBuffer | undefined = undefined;
  readonly #allocate: Allocate;
  readonly #free: Free | undefined;
  /** The bytes that were pushed last. */
  #chunk: Uint8Array = EMPTY;
  /** How many bytes of the chunk were looked at. */
  #position = 0;
  /** Whether no packet of the stream was found yet, so that another protocol may be recognised. */
  #first = true;

  /**
   * @param limit - longest packet accepted, in bytes without the length prefix.
   * @param allocate - makes buffers for packets that arrive in pieces. Default: filled with zeros.
   * @param free - frees such a buffer that is dropped. Default: the engine does.
   */
  constructor(limit: number, allocate: Allocate = (length) => new Uint8Array(length), free?: Free) {
    this.limit = limit;
    this.#allocate = allocate;
    this.#free = free;
  }

  /**
   * Goes on with another stream. Nothing may be left of the one before.
   *
   * @param limit - longest packet accepted, in bytes without the length prefix.
   * @param first - whether that stream begins here, so that another protocol may be recognised.
   */
  reuse(limit: number, first: boolean): void {
    this.limit = limit;
    this.#first = first;
  }

  /** Bytes that were pushed and not looked at yet. */
  get unread(): number {
    return this.#chunk.length - this.#position;
  }

  /** Whether bytes of a packet that is not whole yet are waiting. */
  get incomplete(): boolean {
    return this.#partial !== undefined || this.#position < this.#chunk.length;
  }

  /** Bytes of memory that are held for packets that were not taken yet. */
  get held(): number {
    return (this.#partial?.bytes.length ?? 0) + (this.unread > 0 ? this.#chunk.length : 0);
  }

  /** A copy of the bytes that were pushed and belong to no packet that was taken: the stream goes on behind them. */
  get pending(): Uint8Array {
    const partial = this.#partial?.bytes.subarray(0, this.#partial.length) ?? EMPTY;
    const pending = new Uint8Array(partial.length + this.unread);
    pending.set(partial);
    pending.set(this.#chunk.subarray(this.#position), partial.length);
    return pending;
  }

  /** Length and flags of the next packet, if its header is there. */
  get upcoming(): { readonly length: number; readonly flags: number } | undefined {
    const partial = this.#partial;
    const bytes = partial?.bytes ?? this.#chunk;
    // Of a chunk that comes while there is a part of a packet, nothing was looked at.
    const at = this.#position;
    const end = partial?.length ?? this.#chunk.length;
    if (end - at < PREAMBLE_SIZE) return undefined;
    return { length: readUint32(bytes, at), flags: readUint16(bytes, at + PREAMBLE_SIZE - 2) };
  }

  /**
   * Where the next bytes of the stream may be read to: room in the buffer of a long packet that is not whole yet. What was
   * read there is pushed as any other chunk, and not copied.
   */
  get readTarget(): Uint8Array | undefined {
    return this.#position < this.#chunk.length ? undefined : this.#partial?.readTarget;
  }

  /**
   * Takes the next bytes of the stream. They are read in place: the chunk must not change before `next`
   * has returned false or `retain` was called. An array whose length follows a resizable buffer has to be a new
   * object each time.
   */
  push(chunk: Uint8Array): void {
    if (this.#position < this.#chunk.length) {
      // Packets of the former chunk still wait, e.g. because the application is behind.
      const joined = new Uint8Array(this.#chunk.length - this.#position + chunk.length);
      joined.set(this.#chunk.subarray(this.#position));
      joined.set(chunk, this.#chunk.length - this.#position);
      this.#chunk = joined;
    } else {
      this.#chunk = plainBytes(chunk);
    }
    this.#position = 0;
  }

  /** Copies what has not been read yet, so that the chunk may be reused. */
  retain(): void {
    this.#chunk = this.#position < this.#chunk.length ? this.#chunk.slice(this.#position) : EMPTY;
    this.#position = 0;
  }

  /** Drops everything that has not been read. */
  clear(): void {
    if (this.#partial !== undefined) this.#free?.(this.#partial.bytes);
    this.#partial = undefined;
    this.#chunk = EMPTY;
    this.#position = 0;
    this.bytes = EMPTY;
  }

  /**
   * Moves on to the next whole packet.
   *
   * @returns whether there is one; false means that more bytes are needed.
   * @throws {@link PacketTooLargeError}, {@link MalformedPacketError}, or {@link NotPeng3dnetError} if the
   * very first bytes are those of another protocol. The decoder is then of no further use.
   */
  next(): boolean {
    if (this.#partial !== undefined) return this.#continuePartial(this.#partial);
    const chunk = this.#chunk;
    const at = this.#position;
    const available = chunk.length - at;
    if (available < LENGTH_SIZE) return this.#beginPartial(LENGTH_SIZE);
    const length = readUint32(chunk, at);
    if (length > this.limit || length < HEADER_SIZE) throw this.#badLength(length, chunk, at);
    const end = at + LENGTH_SIZE + length;
    if (end > chunk.length) return this.#beginPartial(LENGTH_SIZE + length);
    this.#position = end;
    this.#setCurrent(chunk, at, end, false);
    return true;
  }

  #beginPartial(expected: number): false {
    if (this.#position < this.#chunk.length) {
      this.#partial = new ReceiveBuffer(this.#allocate);
      this.#partial.append(this.#chunk, this.#position, this.#chunk.length, expected);
    }
    this.#chunk = EMPTY;
    this.#position = 0;
    // An idle connection holds no chunk.
    this.bytes = EMPTY;
    return false;
  }

  #continuePartial(partial: ReceiveBuffer): boolean {
    if (partial.length < LENGTH_SIZE && !this.#fill(partial, LENGTH_SIZE)) return false;
    const length = readUint32(partial.bytes, 0);
    if (length > this.limit || length < HEADER_SIZE) throw this.#badLength(length, partial.bytes, 0);
    if (!this.#fill(partial, LENGTH_SIZE + length)) return false;
    this.#partial = undefined;
    this.#setCurrent(partial.bytes, 0, LENGTH_SIZE + length, true);
    return true;
  }

  /** Moves bytes of the chunk behind the partial packet until that has `wanted` bytes. */
  #fill(partial: ReceiveBuffer, wanted: number): boolean {
    const chunk = this.#chunk;
    const end = Math.min(chunk.length, this.#position + wanted - partial.length);
    if (end > this.#position) partial.append(chunk, this.#position, end, wanted);
    this.#position = end;
    if (end === chunk.length) {
      this.#chunk = EMPTY;
      this.#position = 0;
    }
    return partial.length === wanted;
  }

  #setCurrent(bytes: Uint8Array, at: number, end: number, owned: boolean): void {
    this.id = readUint32(bytes, at + LENGTH_SIZE);
    this.flags = readUint16(bytes, at + LENGTH_SIZE + 4);
    // A store for each chunk instead of one for each packet is faster: "Refer to a chunk once" in docs/performance.
    if (this.bytes !== bytes) this.bytes = bytes;
    this.start = at + LENGTH_SIZE;
    this.end = end;
    this.owned = owned;
    this.#first = false;
  }

  #tooLarge(length: number): PacketTooLargeError {
    return this.early
      ? new PacketTooLargeError("in", length, this.limit, "net.limits.packetlength.handshake")
      : new PacketTooLargeError("in", length, this.limit);
  }

  #badLength(length: number, bytes: Uint8Array, at: number): Peng3dnetError {
    const foreigner = this.#first ? recogniseForeigner(bytes, at) : undefined;
    if (foreigner !== undefined) return foreigner;
    if (length > this.limit) return this.#tooLarge(length);
    return new MalformedPacketError(
      `the peer announced a packet of ${length} bytes, too few for the header of ${PREAMBLE_SIZE - LENGTH_SIZE}`,
    );
  }
}
