// Plans of cuts, made by chance.

import { Random } from "../../src/random.js";
import { type Cut, cutPlan, KINDS } from "../../src/resume/cut-plan.js";

const BETWEEN = 10_000;
const OPENING = 500;

function plan(seed: number, cuts: number, cable: boolean): Cut[] {
  return cutPlan(Random.of(seed, "resume", 0), { cuts, between: BETWEEN, opening: OPENING, cable });
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
  expect(cuts.every(({ fresh, offset }) => fresh && offset < OPENING)).toBe(true);
});

test("the second of two in a row comes soon after the first was mended", () => {
  const cuts = plan(1, 1000, true).filter(({ kind }) => kind === "twice in a row");
  const second = cuts.filter(({ fresh }) => fresh);
  expect(second.length).toBe(cuts.length / 2);
  expect(second.every(({ offset }) => offset >= OPENING && offset < OPENING + 300)).toBe(true);
});

test("bytes by chance, all over what is sent between two cuts", () => {
  const offsets = plan(1, 1000, true)
    .filter(({ kind }) => kind === "reset")
    .map(({ offset }) => offset);
  expect(Math.min(...offsets)).toBeLessThan(BETWEEN / 10);
  expect(Math.max(...offsets)).toBeGreaterThan((BETWEEN * 9) / 10);
});
