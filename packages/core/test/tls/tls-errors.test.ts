// What is told of each thing that OpenSSL may say, also of what no handshake with a peer of ours comes to.

import {
  type Address,
  clientTlsError,
  TlsCertificateExpiredError,
  TlsCertificateInvalidError,
  TlsCertificateRejectedError,
  TlsClientCertificateRequiredError,
  TlsHandshakeError,
  TlsHostMismatchError,
  TlsPlainPeerError,
  TlsUnknownCaError,
  TlsVersionError,
} from "@peng3dnet/core";
import { handshakeError, verificationError } from "../../src/tls/tls-errors.js";

const ADDRESS: Address = ["127.0.0.1", 4000];
const CLIENT = "the client 127.0.0.1:4000";
const SERVER = { side: "server", address: ADDRESS } as const;

/** An error as Node makes it of what OpenSSL said. */
const said = (code: string | undefined, reason?: unknown): Error =>
  Object.assign(new Error("what Node says\nof many lines"), { code, reason });

const REJECTED =
  "the peer did not accept the certificate of this side: why; use one that is valid and signed by an authority that the peer trusts";
const PLAIN = `${CLIENT} does not use TLS (why); set net.ssl.enabled there, too, or connect to a port without TLS`;
const VERSION = "the two sides have no TLS version in common (why); compare net.ssl.minversion";
const ALPN = "the peer uses TLS for another protocol than peng3dnet (ALPN); check the address and the port";
const ENDED = `${CLIENT} ended the connection within the TLS handshake; its own error says why`;
const alerts = (names: readonly string[]): string[] =>
  names.flatMap((name) => [
    `ERR_SSL_TLSV1_ALERT_${name}`,
    `ERR_SSL_SSL/TLS_ALERT_${name}`,
    `ERR_SSL_ALERT_${name}`,
  ]);

test.each<[string, readonly string[], typeof TlsHandshakeError, string]>([
  [
    "a certificate is demanded",
    alerts(["CERTIFICATE_REQUIRED"]),
    TlsClientCertificateRequiredError,
    "the server demands a certificate of its clients; set net.ssl.client.certfile and net.ssl.client.keyfile",
  ],
  [
    "the certificate is not taken",
    alerts([
      "ACCESS_DENIED",
      "BAD_CERTIFICATE",
      "CERTIFICATE_EXPIRED",
      "CERTIFICATE_REVOKED",
      "CERTIFICATE_UNKNOWN",
      "UNKNOWN_CA",
      "UNSUPPORTED_CERTIFICATE",
    ]),
    TlsCertificateRejectedError,
    REJECTED,
  ],
  [
    "versions differ",
    [...alerts(["PROTOCOL_VERSION"]), "ERR_SSL_UNSUPPORTED_PROTOCOL", "ERR_SSL_VERSION_TOO_LOW"],
    TlsVersionError,
    VERSION,
  ],
  [
    "protocols differ",
    [...alerts(["NO_APPLICATION_PROTOCOL"]), "ERR_SSL_NO_APPLICATION_PROTOCOL"],
    TlsHandshakeError,
    ALPN,
  ],
  [
    "the handshake is refused",
    alerts(["HANDSHAKE_FAILURE"]),
    TlsHandshakeError,
    "the peer refused the TLS handshake; the two sides have no cipher in common, or the peer demands a certificate (net.ssl.client.certfile)",
  ],
  [
    "another alert came",
    alerts(["DECODE_ERROR", "INTERNAL_ERROR"]),
    TlsHandshakeError,
    "the peer gave up TLS: why",
  ],
  [
    "no certificate came",
    ["ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE"],
    TlsClientCertificateRequiredError,
    `${CLIENT} has no certificate; give it one, or switch net.ssl.server.force_verify off`,
  ],
  [
    "something else than TLS came",
    [
      "ERR_SSL_HTTP_REQUEST",
      "ERR_SSL_HTTPS_PROXY_REQUEST",
      "ERR_SSL_PACKET_LENGTH_TOO_LONG",
      "ERR_SSL_RECORD_LAYER_FAILURE",
      "ERR_SSL_UNKNOWN_PROTOCOL",
      "ERR_SSL_WRONG_VERSION_NUMBER",
    ],
    TlsPlainPeerError,
    PLAIN,
  ],
  ["the connection ended", ["ECONNRESET", "EPIPE"], TlsHandshakeError, ENDED],
  [
    "anything else failed",
    ["ERR_SSL_NO_SHARED_CIPHER", "MY_ERR_SSL_ALERT_UNKNOWN_CA", "ERR_SSL_ALERT_UNKNOWN_CA!", ""],
    TlsHandshakeError,
    `the TLS handshake with ${CLIENT} failed: why`,
  ],
])("%s", (_what, codes, type, message) => {
  for (const code of codes) {
    const cause = said(code, "why");
    const error = clientTlsError(cause, ADDRESS);
    expect([code, error.constructor.name, error.message]).toEqual([code, type.name, message]);
    expect(error.cause).toBe(cause);
  }
});

