import type { IncomingMessage } from "node:http";
import {
  alertError,
  type ConnectError,
  describeError,
  escapeText,
  WEBSOCKET_SUBPROTOCOL,
  WebSocketConnectError,
  WebSocketSubprotocolError,
} from "@peng3dnet/core";
import { webSocketAnswerAdvice } from "@peng3dnet/peer/transport";

/** Characters of a server's text that a message shows. */
const MAX_SHOWN = 200;

/** The error for a server that answered the request, but did not open a WebSocket. */
export function answerError(shown: string, { statusCode = 0, headers }: IncomingMessage): ConnectError {
  const { location } = headers;
  const advice =
    location === undefined
      ? webSocketAnswerAdvice(String(statusCode))
      : `it leads to ${escapeText(location, MAX_SHOWN)}; connect to that`;
  const answer = `cannot open ${shown}: the server answered ${statusCode}`;
  return new WebSocketConnectError(advice === undefined ? answer : `${answer}; ${advice}`);
}

/** The error for a server that opened the WebSocket for something else. */
export function subprotocolError(shown: string): ConnectError {
  return new WebSocketSubprotocolError(
    `${shown} did not select the subprotocol ${WEBSOCKET_SUBPROTOCOL}, so that it may be no peng3dnet server; for a bridge from WebSocket to TCP, set the option bridge`,
  );
}

/** The error for an opening handshake that failed. */
export function handshakeError(shown: string, error: Error): ConnectError {
  const alert = alertError(error);
  if (alert !== undefined) return alert;
  const { code } = error as NodeJS.ErrnoException;
  const why =
    code?.startsWith("HPE_") === true
      ? "what answers there is no HTTP; correct the port, or connect over TCP"
      : code === "ECONNRESET" || code === "EPIPE"
        ? "the connection ended within the opening handshake; the server's log may say why"
        : describeError(error);
  return new WebSocketConnectError(`cannot open ${shown}: ${why}`, { cause: error });
}
