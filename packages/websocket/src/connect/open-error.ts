import type { IncomingMessage } from "node:http";
import {
  type ConnectError,
  describeError,
  escapeText,
  tlsAlertError,
  WEBSOCKET_SUBPROTOCOL,
  WebSocketConnectError,
  WebSocketSubprotocolError,
} from "@peng3dnet/core";
import { type WebSocketTarget, webSocketAnswerAdvice } from "@peng3dnet/peer/transport";

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

/** The error for a server that goes on to announce an answer. @param most - how often it may. */
export function interimError(shown: string, most: number): ConnectError {
  return new WebSocketConnectError(
    `cannot open ${shown}: more than ${most} answers came that only announce one (1xx); the server's log, or that of a proxy, may say why`,
  );
}

/** The error for a server that opened the WebSocket for something else. */
export function subprotocolError(shown: string): ConnectError {
  return new WebSocketSubprotocolError(
    `${shown} did not select the subprotocol ${WEBSOCKET_SUBPROTOCOL}, so that it may be no peng3dnet server; for a bridge from WebSocket to TCP, set the option bridge`,
  );
}

/** What is the matter where the handshake failed by itself. */
function reasonOf(error: NodeJS.ErrnoException, secure: boolean): string {
  const { code } = error;
  if (code?.startsWith("HPE_") === true)
    return "what answers there is no HTTP; correct the port, or connect over TCP";
  if (code !== "ECONNRESET" && code !== "EPIPE") return describeError(error);
  // Node's https breaks off without a word where it does not trust a client's certificate.
  const guess = secure
    ? "the server may not accept the certificate of this side, or else its"
    : "the server's";
  return `the connection ended within the opening handshake; ${guess} log may say why`;
}

/** The error for an opening handshake that failed. */
export function handshakeError({ shown, secure }: WebSocketTarget, error: Error): ConnectError {
  const alert = tlsAlertError(error);
  if (alert !== undefined) return alert;
  return new WebSocketConnectError(`cannot open ${shown}: ${reasonOf(error, secure)}`, { cause: error });
}
