import type { AnyPacketDefinition, ClientOptions } from "@peng3dnet/peer";
import { Client as PeerClient } from "@peng3dnet/peer";
import { nodePlatform } from "./runtime/node-platform.js";
import { tcpConnector } from "./tcp/tcp-connector.js";

/**
 * Connects to one server over TCP or TLS on Node: once, or with the option `reconnect` again and again.
 *
 * @typeParam D - packets that were declared; follows from `packets`.
 * @reference `Client`
 */
export class Client<out D extends AnyPacketDefinition = AnyPacketDefinition> extends PeerClient<D> {
  /**
   * @throws {@link ConfigError} if a config option is not allowed or an option does not exist, {@link InvalidAddressError} for
   * `addr`.
   */
  constructor(options: ClientOptions<D> = {}) {
    super(options, { platform: nodePlatform, connector: tcpConnector, exact: new.target === Client });
  }
}
