/**
 * A connection type that asks for a token before the handshake goes on: a plugin for peng3dnet, which needs
 * `@peng3dnet/protocol` and nothing else.
 *
 * @packageDocumentation
 */
export {
  CONNTYPE_TOKEN,
  TOKEN_ID,
  TOKEN_REQUEST_ID,
  TokenClientType,
  TokenServerType,
} from "./connection-type.js";
export { InvalidTokenPacketError, REASON_DENIED, REASON_ERROR, TokenDeniedError } from "./errors.js";
export { type ConnTypeHost, TokenClientMixin, TokenServerMixin } from "./mixins.js";
export type { TokenClientOptions, TokenServerOptions } from "./options.js";
