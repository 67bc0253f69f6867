import type { AnyPacketDefinition, ClientOnServer, ServerOptions } from "@peng3dnet/peer";
import { Server as PeerServer } from "@peng3dnet/peer";
import { nodePlatform } from "./runtime/node-platform.js";
import { tcpAcceptor } from "./tcp/tcp-acceptor.js";

/**
 * Serves any number of clients over TCP and TLS, on Node.
 *
 * @typeParam C - class of the objects that stand for clients; follows from `clientcls`.
 * @typeParam D - packets that were declared; follows from `packets`.
 * @reference `Server`
 */
export class Server<
  out C extends ClientOnServer = ClientOnServer,
  out D extends AnyPacketDefinition = AnyPacketDefinition,
> extends PeerServer<C, D> {
  /**
   * @throws {@link ConfigError} if a config option is not allowed or an option does not exist, {@link InvalidAddressError} for
   * `addr`.
   */
  constructor(options: ServerOptions<C, D> = {}) {
    super(options, { platform: nodePlatform, acceptor: tcpAcceptor, exact: new.target === Server });
  }
}
