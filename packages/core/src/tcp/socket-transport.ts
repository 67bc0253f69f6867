import { Socket } from "node:net";
import type { Transport, TransportHandler } from "@peng3dnet/peer";
import { type Address, SSLSEC_NONE, type SslSecLevel } from "@peng3dnet/peer";
import { freeRead } from "./free-read.js";
import { unacknowledged } from "./kernel-queue.js";
import { readFirst, tellFailure } from "./read-first.js";
import type { SocketReader } from "./socket-reader.js";

const NOTHING = new Uint8Array(0);

/**
 * What Node listens to the end of each socket with. It forbids to write on where a socket may not be half open, and does nothing
 * where it may: then it is taken away, as a second listener makes a list, in each of thousands of idle sockets.
 */
const [NODES_OWN] = new Socket().listeners("end") as (() => void)[];

/** Where a socket has the handler of its events. Listeners made for each socket would take an idle one more room than all else. */
const HANDLER = Symbol("handler");
/** Where a socket notes that it was broken off here. */
const DESTROYED = Symbol("destroyed");
interface HandledSocket extends Socket {
  [HANDLER]?: TransportHandler;
  [DESTROYED]?: true;
}

function onData(this: HandledSocket, chunk: Uint8Array): void {
  try {
    this[HANDLER]?.data(chunk);
    freeRead(chunk);
  } catch (error) {
    this[HANDLER]?.crashed(error);
  }
}

function onEnd(this: HandledSocket): void {
  // A line that was broken has no end in order.
  if (tellFailure(this)) return;
  try {
    this[HANDLER]?.ended();
  } catch (error) {
    this[HANDLER]?.crashed(error);
  }
}

/** Does nothing: what broke the socket is told when it is closed. */
function onError(): void {}

function onClose(this: HandledSocket): void {
  try {
    // Since Node 22, writes that were under way make an error of it.
    this[HANDLER]?.closed(this[DESTROYED] ? undefined : (this.errored ?? undefined));
  } catch (error) {
    this[HANDLER]?.crashed(error);
  }
}

/**
 * Finds out whether a socket that is not read is broken: the kernel tells of it when something is written, be it
 * nothing.
 */
export function probe(socket: HandledSocket): void {
  if (tellFailure(socket)) return;
  if (socket.writable && socket.writableLength === 0) socket.write(NOTHING);
}

/** A TCP socket as a {@link Transport}: the one place that listens to a socket's events. */
export class SocketTransport implements Transport {
  readonly socket: HandledSocket;
  readonly #host: string;
  readonly #port: number;
  /** What Node calls once all is written that it was given; `undefined`: it has nothing. */
  #written: ((error?: Error | null) => void) | undefined = undefined;

  /** @param socket - a connected socket with `allowHalfOpen`. */
  constructor(socket: Socket) {
    this.socket = socket;
    this.#host = socket.remoteAddress ?? "";
    this.#port = socket.remotePort ?? 0;
  }

  // What is the same for all is no field: a server may have ten thousand of them.
  /** A client's reads share a buffer, and what an accepted socket reads is freed. */
  get reusesChunks(): boolean {
    return true;
  }

  get remoteAddress(): Address {
    return [this.#host, this.#port];
  }

  get sslSeclevel(): SslSecLevel {
    return SSLSEC_NONE;
  }

  get busy(): boolean {
    return this.#written !== undefined;
  }

  get backlog(): number {
    return this.socket.writableLength;
  }

  start(handler: TransportHandler): void {
    const { socket } = this;
    socket[HANDLER] = handler;
    this.read(handler);
    // While one piece is written, nothing follows it but an empty one.
    readFirst(socket);
    if (NODES_OWN !== undefined && socket.allowHalfOpen) socket.off("end", NODES_OWN);
    socket.on("end", onEnd);
    socket.on("error", onError);
    // What is over already may have said so before anybody listened.
    if (socket.closed) process.nextTick(() => onClose.call(socket));
    else socket.on("close", onClose);
    if (socket.destroyed) return;
    try {
      handler.ready();
    } catch (error) {
      handler.crashed(error);
    }
  }

  /** Tells `handler` from now on what is read. */
  protected read(_handler: TransportHandler): void {
    this.socket.on("data", onData);
  }

  unacknowledged(): Promise<number | undefined> {
    return unacknowledged(this.socket);
  }

  write(bytes: Uint8Array): boolean {
    const { socket } = this;
    socket.write(bytes);
    if (socket.writableLength === 0) return true;
    // Node tells about single writes only: an empty one behind the others tells when all are through.
    if (this.#written === undefined) {
      this.#written = (error) => this.drained(error);
      socket.write(NOTHING, this.#written);
    }
    return false;
  }

  end(): void {
    const { socket } = this;
    // Where the other end is through as well, to close says so, too: one call of the system and few steps of a stream instead of
    // many.
    if (socket.readableEnded && socket.writableLength === 0) this.destroy();
    else socket.end();
  }

  destroyAfterWrite(): void {
    if (!tellFailure(this.socket)) this.socket.destroySoon();
  }

  destroy(): void {
    if (this.socket.destroyed) return;
    this.socket[DESTROYED] = true;
    this.socket.destroy();
  }

  pause(): void {
    this.socket.pause();
  }

  resume(): void {
    this.socket.resume();
  }

  probe(): void {
    probe(this.socket);
  }

  // No private method of the language, which each transport would have a field for.
  private drained(error: Error | null | undefined): void {
    this.#written = undefined;
    if ((error !== undefined && error !== null) || this.socket.destroyed) return;
    const handler = this.socket[HANDLER];
    try {
      handler?.drained();
    } catch (thrown) {
      handler?.crashed(thrown);
    }
  }
}

/** The transport of a socket that was made with a {@link SocketReader}, as those of clients are. */
export class ReadSocketTransport extends SocketTransport {
  /** Until it is started. */
  #reader: SocketReader | undefined;

  constructor(socket: Socket, reader: SocketReader) {
    super(socket);
    this.#reader = reader;
  }

  protected override read(handler: TransportHandler): void {
    this.#reader?.start(handler);
    this.#reader = undefined;
  }
}
