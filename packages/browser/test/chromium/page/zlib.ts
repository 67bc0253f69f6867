// Stands in for the zlib of the protocol's tests, which is Node's.
import { BadDataError, type Compression, DecompressLimitError } from "@peng3dnet/peer";
import { Unzlib, zlibSync } from "fflate";

/** Adler-32. */
function checksum(bytes: Uint8Array): number {
  let [one, other] = [1, 0];
  for (const byte of bytes) {
    one = (one + byte) % 65521;
    other = (other + one) % 65521;
  }
  return other * 65536 + one;
}

/** zlib by `fflate`. */
export const zlib: Compression = {
  deflate: (data) => zlibSync(data),
  inflate(data, limit) {
    const parts: Uint8Array[] = [];
    let length = 0;
    const stream = new Unzlib((part) => {
      length += part.length;
      if (length > limit) throw new DecompressLimitError(`more than ${limit} bytes`);
      parts.push(part);
    });
    try {
      stream.push(data, true);
    } catch (error) {
      if (error instanceof DecompressLimitError) throw error;
      throw new BadDataError("no zlib stream", { cause: error });
    }
    const whole = new Uint8Array(length);
    let at = 0;
    for (const part of parts) {
      whole.set(part, at);
      at += part.length;
    }
    // The checksum, which fflate does not look at, stands at the very end.
    if (
      data.length < 6 ||
      checksum(whole) !== new DataView(data.buffer, data.byteOffset).getUint32(data.length - 4)
    ) {
      throw new BadDataError("no zlib stream");
    }
    return whole;
  },
};
