// TCP keeps all promises of a transport, also over a way that passes a few bytes at a time.

import { transportConformance } from "@peng3dnet/core/testing";
import { socketPairs } from "../support/transport-pairs.js";

const cases = [
  ...transportConformance({ name: "TCP", createPair: socketPairs({}) }),
  ...transportConformance({
    name: "slow, chopped TCP",

    createPair: socketPairs({ between: "chopped" }),
  }),
];

test.each(cases)("$name", ({ run }) => run(), 120_000);
