import type { SecureContextOptions } from "node:tls";
import type { Config, Logger } from "@peng3dnet/peer";
import { tlsWanted } from "./tls.js";

/** What `createServer` of `node:tls` and `node:https` takes, made of the options `net.ssl.*`. */
export interface TlsContext extends SecureContextOptions {
  /** Whether clients are asked for a certificate. */
  readonly requestCert: boolean;
  /** Whether those that show no valid one are refused. */
  readonly rejectUnauthorized: boolean;
}

/**
 * Reads certificates, key and authorities as a server does that listens with TLS: for servers that listen in another way,
 * e.g. over https.
 *
 * @returns `undefined` if `net.ssl.enabled` is off.
 * @throws {@link TlsConfigError} that names the option and the file.
 */
export async function tlsServerContext(cfg: Config, logger: Logger): Promise<TlsContext | undefined> {
  if (!tlsWanted(cfg, logger)) return undefined;
  const { readTlsServerOptions } = await import("./tls-options.js");
  const { context, clientAuth } = await readTlsServerOptions(cfg);
  return { ...context, requestCert: clientAuth, rejectUnauthorized: clientAuth };
}
