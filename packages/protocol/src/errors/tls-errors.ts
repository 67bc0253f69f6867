import { ConfigError, ConnectError, type Peng3dnetErrorOptions } from "./errors.js";

/**
 * TLS is switched on, but what it needs is missing, unreadable, does not fit together or has expired. Thrown
 * by `bind` and `connect`, never answered with plain TCP.
 */
export class TlsConfigError extends ConfigError {
  override name = "TlsConfigError";
  override readonly code = "P3D_ERR_TLS_CONFIG";
  /** The file in question; `undefined` if there is none. */
  readonly file: string | undefined;

  constructor(key: string, message: string, options?: Peng3dnetErrorOptions & { file?: string | undefined }) {
    super(key, message, options);
    this.file = options?.file;
  }
}

/** A TLS handshake failed, so that there is no connection. Subclasses say why. */
export class TlsHandshakeError extends ConnectError {
  override name = "TlsHandshakeError";
  override readonly code: string = "P3D_ERR_TLS_HANDSHAKE";
  override readonly closeReason: string = "tlsfailed";
}

/** The peer's certificate comes from no certificate authority that is trusted here. */
export class TlsUnknownCaError extends TlsHandshakeError {
  override name = "TlsUnknownCaError";
  override readonly code = "P3D_ERR_TLS_UNKNOWN_CA";
  override readonly closeReason = "tlsunknownca";
}

/** The server's certificate is for another host. */
export class TlsHostMismatchError extends TlsHandshakeError {
  override name = "TlsHostMismatchError";
  override readonly code = "P3D_ERR_TLS_HOST_MISMATCH";
  override readonly closeReason = "tlshostmismatch";
}

/** The peer's certificate has expired or is not valid yet. */
export class TlsCertificateExpiredError extends TlsHandshakeError {
  override name = "TlsCertificateExpiredError";
  override readonly code = "P3D_ERR_TLS_CERT_EXPIRED";
  override readonly closeReason = "tlscertexpired";
}

/** The peer's certificate cannot be verified for another reason, e.g. it is made for another purpose. */
export class TlsCertificateInvalidError extends TlsHandshakeError {
  override name = "TlsCertificateInvalidError";
  override readonly code = "P3D_ERR_TLS_CERT_INVALID";
  override readonly closeReason = "tlscertinvalid";
}

/** The server demands a certificate of its clients, and this one has none. Either side reports it. */
export class TlsClientCertificateRequiredError extends TlsHandshakeError {
  override name = "TlsClientCertificateRequiredError";
  override readonly code = "P3D_ERR_TLS_CLIENT_CERT_REQUIRED";
  override readonly closeReason = "tlsclientcertrequired";
}

/** The peer did not accept the certificate of this side. */
export class TlsCertificateRejectedError extends TlsHandshakeError {
  override name = "TlsCertificateRejectedError";
  override readonly code = "P3D_ERR_TLS_CERT_REJECTED";
  override readonly closeReason = "tlscertrejected";
}

/** The two sides have no TLS version in common. */
export class TlsVersionError extends TlsHandshakeError {
  override name = "TlsVersionError";
  override readonly code = "P3D_ERR_TLS_VERSION";
  override readonly closeReason = "tlsversion";
}

/** This side uses TLS and the peer does not. */
export class TlsPlainPeerError extends TlsHandshakeError {
  override name = "TlsPlainPeerError";
  override readonly code = "P3D_ERR_TLS_PLAIN_PEER";
  override readonly closeReason = "tlsplainpeer";
}

/** This client does not use TLS and the server does. */
export class TlsRequiredError extends TlsHandshakeError {
  override name = "TlsRequiredError";
  override readonly code = "P3D_ERR_TLS_REQUIRED";
  override readonly closeReason = "tlsrequired";
}
