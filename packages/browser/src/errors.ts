import { ConnectError, EnvironmentError } from "@peng3dnet/peer";

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

/**
 * More came than may be held back (the option `maxHeld`) while packets waited to be processed: a browser's WebSocket cannot
 * pause its input.
 */
export class InputOverflowError extends EnvironmentError {
  override name = "InputOverflowError";
  readonly code = "P3D_ERR_INPUT_OVERFLOW";
  override readonly closeReason = "inputoverflow";
}
