// Any order of breaks, of what is sent meanwhile, and of ends, against a model of what has to arrive.

import fc from "fast-check";
import { runSequence, sequences } from "./model.js";

/** `PENG3DNET_RESUME_SEQUENCES=10000` runs so many, as the documentation of the tests says. */
const RUNS = Number(process.env.PENG3DNET_RESUME_SEQUENCES ?? 100);
const SEED = process.env.PENG3DNET_RESUME_SEED;

test(
  `nothing is lost, doubled or out of order: ${RUNS} sequences`,
  async () => {
    await fc.assert(fc.asyncProperty(sequences, runSequence), {
      numRuns: RUNS,
      seed: SEED === undefined ? 23 : Number(SEED),
      endOnFailure: false,
    });
  },
  120_000 + 200 * RUNS,
);
