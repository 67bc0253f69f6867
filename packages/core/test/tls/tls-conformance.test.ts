// TLS keeps all promises of a transport, in both versions, and when it refuses a client.

import { transportConformance } from "@peng3dnet/core/testing";
import { clientTls, mutualTls, serverTls } from "../support/certificates.js";
import { socketPairs } from "../support/transport-pairs.js";

// Certificates are made before the tests, but after this: options are put together when a case runs.
const cases = transportConformance({
  name: "TLS",

  createPair: (handover) =>
    socketPairs({ server: serverTls(), client: clientTls(), between: "relay" })(handover),
  createRefusedPair: (handover) =>
    socketPairs({ server: mutualTls(), client: clientTls(), between: "relay" })(handover),
});

test.each(cases)("$name", ({ run }) => run(), 120_000);
