import type { AnyPacketDefinition, ClientOnServer, ClientOptions, ServerOptions } from "@peng3dnet/peer";
import { TestNetwork as PeerTestNetwork } from "@peng3dnet/peer/testing";
import { Client } from "../client.js";
import { nodePlatform } from "../runtime/node-platform.js";
import { Server } from "../server.js";

/**
 * Servers and clients over links in memory, with a clock that the test turns: no ports, no waiting. They are those of this
 * package, with what Node has to offer, e.g. compression.
 *
 * @example
 * ```ts no-run
 * import { TestNetwork } from "@peng3dnet/core/testing";
 * const net = new TestNetwork();
 * const server = net.server();
 * const client = net.client();
 * net.connect(client, server);
 * await client.waitForConnection();
 * net.clock.advance(10); // ten seconds pass at once
 * ```
 */
export class TestNetwork extends PeerTestNetwork {
  constructor() {
    super(nodePlatform);
  }

  override server<
    C extends ClientOnServer = ClientOnServer,
    D extends AnyPacketDefinition = AnyPacketDefinition,
  >(options: ServerOptions<C, D> = {}): Server<C, D> {
    return this.run(new Server<C, D>({ ...options, clock: this.clock }));
  }

  override client<D extends AnyPacketDefinition = AnyPacketDefinition>(
    options: ClientOptions<D> = {},
  ): Client<D> {
    return this.run(new Client<D>({ ...options, clock: this.clock }));
  }
}
