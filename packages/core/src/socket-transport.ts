import type { Socket } from "node:net";
import { type Address, SSLSEC_NONE, type SslSecLevel } from "@peng3dnet/protocol";
import type { SocketReader } from "./socket-reader.js";
import type { Transport, TransportHandler } from "./transport.js";

const NOTHING = new Uint8Array(0);

/** A TCP socket as a {@link Transport}: the one place that listens to a socket's events. */
export class SocketTransport implements Transport {
  readonly socket: Socket;
  readonly remoteAddress: Address;
  readonly reusesChunks: boolean;
  readonly sslSeclevel: SslSecLevel = SSLSEC_NONE;
  readonly #reader: SocketReader | undefined;
  #handler: TransportHandler | undefined = undefined;
  #error: Error | undefined = undefined;
  #busy = false;

  /**
   * @param socket - a connected socket with `allowHalfOpen`.
   * @param reader - what reads it; default: its `data` events.
   */
  constructor(socket: Socket, reader?: SocketReader) {
    this.socket = socket;
    this.reusesChunks = reader !== undefined;
    this.#reader = reader;
    this.remoteAddress = [socket.remoteAddress ?? "", socket.remotePort ?? 0];
  }

  get busy(): boolean {
    return this.#busy;
  }

  get backlog(): number {
    return this.socket.writableLength;
  }

  start(handler: TransportHandler): void {
    this.#handler = handler;
    const { socket } = this;
    const read = (chunk: Uint8Array): void => handler.data(chunk);
    if (this.#reader === undefined) socket.on("data", read);
    else this.#reader.read = read;
    socket.on("end", () => handler.ended());
    socket.on("error", (error) => {
      this.#error ??= error;
    });
    socket.on("close", () => handler.closed(this.#error));
    handler.ready();
  }

  write(bytes: Uint8Array): boolean {
    const { socket } = this;
    socket.write(bytes);
    if (socket.writableLength === 0) return true;
    // Node tells about single writes only: an empty one behind the others tells when all are through.
    if (!this.#busy) {
      this.#busy = true;
      socket.write(NOTHING, this.#written);
    }
    return false;
  }

  end(): void {
    this.socket.end();
  }

  destroyAfterWrite(): void {
    this.socket.destroySoon();
  }

  destroy(): void {
    this.socket.destroy();
  }

  pause(): void {
    this.socket.pause();
  }

  resume(): void {
    this.socket.resume();
  }

  readonly #written = (error?: Error | null): void => {
    this.#busy = false;
    if (error === undefined || error === null) this.#handler?.drained();
  };
}
