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

/** What to do where the server has TLS. */
const BY_TLS = "begin the address with wss://";

/** What to do about an answer where that depends on what this side asks with. */
function adviceOf(status: string, bridge: boolean): string | undefined {
  if (status === "400" && bridge)
    return "the server may want a subprotocol; for one that is no bridge, leave the option bridge out";
  if (status === "401") return "it wants a name and a password, or a token; the option headers sends one";
  return webSocketAnswerAdvice(status);
}

/** The error for a server that answered the request, but did not open a WebSocket. @param bridge - whether one was expected. */
export function answerError(
  shown: string,
  { statusCode = 0, headers }: IncomingMessage,
  bridge: boolean,
): ConnectError {
  const { location } = headers;
  const advice =
    location === undefined
      ? adviceOf(String(statusCode), bridge)
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

/** The error for a server that opened the WebSocket for something else than it was asked for. @param bridge - whether one was expected. */
export function subprotocolError(shown: string, bridge: boolean, cause: Error): ConnectError {
  const message = bridge
    ? `${shown} selected a subprotocol, though a bridge is offered none, so that it may be none; for a server of peng3dnet, leave the option bridge out`
    : `${shown} did not select the subprotocol ${WEBSOCKET_SUBPROTOCOL}, so that it may be no peng3dnet server; for a bridge from WebSocket to TCP, set the option bridge`;
  return new WebSocketSubprotocolError(message, { cause });
}

/** What is the matter where the handshake failed by itself. */
function reasonOf(error: NodeJS.ErrnoException, secure: boolean): string {
  const { code } = error;
  if (code === undefined)
    return `${describeError(error)}; what answers there, or a proxy before it, opens no WebSockets as it should; correct the address`;
  if (code === "HPE_HEADER_OVERFLOW")
    return "the head of the answer is too long; what answers there may be no WebSocket server; correct the address";
  if (code === "HPE_INVALID_CONSTANT")
    return `what answers there is no HTTP; correct the port, connect over TCP${secure ? "" : `, or ${BY_TLS}`}`;
  if (code.startsWith("HPE_"))
    return `what answers there breaks a rule of HTTP (${describeError(error)}); correct the address, or look at the proxies on the way`;
  if (code !== "ECONNRESET" && code !== "EPIPE") return describeError(error);
  const ended = "the connection ended within the opening handshake";
  // Node's https breaks off without a word where it does not trust a client's certificate, and where a client has no TLS.
  return secure
    ? `${ended}; the server may not accept the certificate of this side, or else its log may say why`
    : `${ended}; if the server has TLS, ${BY_TLS}, or else its log may say why`;
}

/** The error for an opening handshake that failed. */
export function handshakeError({ shown, secure }: WebSocketTarget, error: Error): ConnectError {
  const alert = tlsAlertError(error);
  if (alert !== undefined) return alert;
  return new WebSocketConnectError(`cannot open ${shown}: ${reasonOf(error, secure)}`, { cause: error });
}
