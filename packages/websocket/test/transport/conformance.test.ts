// WebSockets keep all promises of a transport.

import { transportConformance } from "@peng3dnet/core/testing";
import { bareTls, certPem, keyPem } from "../../../core/test/support/certificates.js";
import { webSocketPairs } from "../support/web-socket-pairs.js";

const tls = () => ({ cert: certPem("server"), key: keyPem("server"), ca: bareTls().ca });

const cases = [
  ...transportConformance({ name: "WebSocket", createPair: webSocketPairs() }),
  ...transportConformance({
    name: "WebSocket with a client as browsers have it",
    createPair: webSocketPairs({ client: "browser" }),
  }),
  ...transportConformance({
    name: "WebSocket with such a client over slow, chopped TCP",
    createPair: webSocketPairs({ client: "browser", chopped: true }),
  }),
  ...transportConformance({
    name: "WebSocket with our own client",
    createPair: webSocketPairs({ client: "node" }),
  }),
  ...transportConformance({
    name: "WebSocket with our own client over TLS",
    createPair: webSocketPairs({ client: "node", tls }),
  }),
  ...transportConformance({
    name: "WebSocket with our own client over slow, chopped TCP",
    createPair: webSocketPairs({ client: "node", chopped: true }),
  }),
  ...transportConformance({
    name: "WebSocket with our own client, at a server that is not ours",
    createPair: webSocketPairs({ client: "node", bare: true }),
  }),
  ...transportConformance({ name: "WebSocket over TLS", createPair: webSocketPairs({ tls }) }),
  ...transportConformance({
    name: "WebSocket over slow, chopped TCP",
    createPair: webSocketPairs({ chopped: true }),
  }),
];

test.each(cases)("$name", ({ run }) => run(), 120_000);
