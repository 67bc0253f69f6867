/** Shortest buffer that is held on to, in bytes: a short one must not take the place of a long one. */
const MIN_HELD = 64 * 1024;
/** Longest buffer that is held on to, in bytes. */
const MAX_HELD = 2 * 1024 * 1024;

/**
 * Makes buffers whose content has no meaning: to fill a long one with zeros first costs as much as to fill it with data.
 *
 * It holds on to the long one made last. The engine frees many at once; where the last one is among them, some C libraries
 * return the memory of all to the system, and have to ask for it again page by page. That took a third of the time of a
 * client that long packets come to.
 */
export class Allocator {
  /** The long buffer made last, unless it is very long. Nobody reads it; it is there to stay in memory. */
  held: Uint8Array | undefined = undefined;

  /** Makes a buffer of `length` bytes. */
  readonly allocate = (length: number): Uint8Array => {
    const { buffer, byteOffset } = Buffer.allocUnsafeSlow(length);
    const bytes = new Uint8Array(buffer, byteOffset, length);
    if (length >= MIN_HELD && length <= MAX_HELD) this.held = bytes;
    return bytes;
  };
}
