import { type Address, type Connector, openSocket } from "@peng3dnet/core";
import {
  checkEncrypted,
  redirectedTarget,
  type UrlLike,
  type WebSocketTarget,
  webSocketTarget,
} from "@peng3dnet/peer/transport";
import { type ConnectorSettings, checkConnectorOptions, type WebSocketConnectorOptions } from "./options.js";
import { SocketReader } from "./socket-reader.js";
import { upgrade } from "./upgrade.js";

/** Name of HTTP in a TLS handshake (RFC 7301, 6). */
const HTTP = "http/1.1";

/** Opens WebSockets, and knows where to. */
export interface WebSocketConnector extends Connector {
  /** Host and port that it connects to. */
  readonly address: Address;
}

/**
 * Connects to a peng3dnet server over WebSocket, on Node: the option `connector` of a `Client`. Input pauses as it does over TCP, and
 * the options `net.ssl.*` and `net.tcp.*` hold.
 *
 * @example
 * ```ts no-run
 * import { Client } from "@peng3dnet/core";
 * import { webSocketConnector } from "@peng3dnet/websocket";
 *
 * const client = new Client({ connector: webSocketConnector("wss://game.example/play") });
 * await client.start();
 * ```
 *
 * @param url - `wss:` or `ws:`; `https:` and `http:` stand for them. With `wss:` there is TLS, whatever `net.ssl.enabled` says.
 * @throws {@link InvalidAddressError}, {@link UnsupportedAddressError}; {@link ConfigError} for an option.
 */
export function webSocketConnector(
  url: string | UrlLike,
  options: WebSocketConnectorOptions = {},
): WebSocketConnector {
  return connectorTo(webSocketTarget(url), checkConnectorOptions(options));
}

function connectorTo(target: WebSocketTarget, settings: ConnectorSettings): WebSocketConnector {
  const { address, secure } = target;
  return {
    address,
    async connect(request) {
      checkEncrypted(request.cfg, target);
      let upgrading: Promise<void> | undefined;
      // TLS reads a socket by itself.
      const reader = secure ? undefined : new SocketReader();
      await openSocket(address, request, { alpn: secure ? HTTP : undefined, reader }, (opened) => {
        reader?.stream(opened.socket);
        upgrading = upgrade(opened, reader, target, settings, request);
      });
      await upgrading;
    },
    redirected: (to) => connectorTo(redirectedTarget(to, target), settings),
  };
}
