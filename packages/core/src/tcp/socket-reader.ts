import type { OnReadOpts } from "node:net";
import type { TransportHandler } from "@peng3dnet/peer";

/** Bytes read at once at most. */
const READ_SIZE = 64 * 1024;

/** What clients read into. A read is worked off before the next one, so that one buffer serves all of them. */
let input: Uint8Array | undefined;

/** Reads a socket that connects. */
export interface SocketReader extends OnReadOpts {
  /** Tells `handler` from now on what is read, which is overwritten later. */
  start(handler: TransportHandler): void;
}

/**
 * Reads a client's socket into a buffer that is reused, which spares an allocation for each read; the rest of a long
 * packet to where that is put together. Only a socket that connects can be made so, by the option `onread` of `connect` of
 * `node:net`; nothing is read before it has connected. The socket keeps the two functions that it calls, and nobody the rest.
 */
export function socketReader(): SocketReader {
  let handler: TransportHandler | undefined;
  return {
    start(to) {
      handler = to;
    },
    /** Where the next bytes go to. */
    buffer() {
      try {
        const target = handler?.readTarget();
        if (target !== undefined) return target;
      } catch (error) {
        handler?.crashed(error);
      }
      input ??= new Uint8Array(READ_SIZE);
      return input;
    },
    /** Bytes were read. @returns whether to read on. */
    callback(count, buffer) {
      try {
        handler?.data(buffer.subarray(0, count));
      } catch (error) {
        handler?.crashed(error);
      }
      return true;
    },
  };
}
