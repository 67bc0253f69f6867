import { type Address, SSLSEC_NONE, type Transport, type TransportHandler } from "@peng3dnet/core";

/** A transport that a target drives by hand, at once and without the event loop: bytes in, bytes out. */
export class HandTransport implements Transport {
  readonly remoteAddress: Address = ["fuzz", 1];
  readonly socket = undefined;
  readonly reusesChunks: boolean;
  readonly sslSeclevel = SSLSEC_NONE;
  readonly busy = false;
  readonly backlog = 0;
  /** Bytes that the peer under test has sent. */
  written = 0;
  /** Whether it has ended its stream or cut the connection. */
  over = false;
  #handler: TransportHandler | undefined = undefined;
  #paused = false;
  #closed = false;
  readonly #waiting: Uint8Array[] = [];

  constructor(reusesChunks: boolean) {
    this.reusesChunks = reusesChunks;
  }

  start(handler: TransportHandler): void {
    this.#handler = handler;
    handler.ready();
  }

  write(bytes: Uint8Array): boolean {
    this.written += bytes.length;
    return true;
  }

  end(): void {
    this.over = true;
  }

  destroyAfterWrite(): void {
    this.destroy();
  }

  destroy(): void {
    this.over = true;
    this.#close(undefined);
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    while (!this.#paused && this.#waiting.length > 0) this.#deliver(this.#waiting.shift() as Uint8Array);
  }

  /** Bytes come from the other end. */
  feed(bytes: Uint8Array): void {
    if (this.#closed) return;
    if (this.#paused) this.#waiting.push(bytes);
    else this.#deliver(bytes);
  }

  /** The other end goes: in order, or with a reset. */
  leave(reset: boolean): void {
    if (!reset && !this.#closed) this.#handler?.ended();
    this.#close(reset ? Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" }) : undefined);
  }

  #deliver(bytes: Uint8Array): void {
    if (this.#closed) return;
    const chunk = bytes.slice();
    this.#handler?.data(chunk);
    if (this.reusesChunks) chunk.fill(0x2a);
  }

  #close(error: Error | undefined): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#handler?.closed(error);
  }
}
