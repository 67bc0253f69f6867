import type { ConnectionType, Peer } from "@peng3dnet/protocol";
import { CONNTYPE_TOKEN, TokenClientType, TokenServerType } from "./connection-type.js";
import type { TokenClientOptions, TokenServerOptions } from "./options.js";

/** A server or client that takes connection types, as those of `@peng3dnet/core` do. */
export interface ConnTypeHost extends Peer {
  /** Adds a connection type under a name. */
  addConnType(name: string, type: ConnectionType): void;
}

/**
 * A class of servers that ask clients of the connection type `"token"` for a token, out of a class of servers.
 * Clients of other types are let in as before.
 *
 * @example
 * ```ts no-run
 * class GameServer extends TokenServerMixin(Server, { check: (token) => token === secret }) {}
 * ```
 */
export function TokenServerMixin<A extends readonly unknown[], S extends ConnTypeHost>(
  Base: new (...args: A) => S,
  options: TokenServerOptions,
): new (
  ...args: A
) => S {
  class WithTokens extends (Base as unknown as new (...args: readonly unknown[]) => ConnTypeHost) {
    // `initialize` calls every method whose name begins with `_reg_conntypes_`.
    _reg_conntypes_token(): void {
      this.addConnType(CONNTYPE_TOKEN, new TokenServerType(this, options));
    }
  }
  return WithTokens as unknown as new (
    ...args: A
  ) => S;
}

/**
 * A class of clients that have a token, out of a class of clients. Give one of them `conntype: CONNTYPE_TOKEN`.
 */
export function TokenClientMixin<A extends readonly unknown[], S extends ConnTypeHost>(
  Base: new (...args: A) => S,
  options: TokenClientOptions,
): new (
  ...args: A
) => S {
  class WithToken extends (Base as unknown as new (...args: readonly unknown[]) => ConnTypeHost) {
    _reg_conntypes_token(): void {
      this.addConnType(CONNTYPE_TOKEN, new TokenClientType(this, options));
    }
  }
  return WithToken as unknown as new (
    ...args: A
  ) => S;
}
