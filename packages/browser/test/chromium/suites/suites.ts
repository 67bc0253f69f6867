import type { CreatePair } from "@peng3dnet/peer/testing";
import type { Case } from "./case.js";
import { codecCases } from "./codec-cases.js";
import { memoryCases, portCases, webSocketCases } from "./transport-cases.js";
import { vectorCases } from "./vector-cases.js";

/** What only the page can make. */
export interface Surroundings {
  /** Two ends of a connection that goes through another thread. */
  readonly portPair: CreatePair;
  /** Two ends in the page of WebSockets that Node joins. */
  readonly webSocketPair: CreatePair;
}

/** The suite that needs Node at the other end. */
export const WEB_SOCKET_SUITE = "transport: WebSocket";

/** All suites by name. Their cases are the same in Node, which lists them, and in Chromium, which runs them. */
export function suitesOf({
  portPair,
  webSocketPair,
}: Surroundings): Readonly<Record<string, readonly Case[]>> {
  return {
    codec: codecCases,
    vectors: vectorCases,
    "transport: memory": memoryCases,
    "transport: a port to another thread": portCases(portPair),
    [WEB_SOCKET_SUITE]: webSocketCases(webSocketPair),
  };
}
