/**
 * Takes the WebSocket connections of an http or https server, or of a port of its own, into a peng3dnet server; and connects
 * clients on Node over WebSocket.
 *
 * @packageDocumentation
 */
export { type WebSocketConnector, webSocketConnector } from "./connect/connector.js";
export type { WebSocketConnectorOptions } from "./connect/options.js";
export type { ServeWebSocketOptions, WebSocketAcceptorOptions } from "./options.js";
export { serveWebSocket, type WebSocketListening } from "./serve-web-socket.js";
export type { Origins } from "./upgrade/origins.js";
export { webSocketAcceptor } from "./web-socket-acceptor.js";
