import type { OnReadOpts, Socket } from "node:net";

/** Bytes read at once at most. */
const READ_SIZE = 64 * 1024;

/** Bytes that HTTP has at once. It reads all that it has before anybody can stop it, and a few bytes can be an answer. */
const SLICE = 1024;

/** What clients read into. A read is worked off before the next one, so that one buffer serves all of them. */
let input: Uint8Array | undefined;

/** Takes what was read, which is overwritten later. */
export interface ReadTaker {
  came(chunk: Uint8Array): void;
}

/**
 * Reads a client's socket into a buffer that is reused, which spares an allocation and the steps of a stream for each read. Until
 * the handshake is over, what comes goes through the stream, where HTTP reads it.
 */
export class SocketReader implements OnReadOpts {
  readonly buffer: Uint8Array;
  #socket: Socket | undefined = undefined;
  #taker: ReadTaker | undefined = undefined;

  constructor() {
    input ??= new Uint8Array(READ_SIZE);
    this.buffer = input;
  }

  /** From now on, a stream has what is read. */
  stream(socket: Socket): void {
    this.#socket = socket;
  }

  /** From now on, that one has it. */
  handTo(taker: ReadTaker): void {
    this.#taker = taker;
  }

  /** Bytes were read. @returns whether to read on. */
  readonly callback = (count: number, buffer: Uint8Array): boolean => {
    const taker = this.#taker;
    if (taker === undefined) return this.#pass(buffer.subarray(0, count));
    taker.came(buffer.subarray(0, count));
    return true;
  };

  /** Copies what was read into the stream, in slices: what is given up at one of them is not read on. @returns as above. */
  #pass(bytes: Uint8Array): boolean {
    const socket = this.#socket;
    let more = true;
    for (let at = 0; at < bytes.length && socket?.destroyed === false; at += SLICE)
      more = socket.push(Buffer.from(bytes.subarray(at, at + SLICE)));
    return more;
  }
}
