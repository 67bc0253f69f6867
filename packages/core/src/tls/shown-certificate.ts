import type { X509Certificate } from "node:crypto";
import type { TLSSocket } from "node:tls";
import type { DistinguishedName, PeerCertificate } from "@peng3dnet/peer";

/**
 * The certificate that the other end of a TLS connection showed, which outlives the socket: the `peerCertificate` of transports
 * over TLS.
 */
export class ShownCertificate {
  readonly #x509: X509Certificate | undefined;
  readonly #verified: boolean;
  #described: PeerCertificate | undefined = undefined;

  /**
   * @param socket - one whose handshake is complete.
   * @param verified - whether the certificate was verified.
   */
  constructor(socket: TLSSocket, verified: boolean) {
    this.#x509 = socket.getPeerX509Certificate();
    this.#verified = verified;
  }

  /** What is told of it; `undefined`: none was shown. */
  get described(): PeerCertificate | undefined {
    // To take a certificate apart takes time, and few ask.
    if (this.#x509 !== undefined) this.#described ??= describe(this.#x509, this.#verified);
    return this.#described;
  }
}

/** What is told of a certificate. */
function describe(x509: X509Certificate, verified: boolean): PeerCertificate {
  const certificate = x509.toLegacyObject();
  return {
    subject: { ...certificate.subject } as unknown as DistinguishedName,
    issuer: { ...certificate.issuer } as unknown as DistinguishedName,
    subjectAltName: certificate.subjectaltname,
    fingerprint256: certificate.fingerprint256,
    serialNumber: certificate.serialNumber,
    validFrom: new Date(certificate.valid_from),
    validTo: new Date(certificate.valid_to),
    raw: certificate.raw,
    verified,
  };
}
