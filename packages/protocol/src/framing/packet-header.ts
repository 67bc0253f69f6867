/** Length of the prefix that announces a packet's length, in bytes (clause 1). */
export const LENGTH_SIZE = 4;
/** Length of the header behind it, in bytes: packet id and flags. */
export const HEADER_SIZE = 6;
/** Everything before the body. */
export const PREAMBLE_SIZE = LENGTH_SIZE + HEADER_SIZE;

/** Reads the big-endian uint32 at `at`. */
export function readUint32(bytes: Uint8Array, at: number): number {
  return (
    (((bytes[at] as number) << 24) |
      ((bytes[at + 1] as number) << 16) |
      ((bytes[at + 2] as number) << 8) |
      (bytes[at + 3] as number)) >>>
    0
  );
}

/** Reads the big-endian uint16 at `at`. */
export function readUint16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
}

/** Writes length prefix, id and flags of a packet at `at`. */
export function writePreamble(
  bytes: Uint8Array,
  at: number,
  bodyLength: number,
  id: number,
  flags: number,
): void {
  const length = HEADER_SIZE + bodyLength;
  bytes[at] = length >>> 24;
  bytes[at + 1] = length >>> 16;
  bytes[at + 2] = length >>> 8;
  bytes[at + 3] = length;
  bytes[at + 4] = id >>> 24;
  bytes[at + 5] = id >>> 16;
  bytes[at + 6] = id >>> 8;
  bytes[at + 7] = id;
  bytes[at + 8] = flags >>> 8;
  bytes[at + 9] = flags;
}
