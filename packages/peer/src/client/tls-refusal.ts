/** What a server that demands TLS, or a certificate, has against a client. */
import {
  TlsCertificateRejectedError,
  TlsClientCertificateRequiredError,
  type TlsHandshakeError,
  TlsRequiredError,
} from "@peng3dnet/protocol";

/** The error for a server that demands a certificate of its clients. */
export function certificateRequired(cause?: Error): TlsHandshakeError {
  return new TlsClientCertificateRequiredError(
    "the server demands a certificate of its clients; set net.ssl.client.certfile and net.ssl.client.keyfile",
    { cause },
  );
}

/** The error for a peer that does not accept the certificate of this side. @param why - what it has against it. */
export function certificateRejected(why: string, cause?: Error): TlsHandshakeError {
  return new TlsCertificateRejectedError(
    `the peer did not accept the certificate of this side: ${why}; use one that is valid and signed by an authority that the peer trusts`,
    { cause },
  );
}

/** The error for the reason that a server gives instead of a hello, if the reason is about TLS. */
export function refusalError(reason: string | null): TlsHandshakeError | undefined {
  switch (reason) {
    case "tlsrequired":
      return new TlsRequiredError("the server uses TLS and this client does not; set net.ssl.enabled");
    case "tlsclientcertrequired":
      return certificateRequired();
    case "tlsunknownca":
      return certificateRejected("the server does not trust the authority that signed it");
    case "tlscertexpired":
      return certificateRejected("it has expired or is not valid yet");
    case "tlscertinvalid":
      return certificateRejected("the server cannot verify it");
    default:
      return undefined;
  }
}
