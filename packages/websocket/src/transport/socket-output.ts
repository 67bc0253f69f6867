import type { Socket } from "node:net";
import type { WebSocket } from "ws";
import { END_FRAME, HEADER_SIZE, PING_FRAME, PONG_FRAME, writeHeader } from "./frames.js";

/** Up to this length, a message is copied behind its header, which takes less time than to write both one by one. */
const COPIED = 16 * 1024;
/** A browser tells a page of a message when all of it is there, heartbeats behind it included. */
const LONGEST_MESSAGE = 16 * 1024;
const NOTHING = new Uint8Array(0);

/** Where the next short message is put together. Made anew when the kernel could not take one at once. */
let scratch: Buffer | undefined;

/** What a {@link SocketOutput} needs of its connection. */
export interface OutputOwner {
  /** It was busy, and all is with the kernel. */
  writtenOut(): void;
}

/** Writes frames to the socket of a WebSocket itself, since a message of ours needs nothing of what `ws` does for one. */
export class SocketOutput {
  /** Whether the last write is on its way. */
  busy = false;
  /** Whether this end has ended its stream. */
  ended = false;
  readonly #ws: WebSocket;
  readonly #socket: Socket;
  readonly #tls: boolean;
  readonly #owner: OutputOwner;
  /** Bytes of the last write that may be on their way, while it is busy. */
  #unsent = 0;

  /**
   * @param ws - one that was just opened.
   * @param tls - whether the socket is one of TLS.
   */
  constructor(ws: WebSocket, socket: Socket, tls: boolean, owner: OutputOwner) {
    this.#ws = ws;
    this.#socket = socket;
    this.#tls = tls;
    this.#owner = owner;
  }

  /** Whether frames can be written: no close frame has been. */
  get open(): boolean {
    return !this.ended && this.#ws.readyState === this.#ws.OPEN;
  }

  /** Bytes of messages that may be on their way. */
  get backlog(): number {
    if (!this.busy) return 0;
    // Headers and pongs wait there, too.
    this.#unsent = Math.min(this.#unsent, this.#socket.writableLength);
    return this.#unsent;
  }

  /**
   * Writes bytes of the stream, at least one, while it is open.
   *
   * @returns whether the caller may use their memory again.
   */
  write(bytes: Uint8Array): boolean {
    const { length } = bytes;
    const socket = this.#socket;
    const queued = socket.writableLength > 0;
    const written = this.#tls ? this.#written : undefined;
    if (length > COPIED) this.#writeMessages(bytes, written);
    else {
      scratch ??= Buffer.allocUnsafeSlow(HEADER_SIZE + COPIED);
      const size = writeHeader(scratch, length);
      scratch.set(bytes, size);
      socket.write(scratch.subarray(0, size + length), written);
    }
    const sent = socket.writableLength === 0;
    // TLS encrypts, or copies, what does not have to queue.
    const reusable = this.#tls ? !queued : sent;
    if (!reusable && length <= COPIED) scratch = undefined;
    if (!sent) this.#beginBusy(length);
    return reusable || length <= COPIED;
  }

  /** Writes messages that are short enough for a slow receiver to see that something comes. */
  #writeMessages(bytes: Uint8Array, written: ((error?: Error | null) => void) | undefined): void {
    const { length } = bytes;
    const socket = this.#socket;
    socket.cork();
    for (let at = 0; at < length; at += LONGEST_MESSAGE) {
      const end = Math.min(at + LONGEST_MESSAGE, length);
      const header = Buffer.allocUnsafe(HEADER_SIZE);
      socket.write(header.subarray(0, writeHeader(header, end - at)));
      socket.write(bytes.subarray(at, end), end === length ? written : undefined);
    }
    socket.uncork();
  }

  #beginBusy(length: number): void {
    this.#unsent = length;
    if (this.busy) return;
    this.busy = true;
    // Node tells about single writes only: an empty one behind the others tells when all are through.
    if (!this.#tls) this.#socket.write(NOTHING, this.#written);
  }

  readonly #written = (error?: Error | null): void => {
    if (!this.busy) return;
    this.busy = false;
    if ((error === undefined || error === null) && !this.#socket.destroyed) this.#owner.writtenOut();
  };

  /** Ends this end's stream, if a close frame has not done so. */
  end(): void {
    if (this.open) this.#socket.write(END_FRAME);
    this.ended = true;
  }

  /** Has the system look whether the other end is still there. */
  probe(): void {
    // The kernel tells that a socket is broken when something is written, be it nothing. TLS has no empty records.
    if (this.#idle) this.#socket.write(this.#tls ? PONG_FRAME : NOTHING);
  }

  /** Asks the other end's WebSocket for a sign of life. Behind what waits, that would ask for nothing more. */
  ping(): void {
    if (this.#idle) this.#socket.write(PING_FRAME);
  }

  get #idle(): boolean {
    return this.open && this.#socket.writable && this.#socket.writableLength === 0;
  }
}
