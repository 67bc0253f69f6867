import type { Socket } from "node:net";
import { END_FRAME, HEADER_SIZE, PING_FRAME, PONG_FRAME, writeHeader } from "./frames.js";
import { type Framing, SHORT, type Written } from "./framing.js";

/** Where the next short message is put together. Made anew when the kernel could not take one at once. */
let scratch: Buffer | undefined;

/** A server's frames, which are not masked. */
export const plainFrames: Framing = {
  masks: false,
  copiesLong: false,
  short(bytes) {
    scratch ??= Buffer.allocUnsafeSlow(HEADER_SIZE + SHORT);
    const size = writeHeader(scratch, bytes.length);
    scratch.set(bytes, size);
    return scratch.subarray(0, size + bytes.length);
  },
  leave() {
    scratch = undefined;
  },
  writeLong(socket: Socket, bytes: Uint8Array, written: Written) {
    const { length } = bytes;
    socket.cork();
    for (let at = 0; at < length; at += SHORT) {
      const end = Math.min(at + SHORT, length);
      const header = Buffer.allocUnsafe(HEADER_SIZE);
      socket.write(header.subarray(0, writeHeader(header, end - at)));
      socket.write(bytes.subarray(at, end), end === length ? written : undefined);
    }
    socket.uncork();
  },
  end: () => END_FRAME,
  ping: () => PING_FRAME,
  pong: () => PONG_FRAME,
};
