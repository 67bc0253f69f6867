import { ConnectError } from "@peng3dnet/protocol";

/**
 * A WebSocket could not be opened. Browsers do not tell pages why, so that the message lists what can be the matter; on Node,
 * `cause` may know.
 */
export class WebSocketConnectError extends ConnectError {
  override name = "WebSocketConnectError";
  override readonly code: string = "P3D_ERR_WEBSOCKET_CONNECT";
}

/** A WebSocket was opened, but the server did not select the subprotocol, so that it may be no peng3dnet server. */
export class WebSocketSubprotocolError extends WebSocketConnectError {
  override name = "WebSocketSubprotocolError";
  override readonly code = "P3D_ERR_WEBSOCKET_SUBPROTOCOL";
}
