import type { OnReadOpts } from "node:net";

/** Bytes read at once at most. */
const READ_SIZE = 64 * 1024;

/** What clients read into. A read is worked off before the next one, so that one buffer serves all of them. */
let input: Uint8Array | undefined;

/**
 * Reads a client's socket into a buffer that is reused, which spares an allocation for each read; the rest of a long
 * packet to where that is put together. Only a socket
 * that connects can be made so; nothing is read before it has connected.
 */
export class SocketReader {
  /** Called with what was read, which is overwritten later. */
  read: (chunk: Uint8Array) => void = () => {};

  /** Where to read to, if not to the buffer that is reused. */
  room: () => Uint8Array | undefined = () => undefined;

  /** For `connect` of `node:net`. */
  readonly onread: OnReadOpts = {
    buffer: () => {
      const room = this.room();
      if (room !== undefined) return room;
      input ??= new Uint8Array(READ_SIZE);
      return input;
    },
    callback: (count, buffer) => {
      this.read(buffer.subarray(0, count));
      return true;
    },
  };
}
