import {
  type Address,
  escapeText,
  TlsCertificateExpiredError,
  TlsCertificateInvalidError,
  TlsClientCertificateRequiredError,
  TlsHandshakeError,
  TlsHostMismatchError,
  TlsPlainPeerError,
  TlsUnknownCaError,
  TlsVersionError,
} from "@peng3dnet/peer";
import { certificateRejected, certificateRequired } from "@peng3dnet/peer/transport";
import { addressText } from "../tcp/address-text.js";

/** The other side of a handshake. */
export interface TlsPeer {
  readonly side: "server" | "client";
  readonly address: Address;
}

const UNKNOWN_CA: ReadonlySet<string> = new Set([
  "CERT_UNTRUSTED",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
]);
const BAD_DATE: ReadonlySet<string> = new Set(["CERT_HAS_EXPIRED", "CERT_NOT_YET_VALID"]);
const BAD_HOST: ReadonlySet<string> = new Set(["ERR_TLS_CERT_ALTNAME_INVALID", "HOSTNAME_MISMATCH"]);

/** Characters of what OpenSSL said. */
const MAX_REASON = 500;

function nameOf({ side, address }: TlsPeer): string {
  return `the ${side} ${addressText(address)}`;
}

/** What OpenSSL said, in few words. It may quote names of a certificate. */
function reasonOf(error: Error): string {
  const { reason } = error as { reason?: unknown };
  return escapeText(
    typeof reason === "string" ? reason : (error.message.split("\n")[0] as string),
    MAX_REASON,
  );
}

/**
 * The error for a certificate of the peer that does not hold.
 *
 * @param code - as OpenSSL names the problem, e.g. `CERT_HAS_EXPIRED`.
 */
export function verificationError(code: string, peer: TlsPeer, cause?: Error): TlsHandshakeError {
  const whose = `the certificate of ${nameOf(peer)}`;
  const why = cause === undefined ? code : reasonOf(cause);
  const options = { cause: cause ?? Object.assign(new Error(code), { code }) };
  if (UNKNOWN_CA.has(code)) {
    return new TlsUnknownCaError(
      `${whose} is signed by no authority that is trusted here (${why}); name the authority's certificate in net.ssl.cafile`,
      options,
    );
  }
  if (BAD_DATE.has(code)) {
    const fault = code === "CERT_HAS_EXPIRED" ? "has expired" : "is not valid yet";
    return new TlsCertificateExpiredError(
      `${whose} ${fault}; the ${peer.side} needs a new one, unless the clock of this machine is wrong`,
      options,
    );
  }
  if (BAD_HOST.has(code)) {
    return new TlsHostMismatchError(
      `${whose} is for another host (${why}); connect to the host that it names, or set net.ssl.server_hostname to that`,
      options,
    );
  }
  return new TlsCertificateInvalidError(
    `${whose} cannot be verified (${why}); the ${peer.side} needs one that is made for a ${peer.side}`,
    options,
  );
}

/** The error for a client that shows no certificate. */
export function clientCertificateMissing(peer: TlsPeer, cause?: Error): TlsHandshakeError {
  return new TlsClientCertificateRequiredError(
    `${nameOf(peer)} has no certificate; give it one, or switch net.ssl.server.force_verify off`,
    { cause },
  );
}

/**
 * The error for an alert that the peer sent, which may come after this side finished its handshake; `undefined`: it is none.
 *
 * @param error - what the TLS socket tells.
 */
export function tlsAlertError(error: NodeJS.ErrnoException): TlsHandshakeError | undefined {
  // `ERR_SSL_TLSV1_ALERT_UNKNOWN_CA`; newer versions of OpenSSL write `SSL/TLS` for some.
  const alert = /^ERR_SSL_(?:[\w/]+_)?ALERT_(\w+)$/.exec(error.code ?? "")?.[1];
  switch (alert) {
    case undefined:
      return undefined;
    case "CERTIFICATE_REQUIRED":
      return certificateRequired(error);
    case "ACCESS_DENIED":
    case "BAD_CERTIFICATE":
    case "CERTIFICATE_EXPIRED":
    case "CERTIFICATE_REVOKED":
    case "CERTIFICATE_UNKNOWN":
    case "UNKNOWN_CA":
    case "UNSUPPORTED_CERTIFICATE":
      return certificateRejected(reasonOf(error), error);
    case "PROTOCOL_VERSION":
      return noCommonVersion(error);
    case "NO_APPLICATION_PROTOCOL":
      return otherApplication(error);
    case "HANDSHAKE_FAILURE":
      return new TlsHandshakeError(
        "the peer refused the TLS handshake; the two sides have no cipher in common, or the peer demands a certificate (net.ssl.client.certfile)",
        { cause: error },
      );
    default:
      return new TlsHandshakeError(`the peer gave up TLS: ${reasonOf(error)}`, { cause: error });
  }
}

function noCommonVersion(cause: Error): TlsHandshakeError {
  return new TlsVersionError(
    `the two sides have no TLS version in common (${reasonOf(cause)}); compare net.ssl.minversion`,
    { cause },
  );
}

function otherApplication(cause: Error): TlsHandshakeError {
  return new TlsHandshakeError(
    "the peer uses TLS for another protocol than peng3dnet (ALPN); check the address and the port",
    { cause },
  );
}

/**
 * The error for a client whose TLS handshake failed, for servers that take connections in another way, e.g. over https.
 *
 * @param error - what the server's event `tlsClientError` tells.
 * @param address - the client's.
 */
export function clientTlsError(error: Error, address: Address): TlsHandshakeError {
  return handshakeError(error, { side: "client", address });
}

/** The error for a peer that does not speak TLS. */
export function plainPeer(peer: TlsPeer, what: string, cause?: Error): TlsHandshakeError {
  return new TlsPlainPeerError(
    `${nameOf(peer)} ${what}; set net.ssl.enabled there, too, or connect to a port without TLS`,
    { cause },
  );
}

/** The error for a handshake that was under way. */
export function handshakeError(error: NodeJS.ErrnoException, peer: TlsPeer): TlsHandshakeError {
  const alert = tlsAlertError(error);
  if (alert !== undefined) return alert;
  switch (error.code) {
    case "ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE":
      return clientCertificateMissing(peer, error);
    case "ERR_SSL_HTTP_REQUEST":
    case "ERR_SSL_HTTPS_PROXY_REQUEST":
    case "ERR_SSL_PACKET_LENGTH_TOO_LONG":
    case "ERR_SSL_RECORD_LAYER_FAILURE":
    case "ERR_SSL_UNKNOWN_PROTOCOL":
    case "ERR_SSL_WRONG_VERSION_NUMBER":
      return plainPeer(peer, `does not use TLS (${reasonOf(error)})`, error);
    case "ERR_SSL_UNSUPPORTED_PROTOCOL":
    case "ERR_SSL_VERSION_TOO_LOW":
      return noCommonVersion(error);
    case "ERR_SSL_NO_APPLICATION_PROTOCOL":
      return otherApplication(error);
    case "ECONNRESET":
    case "EPIPE":
      return new TlsHandshakeError(
        `${nameOf(peer)} ended the connection within the TLS handshake; its own error says why`,
        { cause: error },
      );
    default:
      return new TlsHandshakeError(`the TLS handshake with ${nameOf(peer)} failed: ${reasonOf(error)}`, {
        cause: error,
      });
  }
}
