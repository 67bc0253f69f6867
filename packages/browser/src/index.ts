/**
 * The peng3dnet client for browsers, over WebSocket. Everything of `@peng3dnet/peer` and of `@peng3dnet/protocol` is exported
 * here, too.
 *
 * @packageDocumentation
 */

export * from "@peng3dnet/peer";
export type { UrlLike } from "@peng3dnet/peer/transport";
export { Client, type ClientOptions } from "./client.js";
export { InputOverflowError } from "./errors.js";
export { browserPlatform } from "./runtime/browser-platform.js";
export { type ReloadKeeperOptions, reloadKeeper, type SessionStorageLike } from "./runtime/reload-keeper.js";
export {
  type WebSocketAddress,
  type WebSocketConnector,
  type WebSocketOptions,
  webSocketConnector,
} from "./websocket/connector.js";
export type {
  WebSocketClass,
  WebSocketClose,
  WebSocketLike,
  WebSocketMessage,
} from "./websocket/web-socket.js";
export { WebSocketTransport, type WebSocketTransportOptions } from "./websocket/web-socket-transport.js";
