import { constants, createHash, type X509Certificate } from "node:crypto";
import { createSecureContext, type SecureContext, type SecureContextOptions } from "node:tls";
import { type Config, type ConfigKey, TlsConfigError } from "@peng3dnet/peer";
import { PemSource } from "./pem.js";

/** Name under which peng3dnet is agreed upon in a TLS handshake (ALPN). */
export const ALPN_PROTOCOL = "peng3dnet/2";

/** What a server needs for TLS, read and checked. */
export interface TlsServerOptions {
  readonly context: SecureContextOptions;
  /** Every client has to show a valid certificate. */
  readonly clientAuth: boolean;
}

/** What a client needs for TLS, read and checked. */
export interface TlsClientOptions {
  readonly context: SecureContext;
  /** Refuse a server whose certificate cannot be verified. */
  readonly verify: boolean;
  /** Check that its certificate is for the host. */
  readonly checkHostname: boolean;
  /** Name to ask for and to check; `null`: the host connected to. */
  readonly serverHostname: string | null;
  /** Whether there is a certificate to show. */
  readonly hasCertificate: boolean;
  /** Tells sessions apart that may be resumed; `undefined`: none may. */
  readonly resumptionScope: string | undefined;
}

/** A certificate chain with its key. */
interface Identity {
  readonly cert: string;
  readonly key: string;
}

function checkDates(source: PemSource, { validFrom, validTo, subject }: X509Certificate): void {
  const name = subject?.replaceAll("\n", ", ") ?? "";
  const now = Date.now();
  if (now > Date.parse(validTo)) {
    throw source.error(`holds a certificate (${name}) that expired on ${validTo}; get a new one`);
  }
  if (now < Date.parse(validFrom)) {
    throw source.error(
      `holds a certificate (${name}) that is not valid before ${validFrom}; check this machine's clock`,
    );
  }
}

function checkIdentity(certs: PemSource, keys: PemSource): Identity {
  const chain = certs.certificates();
  const [leaf] = chain as [X509Certificate];
  const key = keys.privateKey();
  if (!leaf.checkPrivateKey(key)) {
    const other = certs.file === undefined ? certs.option : `${certs.option}, the file "${certs.file}",`;
    throw keys.error(
      `holds a private key that is not the one of the certificate of ${other}; the chain starts with the certificate itself`,
    );
  }
  for (const certificate of chain) checkDates(certs, certificate);
  return {
    cert: chain.map((certificate) => certificate.toString()).join(""),
    key: key.export({ type: "pkcs8", format: "pem" }).toString(),
  };
}

async function readIdentity(cfg: Config, side: "server" | "client"): Promise<Identity | undefined> {
  const certs = await PemSource.read(cfg, `net.ssl.${side}.cert`, `net.ssl.${side}.certfile`);
  const keys = await PemSource.read(cfg, `net.ssl.${side}.key`, `net.ssl.${side}.keyfile`);
  if (certs === undefined && keys !== undefined) {
    throw new TlsConfigError(
      `net.ssl.${side}.certfile`,
      `config option "net.ssl.${side}.certfile": there is a key, but no certificate for it; set this option or "net.ssl.${side}.cert"`,
    );
  }
  if (certs === undefined) return undefined;
  if (keys !== undefined) return checkIdentity(certs, keys);
  if (certs.holdsKey) return checkIdentity(certs, certs);
  throw new TlsConfigError(
    `net.ssl.${side}.keyfile`,
    `config option "net.ssl.${side}.keyfile": there is a certificate, but no private key for it; set this option or "net.ssl.${side}.key"`,
  );
}

/** @param secureOptions - options of OpenSSL that hold in any case. */
async function readContext(
  cfg: Config,
  identity: Identity | undefined,
  secureOptions: number,
): Promise<SecureContextOptions> {
  const authorities = await PemSource.read(cfg, "net.ssl.ca", "net.ssl.cafile");
  const resumption = cfg.get("net.ssl.resumption");
  return {
    ...identity,
    ...(authorities && { ca: authorities.certificates().map((certificate) => certificate.toString()) }),
    minVersion: cfg.get("net.ssl.minversion"),
    secureOptions: resumption ? secureOptions : secureOptions | constants.SSL_OP_NO_TICKET,
  };
}

/** OpenSSL has the last word, e.g. on keys that are too short. */
function makeContext(context: SecureContextOptions, option: ConfigKey): SecureContext {
  try {
    return createSecureContext(context);
  } catch (cause) {
    const message = `config option "${option}": the certificate or key cannot be used: ${(cause as Error).message}`;
    throw new TlsConfigError(option, message, { cause });
  }
}

/**
 * Reads and checks all that a server needs for TLS.
 *
 * @throws {@link TlsConfigError} that names the option and the file.
 */
export async function readTlsServerOptions(cfg: Config): Promise<TlsServerOptions> {
  const identity = await readIdentity(cfg, "server");
  if (identity === undefined) {
    throw new TlsConfigError(
      "net.ssl.server.certfile",
      'config option "net.ssl.server.certfile": TLS is enabled (net.ssl.enabled), but the server has no certificate; set this option and "net.ssl.server.keyfile", or "net.ssl.server.cert" and "net.ssl.server.key"',
    );
  }
  const context = await readContext(cfg, identity, 0);
  // A server makes its own from the same options; this is to find mistakes.
  makeContext(context, "net.ssl.server.certfile");
  return { context, clientAuth: cfg.get("net.ssl.server.force_verify") };
}

/**
 * Reads and checks all that a client needs for TLS.
 *
 * @throws {@link TlsConfigError} that names the option and the file.
 */
export async function readTlsClientOptions(cfg: Config): Promise<TlsClientOptions> {
  const identity = await readIdentity(cfg, "client");
  // TLS 1.2 lets a server negotiate anew, which Node forbids on servers alone; what was verified has to stay true.
  const context = await readContext(cfg, identity, constants.SSL_OP_NO_RENEGOTIATION);
  const verify = cfg.get("net.ssl.client.force_verify");
  const checkHostname = cfg.get("net.ssl.client.check_hostname");
  const scope = JSON.stringify([context, verify, checkHostname]);
  return {
    context: makeContext(context, "net.ssl.client.certfile"),
    verify,
    checkHostname,
    serverHostname: cfg.get("net.ssl.server_hostname"),
    hasCertificate: identity !== undefined,
    resumptionScope: cfg.get("net.ssl.resumption")
      ? createHash("sha256").update(scope).digest("base64")
      : undefined,
  };
}
