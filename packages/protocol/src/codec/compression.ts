/**
 * zlib as the protocol needs it (clause 1). The protocol does no compression itself: `@peng3dnet/core` passes
 * `node:zlib`, a browser would pass another. Both functions work at once.
 */
export interface Compression {
  /** A zlib stream of `bytes`. */
  deflate(bytes: Uint8Array): Uint8Array;

  /**
   * What the zlib stream `bytes` holds, in memory that nobody else uses.
   *
   * @param limit - longest result, in bytes.
   * @throws {@link DecompressLimitError} as soon as the result exceeds the limit.
   * @throws {@link BadDataError} if `bytes` is not exactly one whole zlib stream.
   */
  inflate(bytes: Uint8Array, limit: number): Uint8Array;
}