test("without a code and a reason, the first line that Node says is told, shortened and escaped", () => {
  const start = `the TLS handshake with ${CLIENT} failed: `;
  expect(clientTlsError(said(undefined), ADDRESS).message).toBe(`${start}what Node says`);
  expect(clientTlsError(said(undefined, 5), ADDRESS).message).toBe(`${start}what Node says`);
  expect(clientTlsError(said("X", "\x1b[2J"), ADDRESS).message).toBe(`${start}\\u001b[2J`);
  expect(clientTlsError(said("X", "y".repeat(900)), ADDRESS).message).toBe(`${start}${"y".repeat(500)}…`);
});

test("a client is told of its server", () => {
  expect(handshakeError(said("ECONNRESET"), SERVER).message).toMatch(/^the server 127\.0\.0\.1:4000 ended/);
});

describe("a certificate that does not hold", () => {
  const WHOSE = "the certificate of the server 127.0.0.1:4000";
  const UNKNOWN = `${WHOSE} is signed by no authority that is trusted here (why); name the authority's certificate in net.ssl.cafile`;
  const HOST = `${WHOSE} is for another host (why); connect to the host that it names, or set net.ssl.server_hostname to that`;

  test.each<[string, typeof TlsHandshakeError, string]>([
    ["CERT_UNTRUSTED", TlsUnknownCaError, UNKNOWN],
    ["DEPTH_ZERO_SELF_SIGNED_CERT", TlsUnknownCaError, UNKNOWN],
    ["SELF_SIGNED_CERT_IN_CHAIN", TlsUnknownCaError, UNKNOWN],
    ["UNABLE_TO_GET_ISSUER_CERT", TlsUnknownCaError, UNKNOWN],
    ["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", TlsUnknownCaError, UNKNOWN],
    ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", TlsUnknownCaError, UNKNOWN],
    [
      "CERT_HAS_EXPIRED",
      TlsCertificateExpiredError,
      `${WHOSE} has expired; the server needs a new one, unless the clock of this machine is wrong`,
    ],
    [
      "CERT_NOT_YET_VALID",
      TlsCertificateExpiredError,
      `${WHOSE} is not valid yet; the server needs a new one, unless the clock of this machine is wrong`,
    ],
    ["ERR_TLS_CERT_ALTNAME_INVALID", TlsHostMismatchError, HOST],
    ["HOSTNAME_MISMATCH", TlsHostMismatchError, HOST],
    [
      "INVALID_PURPOSE",
      TlsCertificateInvalidError,
      `${WHOSE} cannot be verified (why); the server needs one that is made for a server`,
    ],
  ])("%s", (code, type, message) => {
    const cause = said(code, "why");
    const error = verificationError(code, SERVER, cause);
    expect([error.constructor.name, error.message]).toEqual([type.name, message]);
    expect(error.cause).toBe(cause);
    // Of what a server finds wrong with a client, there is a code alone.
    const bare = verificationError(code, SERVER);
    expect(bare.message).toBe(message.replace("(why)", `(${code})`));
    expect(bare.cause).toMatchObject({ message: code, code });
  });
});
