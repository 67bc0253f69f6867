/**
 * The frame format: uint32 length of what follows, uint32 packet id, uint16 flags, msgpack body.
 */

export const LENGTH_SIZE = 4;
export const HEADER_SIZE = 10;
/** The part of the header that the length field counts. */
export const COUNTED_HEADER = HEADER_SIZE - LENGTH_SIZE;
const MAX_LENGTH = 16 * 1024 * 1024;

/** What can be tuned; the defaults are the fastest found. */
export interface WireTuning {
  /** Bytes that are gathered before they are written within a batch. */
  readonly flushBytes: number;
  /** Or so many packets, and within a batch twice as many each time. Over TLS each write is a record of its own. */
  readonly flushPackets: number;
  /** `inPlace` uses private members of the encoder, to know what a copy less is worth. */
  readonly encode: "copy" | "inPlace";
  /**
   * - `single`: a view for each body, which costs as much as decoding a small one.
   * - `batch`: the bodies of one read are moved together and decoded as one run of values.
   * - `inPlace`: uses private members of the decoder, to know what that is worth.
   */
  readonly decode: "single" | "batch" | "inPlace";
}

export function writeHeader(target: Uint8Array, at: number, bodyLength: number, id: number): void {
  const length = bodyLength + COUNTED_HEADER;
  target[at] = length >>> 24;
  target[at + 1] = length >>> 16;
  target[at + 2] = length >>> 8;
  target[at + 3] = length;
  target[at + 4] = id >>> 24;
  target[at + 5] = id >>> 16;
  target[at + 6] = id >>> 8;
  target[at + 7] = id;
  target[at + 8] = 0;
  target[at + 9] = 0;
}

export function readUint32(source: Buffer, pos: number): number {
  return (
    (source[pos] as number) * 0x1000000 +
    (((source[pos + 1] as number) << 16) | ((source[pos + 2] as number) << 8) | (source[pos + 3] as number))
  );
}

export function readLength(source: Buffer, pos: number): number {
  const length = readUint32(source, pos);
  if (length < COUNTED_HEADER || length > MAX_LENGTH) {
    throw new Error(`a packet of ${length} bytes`);
  }
  return length;
}
