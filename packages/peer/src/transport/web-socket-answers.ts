import { WEBSOCKET_SUBPROTOCOL } from "@peng3dnet/protocol";

const NO_WEBSOCKET = "there is no WebSocket at this path; correct the path";

const ADVICE: Readonly<Record<string, string>> = {
  "200": NO_WEBSOCKET,
  "400": `the server wants another subprotocol than ${WEBSOCKET_SUBPROTOCOL}, is none for WebSockets, or something else there answers all upgrades; for a bridge, set the option bridge`,
  "403": "the server does not admit it; its option origins lists the pages that may connect",
  "404": NO_WEBSOCKET,
  "426": NO_WEBSOCKET,
  "503": "the server is full (net.limits.connections), or a proxy cannot reach it; try again later",
};

/** What to do about an answer that is no WebSocket, by its status; `undefined`: nothing is known of that. */
export function webSocketAnswerAdvice(status: string): string | undefined {
  return ADVICE[status];
}
