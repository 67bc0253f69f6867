import type { Address, AnyPacketDefinition, ClientOnServer, Server } from "@peng3dnet/core";
import { ConfigError, checkKnownOptions } from "@peng3dnet/core";
import { addressOf } from "./http/shared-server.js";
import { SERVE_OPTIONS, type ServeWebSocketOptions } from "./options.js";
import { webSocketAcceptor } from "./web-socket-acceptor.js";

/** WebSockets that a server takes now. */
export interface WebSocketListening {
  /** Where they are taken: that of the http server once it listens, or of the port of their own, with the real port. */
  readonly address: Address;
  /**
   * Takes no more WebSockets; those there are go on. The http server stays open, a port of their own is free again. Stopping
   * or shutting down the peng3dnet server does the same.
   */
  close(): Promise<void>;
}

/**
 * Takes WebSocket connections into a server, beside those over TCP: the same clients, broadcasts and limits. It may be called
 * before `server.start()` or after it.
 *
 * @example
 * ```ts no-run
 * import { createServer } from "node:http";
 * import { Server } from "@peng3dnet/core";
 * import { serveWebSocket } from "@peng3dnet/websocket";
 *
 * const server = new Server({ addr: "0.0.0.0:8080" });
 * await server.start();
 * const http = createServer(); // serves the page
 * await serveWebSocket(server, { server: http, path: "/play" });
 * http.listen(80);
 * ```
 *
 * @throws {@link ConfigError} for an option, {@link InvalidAddressError} for a `host` or `port` that cannot be one, {@link ListenError},
 * {@link TlsConfigError}; TypeError for what is no server; {@link InvalidStateError} if the server is stopped or shuts down.
 */
export async function serveWebSocket<C extends ClientOnServer, D extends AnyPacketDefinition>(
  server: Server<C, D>,
  options: ServeWebSocketOptions = {},
): Promise<WebSocketListening> {
  checkKnownOptions("serveWebSocket", options, SERVE_OPTIONS);
  if (typeof (Object(server) as Partial<Server>).addAcceptor !== "function")
    throw new TypeError("serveWebSocket takes a Server, and then its options");
  const { port, host, ...accepting } = options;
  const http = accepting.server;
  if (http === undefined && port === undefined)
    throw new ConfigError("server", 'name an http server in the option "server", or a "port" of its own');
  if (http !== undefined && (port ?? host) !== undefined)
    throw new ConfigError("port", 'options "port" and "host" are for a port of its own, without "server"');
  // Of an address, null is the config's port, and a host that is none does not say which option it is.
  for (const [key, type] of [
    ["port", "number"],
    ["host", "string"],
  ] as const) {
    const value = options[key];
    if (value !== undefined && typeof value !== type)
      throw new ConfigError(key, `option "${key}": it is a ${type}`);
  }
  const own: Address | undefined = port === undefined ? undefined : [host ?? server.addr[0], port];
  const listening = await server.addAcceptor(webSocketAcceptor(accepting), own);
  return {
    get address() {
      return (http && addressOf(http)) ?? listening.address;
    },
    close: () => listening.close(),
  };
}
