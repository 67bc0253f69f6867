import type { Server as HttpServer } from "node:http";
import type { ServerOptions as HttpsOptions, Server as HttpsServer } from "node:https";
import { createSecureContext } from "node:tls";
import { ConfigError, type OptionNames, TlsConfigError } from "@peng3dnet/core";
import { AddressList } from "./upgrade/address-list.js";
import { OriginPolicy, type Origins } from "./upgrade/origins.js";

/** Options of {@link webSocketAcceptor}. */
export interface WebSocketAcceptorOptions {
  /**
   * The http or https server whose upgrades are taken. It stays yours: it is neither started nor closed, and other paths and
   * listeners of it are left alone. Default: a port of its own, at the address of the peng3dnet server or of `addAcceptor`.
   */
  readonly server?: HttpServer | HttpsServer | undefined;
  /**
   * For a port of its own: options of https, such as `cert` and `key`; false: no TLS. Default: as the options `net.ssl.*` say,
   * which hold for TCP, too.
   */
  readonly tls?: HttpsOptions | false | undefined;
  /** Path of the WebSocket, without a query, or `"*"` for any. Default `"/"`. */
  readonly path?: string | undefined;
  /**
   * Pages that may connect, as browsers name them, e.g. `["https://game.example"]`, beside those of the host that the request
   * is for. `"*"`: all. A function decides alone, also on those of the same host. Who is no browser names no origin, and is let
   * in. Default: those of the same host alone.
   */
  readonly origins?: Origins | undefined;
  /**
   * Whether clients have to offer the subprotocol `peng3dnet.2`. `"optional"` lets in those that offer none, as a bridge may.
   * Default `"required"`.
   */
  readonly subprotocol?: "required" | "optional" | undefined;
  /**
   * Proxies whose `X-Forwarded-For` is believed: IP addresses, networks such as `"10.0.0.0/8"`, `"loopback"`, `"unix"` for
   * sockets of the file system. Default: none.
   */
  readonly trustedProxies?: readonly string[] | undefined;
  /** Whether the trusted proxies end TLS: what comes by them counts as `ENCRYPTED` then. Default false. */
  readonly encryptedByProxy?: boolean | undefined;
}

/** Options of {@link serveWebSocket}. */
export interface ServeWebSocketOptions extends WebSocketAcceptorOptions {
  /** Port of its own; 0: any free one. Not beside `server`. */
  readonly port?: number | undefined;
  /** Address of the port of its own. Default: that of the peng3dnet server. */
  readonly host?: string | undefined;
}

/** Names of the options of {@link webSocketAcceptor}. */
export const ACCEPTOR_OPTIONS: OptionNames<WebSocketAcceptorOptions> = {
  server: true,
  tls: true,
  path: true,
  origins: true,
  subprotocol: true,
  trustedProxies: true,
  encryptedByProxy: true,
};

/** Names of the options of {@link serveWebSocket}. */
export const SERVE_OPTIONS: OptionNames<ServeWebSocketOptions> = {
  ...ACCEPTOR_OPTIONS,
  port: true,
  host: true,
};

/** Options that were checked. */
export interface Settings {
  readonly server: HttpServer | HttpsServer | undefined;
  readonly tls: HttpsOptions | false | undefined;
  readonly path: string;
  readonly origins: OriginPolicy;
  readonly subprotocolRequired: boolean;
  readonly proxies: AddressList | undefined;
  readonly encryptedByProxy: boolean;
}

/** The path that stands for all. */
export const ANY_PATH = "*";

function invalid(key: string, message: string): ConfigError {
  return new ConfigError(key, `option "${key}": ${message}`);
}

/** What is made of an option. @throws {@link ConfigError} that names the option, for what making it throws. */
function checked<T>(key: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw invalid(key, (error as Error).message);
  }
}

/**
 * Checks the options of https for a port of its own.
 *
 * @throws {@link TlsConfigError} if nobody could connect with them.
 */
function checkTls(tls: HttpsOptions): void {
  if (typeof tls !== "object" || tls === null)
    throw invalid("tls", "it is an object with a certificate, { cert, key } as of node:https, or false");
  const { cert, key, pfx, privateKeyIdentifier, SNICallback } = tls;
  const complete = cert !== undefined && (key ?? privateKeyIdentifier) !== undefined;
  if (!complete && pfx === undefined && SNICallback === undefined) {
    const missing = cert === undefined ? "certificate" : "private key";
    throw new TlsConfigError(
      "tls",
      `option "tls": there is no ${missing}, so that nobody could connect; hand in cert and key, leave the option out to follow net.ssl.*, or set it to false for no TLS`,
    );
  }
  try {
    createSecureContext(tls);
  } catch (cause) {
    const message = `option "tls": the certificate or key cannot be used: ${(cause as Error).message}`;
    throw new TlsConfigError("tls", message, { cause });
  }
}

/** @throws {@link ConfigError} that names the option, {@link TlsConfigError} for `tls`. */
export function checkOptions(options: WebSocketAcceptorOptions): Settings {
  const { server, tls, path = "/", subprotocol = "required", trustedProxies, encryptedByProxy } = options;
  if (server !== undefined && typeof server?.on !== "function")
    throw invalid("server", "it is no server of node:http or node:https");
  if (server !== undefined && tls !== undefined)
    throw invalid("tls", "it is for a port of its own; beside `server`, that server's TLS counts");
  if (tls !== undefined && tls !== false) checkTls(tls);
  if (path !== ANY_PATH && !/^\/[^?#]*$/.test(path))
    throw invalid("path", 'a path begins with "/" and has no query; "*" stands for any');
  if (subprotocol !== "required" && subprotocol !== "optional")
    throw invalid("subprotocol", 'it is "required" or "optional"');
  if (encryptedByProxy !== undefined && typeof encryptedByProxy !== "boolean")
    throw invalid("encryptedByProxy", "it is true or false");
  if (encryptedByProxy === true && trustedProxies === undefined)
    throw invalid("encryptedByProxy", "name the proxies in trustedProxies; nobody else is believed");
  return {
    server,
    tls,
    path,
    proxies: checked("trustedProxies", () =>
      trustedProxies === undefined ? undefined : new AddressList(trustedProxies),
    ),
    origins: checked("origins", () => new OriginPolicy(options.origins)),
    subprotocolRequired: subprotocol === "required",
    encryptedByProxy: encryptedByProxy === true,
  };
}
