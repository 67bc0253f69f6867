import { deflateSync, inflateSync } from "node:zlib";
import { BadDataError, type Compression, DecompressLimitError } from "@peng3dnet/peer";

/** What `inflateSync` returns with `info`, which its type declarations leave out. */
interface InflateResult {
  readonly buffer: Buffer;
  readonly engine: { readonly bytesWritten: number };
}

/** The bytes in a buffer of their own: zlib's is longer, and what lies behind them is memory that anybody used. */
function owned(buffer: Buffer): Uint8Array {
  return buffer.length === buffer.buffer.byteLength ? plain(buffer) : new Uint8Array(buffer);
}

function plain(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
}

/** {@link Compression} by `node:zlib`. @param level - zlib level, -1 to 9. */
export function zlibCompression(level: number): Compression {
  return {
    deflate: (bytes) => plain(deflateSync(bytes, { level })),
    inflate(bytes, limit) {
      let result: InflateResult;
      try {
        result = inflateSync(bytes, { maxOutputLength: limit, info: true }) as unknown as InflateResult;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") {
          throw new DecompressLimitError(
            `a compressed body inflates to more than the ${limit} bytes allowed; raise net.limits.inflated, or before the handshake is complete net.limits.inflated.handshake, if such packets are expected`,
            {
              cause: error,
            },
          );
        }
        throw new BadDataError(`a compressed body is not a zlib stream: ${(error as Error).message}`, {
          cause: error,
        });
      }
      if (result.engine.bytesWritten !== bytes.length) {
        throw new BadDataError(
          `${bytes.length - result.engine.bytesWritten} bytes follow the zlib stream in a body`,
        );
      }
      return owned(result.buffer);
    },
  };
}
