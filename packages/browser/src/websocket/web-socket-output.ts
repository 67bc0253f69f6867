import { type Clock, ConnectionLostError } from "@peng3dnet/peer";
import { DrainWatch } from "./drain-watch.js";
import { isOwn, type WebSocketLike } from "./web-socket.js";

/** Bytes that may wait in the WebSocket before it counts as busy. */
const WINDOW = 256 * 1024;
/** It is busy until no more than so many wait. */
const ROOMY = WINDOW / 2;
/** Longest message: a receiver that puts messages together hears nothing of one until all of it is there. */
const LONGEST_MESSAGE = 16 * 1024;
/** Longest output that is copied to a buffer that is there already. */
const SCRATCH = 16 * 1024;

const END = new ArrayBuffer(0);

/** What the output of a WebSocket asks and tells its transport. */
export interface OutputOwner {
  /** Whether nothing but the end may be told any more. */
  over(): boolean;
  /** There is room to write again. */
  drained(): void;
  /** The WebSocket takes nothing. */
  failed(error: ConnectionLostError): void;
}

/** What is written to a WebSocket: in which messages, and how much of it waits there. */
export class WebSocketOutput {
  /** Whether so much waits that nothing more is to be written. */
  busy = false;
  readonly #socket: WebSocketLike;
  readonly #owner: OutputOwner;
  readonly #drains: DrainWatch;
  /** Whether `send` takes what it is given at once. That of `ws` may need it for longer, e.g. to compress it. */
  readonly #copies: boolean;
  #written = 0;
  /** Where short messages are copied to, for a WebSocket that does not copy them itself. */
  #scratch: Uint8Array | undefined = undefined;
  #backlog = 0;

  constructor(socket: WebSocketLike, clock: Clock, owner: OutputOwner) {
    this.#socket = socket;
    this.#owner = owner;
    this.#drains = new DrainWatch(clock, () => this.look());
    this.#copies = isOwn(socket);
  }

  get backlog(): number {
    if (this.busy) this.#backlog = Math.min(this.#backlog, this.#socket.bufferedAmount);
    return this.busy ? this.#backlog : 0;
  }

  /** Writes a piece of the stream, which is not empty. */
  write(bytes: Uint8Array): void {
    this.#written += bytes.length;
    const message = this.#copies ? bytes : this.#copied(bytes);
    for (let at = 0; at < message.length; at += LONGEST_MESSAGE)
      this.#send(message.subarray(at, at + LONGEST_MESSAGE));
    const waiting = this.#socket.bufferedAmount;
    if (waiting > WINDOW) {
      this.busy = true;
      this.#backlog = Math.min(waiting, this.#written);
      this.#drains.start(waiting);
    }
    // What waits may be in it.
    if (waiting > 0) this.#scratch = undefined;
  }

  /** Looks whether there is room to write again. @returns what waits. */
  look(): number {
    const waiting = this.#socket.bufferedAmount;
    const over = this.#owner.over();
    if (waiting > ROOMY && !over) return waiting;
    this.#drains.stop();
    if (!this.busy || over) return waiting;
    this.busy = false;
    this.#owner.drained();
    return waiting;
  }

  /** Nothing is written any more but the end. */
  stop(): void {
    this.#drains.stop();
    // Whoever keeps a client that is closed is not to keep that.
    this.#scratch = undefined;
  }

  /** Writes the end of the stream. */
  end(): void {
    this.#send(END);
  }

  /** A copy, which is valid until the next one, or for good once {@link #scratch} is no more. */
  #copied(bytes: Uint8Array): Uint8Array {
    const { length } = bytes;
    if (length > SCRATCH) return bytes.slice();
    this.#scratch ??= new Uint8Array(SCRATCH);
    this.#scratch.set(bytes);
    return this.#scratch.subarray(0, length);
  }

  #send(bytes: Uint8Array | ArrayBuffer): void {
    try {
      // Typed arrays have a type of their own for each version of the compiler; all WebSockets take them.
      this.#socket.send(bytes as ArrayBuffer);
    } catch (error) {
      this.#owner.failed(new ConnectionLostError("the WebSocket does not take anything", { cause: error }));
    }
  }
}
