// What `bench:observing` takes for the time in which a scrape holds the loop.

import { setImmediate as turnOfLoop } from "node:timers/promises";
import { stretch } from "../../src/observing/stretch.js";

/** So long that nothing else in a turn is as long. */
const LONG_MS = 20;

function hold(milliseconds: number): void {
  const until = performance.now() + milliseconds;
  while (performance.now() < until);
}

test("what is done without a turn of the loop is one piece, promises included", async () => {
  const { whole, held } = await stretch(async () => {
    hold(LONG_MS);
    for (let n = 0; n < 100; n++) await null;
    hold(LONG_MS);
  });
  expect(held).toHaveLength(1);
  expect(held[0]?.taken).toBeGreaterThanOrEqual(2 * LONG_MS);
  expect(whole.taken).toBeGreaterThanOrEqual(2 * LONG_MS);
});

test("it is in pieces where the loop turns, and what others do meanwhile is in none", async () => {
  const { whole, held } = await stretch(async () => {
    setTimeout(() => hold(5 * LONG_MS), 0);
    hold(LONG_MS);
    await turnOfLoop();
    hold(2 * LONG_MS);
  });
  expect(held).toHaveLength(2);
  const [first, second] = held.map(({ taken }) => taken) as [number, number];
  expect(first).toBeGreaterThanOrEqual(LONG_MS);
  expect(second).toBeGreaterThanOrEqual(2 * LONG_MS);
  expect(whole.taken - first - second).toBeGreaterThanOrEqual(5 * LONG_MS);
});

test("what comes meanwhile is worked off in the turn after it", async () => {
  let worked = 0;
  const { held, after } = await stretch(() => {
    setTimeout(() => {
      hold(LONG_MS);
      worked++;
    }, 0);
    hold(2);
  });
  expect(held).toHaveLength(1);
  expect(worked).toBe(1);
  expect(after.taken).toBeGreaterThanOrEqual(LONG_MS);
});

test("what fails is the caller's to hear", async () => {
  await expect(stretch(() => Promise.reject(new Error("no scrape")))).rejects.toThrow("no scrape");
});
