import { type ConnectionContext, Server } from "@peng3dnet/core";

/** A server that shows what its connections share, so that the parts can be fuzzed as they are put together. */
export class OpenServer extends Server {
  /** Check, codec and compression, with the server's limits. */
  get parts(): ConnectionContext {
    return this.context;
  }
}
