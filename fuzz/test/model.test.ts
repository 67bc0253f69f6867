// Random sequences of connect, send, pause, reset, close and shutdown, compared with a model.

import { modelSequence } from "../src/model.js";
import { Random } from "../src/random.js";

const SEQUENCES = 2_000;

test(`${SEQUENCES} random sequences behave as the model does`, async () => {
  let steps = 0;
  for (let number = 0; number < SEQUENCES; number++)
    steps += await modelSequence(Random.of(1, "model", number));
  expect(steps).toBeGreaterThan(SEQUENCES * 4);
}, 240_000);
