/** A distinguished name: values by short name, e.g. `CN`. */
export type DistinguishedName = Readonly<Record<string, string | readonly string[]>>;

/** The certificate that the peer showed in the TLS handshake. */
export interface PeerCertificate {
  /** Whom it is for, e.g. `{ CN: "alice" }`. */
  readonly subject: DistinguishedName;
  /** Who signed it. */
  readonly issuer: DistinguishedName;
  /** Host names and addresses that it is for, as `"DNS:localhost, IP Address:127.0.0.1"`. */
  readonly subjectAltName: string | undefined;
  /** SHA-256 of the certificate: 32 bytes in upper-case hex, joined by colons. */
  readonly fingerprint256: string;
  /** Serial number in hex. */
  readonly serialNumber: string;
  /** When it begins to be valid. */
  readonly validFrom: Date;
  /** When it expires. */
  readonly validTo: Date;
  /** The certificate itself, DER. */
  readonly raw: Uint8Array;
  /**
   * Whether it has been verified: signed by a trusted authority, within its dates, made for this purpose, and
   * a server's for the host that was asked for. Authorise nobody by a certificate for which this is false.
   */
  readonly verified: boolean;
}
