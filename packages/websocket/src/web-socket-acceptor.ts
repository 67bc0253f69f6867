import { type Acceptor, checkKnownOptions } from "@peng3dnet/core";
import { listenOnOwnPort } from "./http/own-port.js";
import { listenOnSharedServer } from "./http/shared-server.js";
import { ACCEPTOR_OPTIONS, checkOptions, type WebSocketAcceptorOptions } from "./options.js";

/**
 * Listens for clients over WebSocket: the option `acceptor` of a `Server` that has no other clients, or for
 * `server.addAcceptor`. {@link serveWebSocket} does the latter.
 *
 * @throws {@link ConfigError} that names the option that cannot be used; {@link TlsConfigError} for a certificate in `tls`.
 */
export function webSocketAcceptor(options: WebSocketAcceptorOptions = {}): Acceptor {
  checkKnownOptions("webSocketAcceptor", options, ACCEPTOR_OPTIONS);
  const settings = checkOptions(options);
  return {
    async listen(request) {
      const { server } = settings;
      return server === undefined
        ? listenOnOwnPort(settings, request)
        : listenOnSharedServer(server, settings, request);
    },
  };
}
