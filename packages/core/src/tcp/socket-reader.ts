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
 * `node:net`; nothing is read before it has connected. The socket keeps what it calls, and nobody the rest: one function for both
 * of its questions, as a process may have thousands of clients.
 */
export function socketReader(): SocketReader {
  let handler: TransportHandler | undefined;
  /** Asked for nothing but a place: where the next bytes go to. */
  function read(): Uint8Array;
  /** Bytes were read. @returns whether to read on. */
  function read(count: number, chunk: Uint8Array): boolean;
  function read(count?: number, chunk?: Uint8Array): Uint8Array | boolean {
    try {
      if (chunk !== undefined) handler?.data(chunk.subarray(0, count));
      else {
        const target = handler?.readTarget();
        if (target !== undefined) return target;
      }
    } catch (error) {
      handler?.crashed(error);
    }
    if (chunk !== undefined) return true;
    input ??= new Uint8Array(READ_SIZE);
    return input;
  }
  return {
    start(to) {
      handler = to;
    },
    buffer: read,
    callback: read,
  };
}
