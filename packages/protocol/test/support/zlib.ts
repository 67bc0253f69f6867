import { deflateSync, inflateSync } from "node:zlib";
import { BadDataError, type Compression, DecompressLimitError } from "@peng3dnet/protocol";

/** zlib as a connection wants it, over `node:zlib`. */
export const zlib: Compression = {
  deflate: (data) => deflateSync(data),
  inflate(data, limit) {
    try {
      const { buffer, engine } = inflateSync(data, { maxOutputLength: limit, info: true }) as unknown as {
        buffer: Buffer;
        engine: { bytesWritten: number };
      };
      if (engine.bytesWritten !== data.length) throw new BadDataError("bytes follow the zlib stream");
      return new Uint8Array(buffer);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") {
        throw new DecompressLimitError(`more than ${limit} bytes`, { cause: error });
      }
      throw error instanceof BadDataError ? error : new BadDataError("no zlib stream", { cause: error });
    }
  },
};
