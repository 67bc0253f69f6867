// Plans of cuts, made by chance.

import { Random } from "../../src/random.js";
import { type Cut, cutPlan, KINDS } from "../../src/resume/cut-plan.js";

const OPENING = 500;

function plan(seed: number, cuts: number, cable: boolean): Cut[] {
  return cutPlan(Random.of(seed, "resume", 0), { cuts, opening: OPENING, cable });
}

test("the same seed makes the same plan, another one another", () => {
  expect(plan(1, 100, true)).toEqual(plan(1, 100, true));
  expect(plan(1, 100, true)).not.toEqual(plan(2, 100, true));
});

test("twenty cuts are of all kinds, and both processes are stopped", () => {
  for (let seed = 0; seed < 50; seed++) {
    const cuts = plan(seed, 20, true);
    expect(cuts).toHaveLength(20);
    // One of the two in a row may be cut off by the end of the plan.
    expect(new Set(cuts.map(({ kind }) => kind))).toEqual(new Set(KINDS));
    expect(cuts.map(({ act }) => act)).toEqual(expect.arrayContaining(["stop-server", "stop-client"]));
  }
});

test("without a cable nothing is done to one", () => {
  const acts = plan(1, 200, false).map(({ act }) => act);
  expect(acts).not.toContain("cable");
  expect(acts).toContain("black-hole");
});

test("a cut in the resumption is on a new line, before that is of use", () => {
  const cuts = plan(1, 1000, true).filter(({ kind }) => kind === "in the resumption");
  expect(cuts.length).toBeGreaterThan(100);
  expect(cuts.every(({ fresh, offset, share }) => fresh && offset < OPENING && share === 0)).toBe(true);
});

test("the second of two in a row comes soon after the first was mended", () => {
  const cuts = plan(1, 1000, true).filter(({ kind }) => kind === "twice in a row");
  const second = cuts.filter(({ fresh }) => fresh);
  expect(second.length).toBe(cuts.length / 2);
  expect(second.every(({ offset }) => offset >= OPENING && offset < OPENING + 300)).toBe(true);
});

test("places by chance, all over what waits to be sent", () => {
  const shares = plan(1, 1000, true)
    .filter(({ kind }) => kind === "reset")
    .map(({ share }) => share);
  expect(Math.min(...shares)).toBeLessThan(0.1);
  expect(Math.max(...shares)).toBeGreaterThan(0.9);
  expect(Math.max(...shares)).toBeLessThan(1);
});
