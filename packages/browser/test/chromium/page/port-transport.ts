import { type Address, SSLSEC_NONE, type Transport, type TransportHandler } from "@peng3dnet/peer";

/** Bytes, a number of bytes that were taken, the end of the stream, or that it is broken off. */
type PortMessage = Uint8Array<ArrayBuffer> | number | "end" | "gone";

const WINDOW = 256 * 1024;

/**
 * A stream over a `MessagePort`, e.g. between a page and its worker. A port has no back-pressure of its own: the reader says
 * how many bytes it has taken, and the writer is busy while too many are not.
 */
export class PortTransport implements Transport {
  readonly remoteAddress: Address = ["port", 0];
  readonly socket = undefined;
  readonly reusesChunks = false;
  readonly sslSeclevel = SSLSEC_NONE;
  busy = false;
  readonly #port: MessagePort;
  #handler: TransportHandler | undefined;
  #waiting: (Uint8Array | "end")[] = [];
  #unread = 0;
  #paused = false;
  #ended = false;
  #peerEnded = false;
  #destroyed = false;
  #closed = false;

  constructor(port: MessagePort) {
    this.#port = port;
  }

  get backlog(): number {
    return this.busy ? this.#unread - WINDOW : 0;
  }

  start(handler: TransportHandler): void {
    this.#handler = handler;
    if (this.#closed) queueMicrotask(() => this.#tell(() => handler.closed(undefined)));
    if (this.#closed || this.#destroyed) return;
    this.#port.onmessage = ({ data }: MessageEvent<PortMessage>) => this.#receive(data);
    this.#tell(() => handler.ready());
  }

  write(bytes: Uint8Array): boolean {
    if (this.#closed || this.#destroyed) return true;
    const copy = new Uint8Array(bytes);
    this.#unread += copy.length;
    this.busy = this.#unread > WINDOW;
    this.#port.postMessage(copy, [copy.buffer]);
    return true;
  }

  end(): void {
    if (this.#ended || this.#closed || this.#destroyed) return;
    this.#ended = true;
    this.#port.postMessage("end");
    queueMicrotask(() => this.#closeIfEnded());
  }

  destroyAfterWrite(): void {
    this.end();
    queueMicrotask(() => this.#close(undefined));
  }

  destroy(): void {
    if (this.#destroyed || this.#closed) return;
    this.#destroyed = true;
    this.#port.postMessage("gone");
    queueMicrotask(() => this.#close(undefined));
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    queueMicrotask(() => this.#pump());
  }

  #receive(message: PortMessage): void {
    if (typeof message === "number") this.#taken(message);
    else if (message === "gone") this.#close(new Error("the other end broke the connection off"));
    else if (!this.#closed) {
      this.#waiting.push(message);
      this.#pump();
    } else if (message === "end") this.#port.close();
    else this.#port.postMessage(message.length); // after destroyAfterWrite: it is thrown away
  }

  #pump(): void {
    while (!this.#paused && !this.#destroyed && !this.#closed) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      if (next !== "end") {
        this.#tell((handler) => handler.data(next));
        this.#port.postMessage(next.length);
        continue;
      }
      this.#peerEnded = true;
      this.#tell((handler) => handler.ended());
      this.#closeIfEnded();
    }
  }

  #taken(bytes: number): void {
    this.#unread -= bytes;
    if (!this.busy || this.#destroyed || this.#closed || this.#unread > WINDOW) return;
    this.busy = false;
    this.#tell((handler) => handler.drained());
  }

  #closeIfEnded(): void {
    if (this.#ended && this.#peerEnded) this.#close(undefined);
  }

  #close(error: Error | undefined): void {
    if (this.#closed) return;
    this.#closed = true;
    this.busy = false;
    // After destroyAfterWrite, the port is needed until the other end has ended.
    if (this.#destroyed || this.#peerEnded || error !== undefined) this.#port.close();
    this.#tell((handler) => handler.closed(this.#destroyed ? undefined : error));
  }

  #tell(call: (handler: TransportHandler) => void): void {
    const handler = this.#handler;
    if (handler === undefined) return;
    try {
      call(handler);
    } catch (error) {
      handler.crashed(error);
    }
  }
}
