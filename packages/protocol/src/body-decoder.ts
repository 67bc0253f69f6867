import { BODY_HAS_BINARY, BODY_NEEDS_EXACTNESS, type BodyCheck } from "./body-check.js";
import type { Codec } from "./codec.js";
import type { Compression } from "./compression.js";
import { FLAG_COMPRESSED } from "./constants.js";
import { UnsupportedFlagsError } from "./errors.js";
import type { FrameDecoder } from "./framing/frame-decoder.js";
import { HEADER_SIZE, readUint32 } from "./framing/packet-header.js";
import type { PacketEntry, PacketRegistry } from "./packet-registry.js";

/** Packets that are decoded together at most. */
const RUN_LENGTH = 32;
/** Longest body that is decoded together with others, in bytes: what that spares is the same for any body. */
const RUN_BODY = 256;

/** Packets that were decoded together. */
export interface PacketRun {
  readonly entries: readonly PacketEntry[];
  readonly values: readonly unknown[];
}

/** Checks bodies and decodes them. One serves all connections of a peer. */
export class BodyDecoder {
  readonly #check: BodyCheck;
  readonly #codec: Codec;
  readonly #compression: Compression | undefined;

  /** @param compression - for inflating; `undefined`: compressed bodies are refused. */
  constructor(check: BodyCheck, codec: Codec, compression: Compression | undefined) {
    this.#check = check;
    this.#codec = codec;
    this.#compression = compression;
  }

  /**
   * Decodes a body.
   *
   * @param owned - whether `bytes` holds nothing else and does not change.
   * @param limit - longest body after decompression, in bytes.
   * @throws {@link BadDataError}, {@link UnsupportedFlagsError}, {@link DecompressLimitError}.
   */
  decode(
    bytes: Uint8Array,
    start: number,
    end: number,
    flags: number,
    owned: boolean,
    limit: number,
  ): unknown {
    if (flags !== 0) {
      const inflated = this.#inflate(flags, bytes.subarray(start, end), limit);
      return this.decode(inflated, 0, inflated.length, 0, true, limit);
    }
    const traits = this.#check.check(bytes, start, end);
    // The chunk may be reused or hold other packets, so that binary values are cut from a copy.
    const body =
      (traits & BODY_HAS_BINARY) !== 0 && !owned
        ? bytes.slice(start, end)
        : new Uint8Array(bytes.buffer, bytes.byteOffset + start, end - start);
    return this.#codec.decode(body, (traits & BODY_NEEDS_EXACTNESS) !== 0);
  }

  #inflate(flags: number, body: Uint8Array, limit: number): Uint8Array {
    if (flags !== FLAG_COMPRESSED || this.#compression === undefined) {
      const here = this.#compression === undefined ? ", and not here" : "";
      throw new UnsupportedFlagsError(
        `the peer sent a packet with flags 0x${flags.toString(16)}; only compression (0x1) is supported${here}`,
      );
    }
    return this.#compression.inflate(body, limit);
  }

  /**
   * Decodes the current packet of `frames` together with small ones behind it in the same chunk, which beats
   * decoding them one by one: setting a decoder up costs as much as a small body. Their bodies are moved
   * together within the chunk.
   *
   * @returns `undefined` if the current packet is not of the kind, or alone; nothing has changed then.
   */
  decodeRun(frames: FrameDecoder, registry: PacketRegistry): PacketRun | undefined {
    const { decodeMany } = this.#codec;
    const { bytes, start: packetStart, end: firstEnd } = frames;
    const start = packetStart + HEADER_SIZE;
    if (decodeMany === undefined || frames.owned || frames.flags !== 0 || firstEnd - start > RUN_BODY)
      return undefined;
    if (!frames.peek()) return undefined;
    const first = registry.findId(readUint32(bytes, packetStart));
    if (first === undefined || first.internal || !this.#isPlain(bytes, start, firstEnd)) return undefined;
    const entries = [first];
    let end = firstEnd;
    do {
      const bodyStart = frames.start + HEADER_SIZE;
      const bodyEnd = frames.end;
      const entry = registry.findId(frames.id);
      if (entry === undefined || entry.internal || frames.flags !== 0 || bodyEnd - bodyStart > RUN_BODY)
        break;
      if (!this.#isPlain(bytes, bodyStart, bodyEnd)) break;
      for (let from = bodyStart; from < bodyEnd; from++) bytes[end++] = bytes[from] as number;
      entries.push(entry);
      frames.advance();
    } while (entries.length < RUN_LENGTH && frames.peek());
    const values = decodeMany.call(
      this.#codec,
      new Uint8Array(bytes.buffer, bytes.byteOffset + start, end - start),
      entries.length,
    );
    return { entries, values };
  }

  /** Whether a body is acceptable and nothing special is to be done about it. */
  #isPlain(bytes: Uint8Array, start: number, end: number): boolean {
    try {
      return this.#check.check(bytes, start, end) === 0;
    } catch {
      // It is refused when its turn comes, after those before it.
      return false;
    }
  }
}
