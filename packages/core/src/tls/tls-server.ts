import type { Socket } from "node:net";
import { createServer, type Server as NodeTlsServer, type TLSSocket } from "node:tls";
import type { Clock, TransportHandler } from "@peng3dnet/peer";
import { SSLSEC_BOTHAUTH, SSLSEC_ENCRYPTED, type TlsHandshakeError } from "@peng3dnet/peer";
import { Deadline } from "@peng3dnet/peer/transport";
import { tellFailure } from "../tcp/read-first.js";
import { probe } from "../tcp/socket-transport.js";
import { ShownCertificate } from "./shown-certificate.js";
import {
  clientCertificateMissing,
  handshakeError,
  plainPeer,
  type TlsPeer,
  verificationError,
} from "./tls-errors.js";
import { ALPN_PROTOCOL, type TlsServerOptions } from "./tls-options.js";
import { shielded, TlsTransport } from "./tls-transport.js";

/** Stands for no deadline: the longest delay that a timer of Node can hold, in milliseconds. */
const NEVER = 0x7fff_ffff;

/** What a client without TLS is told. */
export interface PlainNotice {
  readonly clock: Clock;
  /** Seconds from accept after which a client that has said nothing is told; 0: never. */
  after(): number;
  /** The packet that it is told with. */
  packet(): Uint8Array;
}

/**
 * Accepts TLS connections on sockets that others listen for. One stands for one set of certificates: new
 * certificates take a new one, and the connections of the old one live on.
 */
export class TlsAcceptor {
  readonly #server: NodeTlsServer;
  readonly #clientAuth: boolean;
  readonly #notice: PlainNotice;

  constructor({ context, clientAuth }: TlsServerOptions, notice: PlainNotice) {
    this.#clientAuth = clientAuth;
    this.#notice = notice;
    this.#server = createServer({
      ...context,
      ALPNProtocols: [ALPN_PROTOCOL],
      requestCert: clientAuth,
      // Refused here, in `TlsServerTransport.secured`: Node would cut the connection without a word.
      rejectUnauthorized: false,
      // The session has a deadline that counts from accept.
      handshakeTimeout: NEVER,
    });
    this.#server.on("secureConnection", function (this: ServerView, socket) {
      this.transport.secured(socket);
    });
    this.#server.on("tlsClientError", function (this: ServerView, error) {
      this.transport.failed(error);
    });
  }

  /** A transport over a socket that was just accepted; its handshake begins with `start`. */
  wrap(socket: Socket): TlsTransport {
    return new TlsServerTransport(socket, this.#clientAuth, this.#notice, (transport) => {
      // Node makes the TLS socket itself and reports on it to the server only. Each connection has its own
      // view of the server, so that reports find their way back.
      const view: ServerView = Object.create(this.#server);
      view.transport = transport;
      view.emit("connection", socket);
    });
  }
}

/** The TLS server as one connection sees it: what is told of the connection leads to its transport. */
interface ServerView extends NodeTlsServer {
  transport: TlsServerTransport;
}

class TlsServerTransport extends TlsTransport {
  readonly #clientAuth: boolean;
  readonly #notice: PlainNotice;
  readonly #begin: (transport: TlsServerTransport) => void;
  readonly #peer: TlsPeer;
  readonly #raw: Socket;
  #silence: Deadline | undefined = undefined;
  #secured = false;
  #destroyed = false;
  #failure: TlsHandshakeError | undefined = undefined;

  constructor(
    socket: Socket,
    clientAuth: boolean,
    notice: PlainNotice,
    begin: (transport: TlsServerTransport) => void,
  ) {
    super(socket);
    this.#clientAuth = clientAuth;
    this.#notice = notice;
    this.#begin = begin;
    this.#raw = socket;
    this.#peer = { side: "client", address: this.remoteAddress };
  }

  override start(handler: TransportHandler): void {
    this.handler = handler;
    const raw = this.#raw;
    const close = (): void => {
      shielded(handler, () => {
        this.#silence?.cancel();
        if (!this.#secured) handler.closed(this.#destroyed ? undefined : (this.#failure ?? this.#ended()));
      });
    };
    // What is over already may have said so before anybody listened.
    if (raw.closed) process.nextTick(close);
    else raw.on("close", close);
    if (raw.destroyed) return;
    // The TLS socket takes this over, and would otherwise not close when the client goes away.
    raw.allowHalfOpen = false;
    this.#silence = Deadline.start(this.#notice.clock, this.#notice.after(), () =>
      shielded(handler, () => this.#notify()),
    );
    this.#begin(this);
  }

  /** What a TLS client would have sent at once is missing: it is told, without TLS, that it is needed here. */
  #notify(): void {
    const raw = this.#raw;
    if (raw.bytesRead === 0 && !raw.destroyed) raw.write(this.#notice.packet());
  }

  /** Why the socket closed, if nothing else is known. */
  #ended(): TlsHandshakeError {
    const { bytesRead } = this.#raw;
    return bytesRead === 0
      ? plainPeer(this.#peer, "left without having started TLS")
      : handshakeError(Object.assign(new Error("the socket was closed"), { code: "ECONNRESET" }), this.#peer);
  }

  override destroy(): void {
    this.#destroyed = true;
    super.destroy();
  }

  override probe(): void {
    if (tellFailure(this.socket)) return;
    // TLS sends no empty records; the socket below it can be asked.
    probe(this.#raw);
  }

  /** The handshake failed. */
  failed(error: Error): void {
    shielded(this.handler as TransportHandler, () => {
      this.#failure ??= handshakeError(error, this.#peer);
    });
    this.#raw.destroy();
  }

  /** The handshake is complete. */
  secured(socket: TLSSocket): void {
    const handler = this.handler as TransportHandler;
    shielded(handler, () => this.#useSecured(socket, handler));
  }

  #useSecured(socket: TLSSocket, handler: TransportHandler): void {
    this.#secured = true;
    this.#silence?.cancel();
    this.sslSeclevel = this.#clientAuth && socket.authorized ? SSLSEC_BOTHAUTH : SSLSEC_ENCRYPTED;
    if (this.#clientAuth) this.noteCertificate(new ShownCertificate(socket, socket.authorized));
    // TLS 1.2 lets a client negotiate anew; what was verified has to stay true.
    socket.disableRenegotiation();
    this.useSecured(socket, handler);
    if (this.#clientAuth && !socket.authorized) handler.refused(this.#refusal(socket));
    else handler.ready();
  }

  #refusal({ authorizationError }: TLSSocket): TlsHandshakeError {
    return this.peerCertificate === undefined
      ? clientCertificateMissing(this.#peer)
      : verificationError(String(authorizationError), this.#peer);
  }
}
