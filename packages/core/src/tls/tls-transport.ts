import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import type { PeerCertificate, Transport, TransportHandler } from "@peng3dnet/peer";
import { type Address, SSLSEC_WRAPPED, type SslSecLevel } from "@peng3dnet/peer";
import { freeRead } from "../tcp/free-read.js";
import { unacknowledged } from "../tcp/kernel-queue.js";
import { readFirst, tellFailure } from "../tcp/read-first.js";
import type { ShownCertificate } from "./shown-certificate.js";
import { tlsAlertError } from "./tls-errors.js";

/** Calls `call` within an event of a socket, from which nothing may escape. */
export function shielded(handler: TransportHandler, call: () => void): void {
  try {
    call();
  } catch (error) {
    handler.crashed(error);
  }
}

/** A TLS connection as a {@link Transport}: the one place that listens to a TLS socket's events. */
export abstract class TlsTransport implements Transport {
  readonly remoteAddress: Address;
  /** What is read is freed. */
  readonly reusesChunks = true;
  sslSeclevel: SslSecLevel = SSLSEC_WRAPPED;
  sslSeclevelOnHello: SslSecLevel | undefined = undefined;
  protected handler: TransportHandler | undefined = undefined;
  #socket: Socket;
  #error: Error | undefined = undefined;
  #busy = false;
  #certificate: ShownCertificate | undefined = undefined;

  /** @param socket - the TLS socket, or the one that it is going to be wrapped round. */
  constructor(socket: Socket) {
    this.#socket = socket;
    this.remoteAddress = [socket.remoteAddress ?? "", socket.remotePort ?? 0];
  }

  get socket(): Socket {
    return this.#socket;
  }

  get peerCertificate(): PeerCertificate | undefined {
    return this.#certificate?.described;
  }

  get bytesBeforeStream(): number {
    return this.#socket.bytesRead;
  }

  /** Notes the certificate that the peer showed; it outlives the socket. */
  protected noteCertificate(certificate: ShownCertificate): void {
    this.#certificate = certificate;
  }

  get busy(): boolean {
    return this.#busy;
  }

  get backlog(): number {
    return this.#socket.writableLength;
  }

  abstract start(handler: TransportHandler): void;

  /** The handshake is complete: from now on, the TLS socket is the connection. */
  protected useSecured(socket: TLSSocket, handler: TransportHandler): void {
    this.#socket = socket;
    // Before, an end had to be an end of both sides: nobody would have noticed it otherwise.
    socket.allowHalfOpen = true;
    readFirst(socket);
    socket.on("data", (chunk: Buffer) => {
      try {
        handler.data(chunk);
        freeRead(chunk);
      } catch (error) {
        handler.crashed(error);
      }
    });
    socket.on("end", () => {
      // A line that was broken has no end in order.
      if (!tellFailure(socket)) shielded(handler, () => handler.ended());
    });
    socket.on("error", (error) => {
      shielded(handler, () => {
        this.#error ??= tlsAlertError(error) ?? error;
      });
      // Node reports an alert and leaves the socket open.
      socket.destroy();
    });
    const close = (): void => shielded(handler, () => handler.closed(this.#error));
    // What is over already may have said so before anybody listened.
    if (socket.closed) process.nextTick(close);
    else socket.on("close", close);
  }

  unacknowledged(): Promise<number | undefined> {
    return unacknowledged(this.socket);
  }

  write(bytes: Uint8Array): boolean {
    this.#busy = true;
    this.#socket.write(bytes, this.#written);
    // No other write is under way: Node has encrypted it, or has copied what it cannot encrypt yet.
    return true;
  }

  end(): void {
    this.#socket.end();
  }

  destroyAfterWrite(): void {
    if (!tellFailure(this.#socket)) this.#socket.destroySoon();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** A client has one server, which it hears of when it reads on. */
  probe(): void {}

  readonly #written = (error?: Error | null): void => {
    this.#busy = false;
    // The stream is destroyed after it has told of what a write failed with.
    if (error || this.#socket.destroyed) return;
    const handler = this.handler as TransportHandler;
    try {
      handler.drained();
    } catch (thrown) {
      handler.crashed(thrown);
    }
  };
}
