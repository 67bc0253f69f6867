import { isIP, type Socket } from "node:net";
import { type ConnectionOptions, connect, type TLSSocket } from "node:tls";
import type { TransportHandler } from "@peng3dnet/peer";
import {
  AbortedError,
  type Address,
  HandshakeTimeoutError,
  SSLSEC_BOTHAUTH,
  SSLSEC_ENCRYPTED,
  SSLSEC_SERVERAUTH,
  type SslSecLevel,
} from "@peng3dnet/peer";
import { Deadline, onGivenUp } from "@peng3dnet/peer/transport";
import { addressText } from "../tcp/address-text.js";
import type { DialOptions } from "../tcp/dial.js";
import { ShownCertificate } from "./shown-certificate.js";
import { handshakeError, type TlsPeer, verificationError } from "./tls-errors.js";
import type { TlsClientOptions } from "./tls-options.js";
import { shielded, TlsTransport } from "./tls-transport.js";

/** A TLS session that may be resumed. */
interface Resumable {
  readonly session: Buffer;
  /** Whether the server asked for a certificate; it does not again. */
  readonly asked: boolean;
}

/** Sessions that may be resumed, by what they were made with; the least recently made one goes first. */
const sessions = new Map<string, Resumable>();
const MAX_SESSIONS = 256;

/** What the handshake of a client established. */
export interface EstablishedTls {
  readonly sslSeclevel: SslSecLevel;
  /** What the server's first packet proves in addition; `undefined`: nothing. */
  readonly sslSeclevelOnHello: SslSecLevel | undefined;
  /** What the server showed. */
  readonly certificate: ShownCertificate;
}

function establishedTls(socket: TLSSocket, options: TlsClientOptions, asked: boolean): EstablishedTls {
  const verified = options.verify && options.checkHostname && socket.authorized;
  return {
    certificate: new ShownCertificate(socket, verified),
    sslSeclevel: verified ? SSLSEC_SERVERAUTH : SSLSEC_ENCRYPTED,
    sslSeclevelOnHello: verified && asked && options.hasCertificate ? SSLSEC_BOTHAUTH : undefined,
  };
}

/** A client's end, whose handshake is complete. */
export class TlsClientTransport extends TlsTransport {
  readonly #tls: TLSSocket;

  constructor(socket: TLSSocket, tls: EstablishedTls) {
    super(socket);
    this.#tls = socket;
    this.sslSeclevel = tls.sslSeclevel;
    this.sslSeclevelOnHello = tls.sslSeclevelOnHello;
    this.noteCertificate(tls.certificate);
  }

  override start(handler: TransportHandler): void {
    this.handler = handler;
    this.useSecured(this.#tls, handler);
    if (!this.#tls.destroyed) shielded(handler, () => handler.ready());
  }
}

function connectOptions(
  socket: Socket,
  host: string,
  alpn: string,
  options: TlsClientOptions,
): ConnectionOptions {
  const name = options.serverHostname ?? host;
  return {
    socket,
    secureContext: options.context,
    host: name,
    // An IP address cannot be asked for by name (RFC 6066, 3).
    ...(isIP(name) === 0 && { servername: name }),
    ALPNProtocols: [alpn],
    rejectUnauthorized: options.verify,
    ...(!options.checkHostname && { checkServerIdentity: () => undefined }),
  };
}

/**
 * Does the TLS handshake of a client over a connected socket.
 *
 * @param address - the server's, as the application gave it.
 * @param alpn - name of the protocol that is spoken over it.
 * @param established - gets the TLS socket, within the event, so that nothing that follows is missed.
 * @throws {@link TlsHandshakeError} or a subclass, {@link HandshakeTimeoutError}, {@link AbortedError}. The
 * socket is gone then.
 */
export function connectTls(
  socket: Socket,
  address: Address,
  options: TlsClientOptions,
  alpn: string,
  request: DialOptions,
  established: (socket: TLSSocket, tls: EstablishedTls) => void,
): Promise<void> {
  const { clock, timeout } = request;
  const peer: TlsPeer = { side: "server", address };
  const scope = `${options.resumptionScope} ${addressText(address)} ${options.serverHostname} ${alpn}`;
  return new Promise((resolve, reject) => {
    // There is none where none may be resumed.
    const former = sessions.get(scope);
    const tls = connect({
      ...connectOptions(socket, address[0], alpn, options),
      ...(former && { session: former.session }),
    });
    const wasAsked = (): boolean =>
      tls.isSessionReused() ? former?.asked === true : askedForCertificate(tls);
    const leave = (): void => {
      deadline?.cancel();
      stopListening();
      tls.off("error", onError);
      tls.off("secureConnect", onSecure);
    };
    const giveUp = (error: unknown): void => {
      leave();
      // Whatever the dying socket still says concerns nobody.
      tls.on("error", () => {});
      tls.destroy();
      reject(error);
    };
    const onError = (error: NodeJS.ErrnoException): void => {
      // Node compares the names once the handshake is over, as it does with what it could not verify.
      const { authorizationError } = tls;
      giveUp(
        authorizationError
          ? verificationError(String(authorizationError), peer, error)
          : handshakeError(error, peer),
      );
    };
    let stopListening = (): void => {};
    const onSecure = (): void => {
      leave();
      try {
        established(tls, establishedTls(tls, options, wasAsked()));
        resolve();
      } catch (error) {
        giveUp(error);
      }
    };
    const deadline = Deadline.start(clock, timeout, () => {
      const hint =
        socket.bytesRead === 0 ? "; it sent nothing, so that it may not be a peng3dnet server" : "";
      const where = addressText(address);
      giveUp(
        new HandshakeTimeoutError(
          `${where} did not finish the TLS handshake within ${timeout} s (net.timeout.handshake)${hint}`,
        ),
      );
    });
    tls.on("error", onError);
    tls.on("secureConnect", onSecure);
    if (options.resumptionScope !== undefined) {
      tls.on("session", (session: Buffer) => remember(scope, { session, asked: wasAsked() }));
    }
    // It may be given up already.
    stopListening = onGivenUp(request, (cause) =>
      giveUp(new AbortedError("connecting was aborted", { cause })),
    );
  });
}

/** On a client, these algorithms are what the server listed when it asked for a certificate. */
function askedForCertificate(tls: TLSSocket): boolean {
  return tls.getSharedSigalgs().length > 0;
}

function remember(scope: string, session: Resumable): void {
  sessions.delete(scope);
  sessions.set(scope, session);
  const [oldest] = sessions.keys();
  if (sessions.size > MAX_SESSIONS) sessions.delete(oldest as string);
}
