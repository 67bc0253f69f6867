import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import type { Logger, Transport } from "@peng3dnet/peer";
import { type Address, type Config, TlsConfigError } from "@peng3dnet/peer";
import type { DialOptions } from "../tcp/dial.js";
import type { EstablishedTls } from "./tls-client.js";
import type { PlainNotice, TlsAcceptor } from "./tls-server.js";

/**
 * Whether TLS is to be used. Its modules are loaded only then, since a runtime may have been built without it.
 *
 * @throws {@link TlsConfigError} if it is needed and the runtime has none.
 */
export function tlsWanted(cfg: Config, logger: Logger): boolean {
  if (!cfg.get("net.ssl.enabled")) return false;
  if (process.versions.openssl !== undefined) return true;
  if (!cfg.get("net.ssl.force")) {
    logger.warn(
      "TLS is enabled, but this runtime has none; net.ssl.force is off, so that nothing is encrypted",
    );
    return false;
  }
  throw new TlsConfigError("net.ssl.force", "TLS is enabled (net.ssl.enabled), but this runtime has none");
}

/** Does TLS over connected sockets, as a client. @typeParam E - what `established` gets. */
export type TlsDialer<E extends readonly unknown[]> = (
  socket: Socket,
  address: Address,
  options: DialOptions,
  established: (...is: E) => void,
) => Promise<void>;

/**
 * Reads what a client needs for TLS, which is on.
 *
 * @throws {@link TlsConfigError} that names the option and the file.
 */
export async function prepareTlsClient(cfg: Config): Promise<TlsDialer<[transport: Transport]>> {
  const { ALPN_PROTOCOL } = await import("./tls-options.js");
  const { TlsClientTransport } = await import("./tls-client.js");
  const secure = await prepareTlsSocket(cfg, ALPN_PROTOCOL);
  return (socket, address, options, established) =>
    secure(socket, address, options, (...secured) => established(new TlsClientTransport(...secured)));
}

/**
 * As {@link prepareTlsClient}, for whatever is spoken over TLS.
 *
 * @param alpn - its name.
 */
export async function prepareTlsSocket(
  cfg: Config,
  alpn: string,
): Promise<TlsDialer<[socket: TLSSocket, tls: EstablishedTls]>> {
  const { readTlsClientOptions } = await import("./tls-options.js");
  const { connectTls } = await import("./tls-client.js");
  const tls = await readTlsClientOptions(cfg);
  return (socket, address, options, established) =>
    connectTls(socket, address, tls, alpn, options, established);
}

/**
 * Reads what a server needs for TLS; `undefined` if TLS is off.
 *
 * @throws {@link TlsConfigError} that names the option and the file.
 */
export async function prepareTlsServer(
  cfg: Config,
  logger: Logger,
  notice: PlainNotice,
): Promise<TlsAcceptor | undefined> {
  if (!tlsWanted(cfg, logger)) return undefined;
  const { readTlsServerOptions } = await import("./tls-options.js");
  const { TlsAcceptor } = await import("./tls-server.js");
  const tls = await readTlsServerOptions(cfg);
  if (tls.clientAuth && tls.context.ca === undefined) {
    logger.warn(
      "clients need a certificate, and any public authority may have signed it; name your own in net.ssl.cafile",
    );
  }
  return new TlsAcceptor(tls, notice);
}
