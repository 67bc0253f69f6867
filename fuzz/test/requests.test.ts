// Requests in both directions while links are cut and closed, callers give up and time passes, in any order: each is settled
// exactly once, with something that can have happened to it, and nothing is left of it.
//
// `npm run reliability -- requests` makes a million of them.

import fc from "fast-check";
import { Random } from "../src/random.js";
import {
  ENDS,
  HOW,
  MOST_AT,
  MOST_AT_ONCE,
  type RequestPlan,
  randomRequestPlan,
  SIGNALS,
  TIMEOUTS,
  WAITS,
  WEIGHTS,
} from "../src/requests/plan.js";
import { nameOf, playRequests } from "../src/requests/scene.js";

const CONNECTIONS = 600;

const act = fc.oneof(
  {
    weight: WEIGHTS.ask,
    arbitrary: fc.record({
      do: fc.constant("ask" as const),
      count: fc.integer({ min: 1, max: MOST_AT_ONCE }),
      fromServer: fc.boolean(),
      how: fc.nat(HOW.length - 1),
      timeout: fc.constantFrom(...TIMEOUTS),
      aborts: fc.boolean(),
    }),
  },
  { weight: WEIGHTS.go, arbitrary: fc.record({ do: fc.constantFrom("settle" as const, "tell" as const) }) },
  {
    weight: WEIGHTS.abort,
    arbitrary: fc.record({ do: fc.constant("abort" as const), which: fc.nat(SIGNALS - 1) }),
  },
  {
    weight: WEIGHTS.wait,
    arbitrary: fc.record({ do: fc.constant("wait" as const), seconds: fc.constantFrom(...WAITS) }),
  },
  { weight: WEIGHTS.stop, arbitrary: fc.record({ do: fc.constantFrom("freeze" as const, "thaw" as const) }) },
);
const plan: fc.Arbitrary<RequestPlan> = fc.record({
  acts: fc.array(act, { minLength: 5, maxLength: 40 }),
  end: fc.constantFrom(...ENDS),
  at: fc.nat(MOST_AT),
});

test(`the requests of ${CONNECTIONS} connections are settled once each, and nothing is left`, async () => {
  const outcomes = new Set<string>();
  await fc.assert(
    fc.asyncProperty(plan, async (one) => {
      for (const result of await playRequests(one)) outcomes.add(nameOf(result));
    }),
    { numRuns: CONNECTIONS },
  );
  // Each way has happened. Few are answered with "busy".
  outcomes.delete("RequestError, busy");
  expect([...outcomes].sort()).toEqual([
    "AbortedError",
    "RequestClosedError, notsent",
    "RequestClosedError, unknown",
    "RequestError, internalerror",
    "RequestError, refused",
    "TimedOutError",
    "TooManyRequestsError",
    "answered",
  ]);
}, 240_000);

test("a plan is made of its seed alone, and all acts and ends come", () => {
  const made = (seed: number): RequestPlan => randomRequestPlan(Random.of(seed, "requests", 7));
  expect(made(1)).toEqual(made(1));
  expect(made(1)).not.toEqual(made(2));
  const plans = Array.from({ length: 200 }, (_, seed) => made(seed));
  expect(new Set(plans.map(({ end }) => end)).size).toBe(ENDS.length);
  expect(new Set(plans.flatMap(({ acts }) => acts.map((one) => one.do)))).toEqual(
    new Set(["ask", "settle", "tell", "abort", "wait", "freeze", "thaw"]),
  );
});
