import type { Socket } from "node:net";
import { readFirst, tellFailure } from "@peng3dnet/core";
import type { WebSocket } from "ws";
import { type Framing, SHORT } from "./framing.js";

const NOTHING = new Uint8Array(0);

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
  readonly #framing: Framing;
  readonly #owner: OutputOwner;
  /** Bytes of the last write that may be on their way, while it is busy. */
  #unsent = 0;

  /**
   * @param ws - one that was just opened.
   * @param tls - whether the socket is one of TLS.
   */
  constructor(ws: WebSocket, socket: Socket, tls: boolean, framing: Framing, owner: OutputOwner) {
    this.#ws = ws;
    this.#socket = socket;
    this.#tls = tls;
    this.#framing = framing;
    this.#owner = owner;
    readFirst(socket, true);
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
    const framing = this.#framing;
    const short = length <= SHORT;
    if (short) socket.write(framing.short(bytes), written);
    else framing.writeLong(socket, bytes, written);
    const sent = socket.writableLength === 0;
    // TLS encrypts, or copies, what does not have to queue.
    const reusable = this.#tls ? !queued : sent;
    if (!reusable && short) framing.leave();
    if (!sent) this.#beginBusy(length);
    return reusable || short || framing.copiesLong;
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

  /** Ends this end's stream, if a close frame has not done so. @param told - the other end is to be told of it. */
  end(told: boolean): void {
    if (told && this.open) this.#socket.write(this.#framing.end());
    this.ended = true;
  }

  /** Has the system look whether the other end is still there. */
  probe(): void {
    if (tellFailure(this.#socket)) return;
    // The kernel tells that a socket is broken when something is written, be it nothing. TLS has no empty records.
    if (this.#idle) this.#socket.write(this.#tls ? this.#framing.pong() : NOTHING);
  }

  /** Asks the other end's WebSocket for a sign of life. Behind what waits, that would ask for nothing more. */
  ping(): void {
    if (this.#idle) this.#socket.write(this.#framing.ping());
  }

  get #idle(): boolean {
    return this.open && this.#socket.writable && this.#socket.writableLength === 0;
  }
}
