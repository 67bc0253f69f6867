import type { IncomingMessage } from "node:http";
import { WEBSOCKET_SUBPROTOCOL } from "@peng3dnet/core";
import type { Refusal } from "./refusal.js";

const KEY = /^[+/0-9A-Za-z]{22}==$/;
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const VERSION = "13";

/** Subprotocols that a client offers; `undefined` if it says so in a way that is not allowed. */
function offered(header: string | undefined): readonly string[] | undefined {
  if (header === undefined) return [];
  const names = header.split(",").map((name) => name.trim());
  const valid = names.every((name) => TOKEN.test(name)) && new Set(names).size === names.length;
  return valid ? names : undefined;
}

/** What is wrong with a request for a WebSocket, if anything. All that `ws` would refuse is refused here. */
export function handshakeProblem({ method, headers }: IncomingMessage): Refusal | undefined {
  if (method !== "GET")
    return { status: 405, text: "A WebSocket is asked for with GET.", headers: { Allow: "GET" } };
  if (headers.upgrade?.toLowerCase() !== "websocket")
    return { status: 400, text: "Only upgrades to websocket are served here." };
  if (headers["sec-websocket-version"] !== VERSION) {
    const text = "Only version 13 of WebSocket is served here.";
    return { status: 426, text, headers: { "Sec-WebSocket-Version": VERSION, Upgrade: "websocket" } };
  }
  if (!KEY.test(headers["sec-websocket-key"] ?? ""))
    return { status: 400, text: "The header Sec-WebSocket-Key is missing, or no key." };
  return undefined;
}

/** What is wrong with the subprotocols that a request offers, if anything. */
export function subprotocolProblem({ headers }: IncomingMessage, required: boolean): Refusal | undefined {
  const names = offered(headers["sec-websocket-protocol"]);
  if (names === undefined) return { status: 400, text: "The header Sec-WebSocket-Protocol cannot be read." };
  if (names.includes(WEBSOCKET_SUBPROTOCOL) || (names.length === 0 && !required)) return undefined;
  return {
    status: 400,
    text: `Offer the subprotocol ${WEBSOCKET_SUBPROTOCOL} in the header Sec-WebSocket-Protocol: this is a peng3dnet server.`,
  };
}
