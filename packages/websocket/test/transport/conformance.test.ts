// WebSockets keep all promises of a transport.

import { transportConformance } from "@peng3dnet/core/testing";
import { bareTls, certPem, keyPem } from "../../../core/test/support/certificates.js";
import { webSocketPairs } from "../support/web-socket-pairs.js";

const tls = () => ({ cert: certPem("server"), key: keyPem("server"), ca: bareTls().ca });

const cases = [
  ...transportConformance({ name: "WebSocket", createPair: webSocketPairs() }),
  ...transportConformance({
    name: "WebSocket with a client as browsers have it",
    createPair: webSocketPairs({ browser: true }),
  }),
  ...transportConformance({
    name: "WebSocket with such a client over slow, chopped TCP",
    createPair: webSocketPairs({ browser: true, chopped: true }),
  }),
  ...transportConformance({ name: "WebSocket over TLS", createPair: webSocketPairs({ tls }) }),
  ...transportConformance({
    name: "WebSocket over slow, chopped TCP",
    createPair: webSocketPairs({ chopped: true }),
  }),
];

test.each(cases)("$name", ({ run }) => run(), 120_000);
