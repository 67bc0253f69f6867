import type { AnyPacketDefinition } from "@peng3dnet/protocol";
import { Client as PeerClient } from "./client/client.js";
import type { ClientOptions } from "./client/client-options.js";
import { nodePlatform } from "./runtime/node-platform.js";
import { tcpConnector } from "./tcp/tcp-connector.js";

/**
 * Connects to one server over TCP or TLS, once, on Node. Reference: `Client`.
 *
 * @typeParam D - packets that were declared; follows from `packets`.
 */
export class Client<out D extends AnyPacketDefinition = AnyPacketDefinition> extends PeerClient<D> {
  /** @throws {@link ConfigError} if a config option is not allowed, {@link InvalidAddressError} for `addr`. */
  constructor(options: ClientOptions<D> = {}) {
    super({
      ...options,
      platform: options.platform ?? nodePlatform,
      connector: options.connector ?? tcpConnector,
    });
  }
}
