import { regressions } from "../src/check.js";
import type { CellResult } from "../src/results.js";
import type { Sample } from "../src/runner.js";
import { CELLS } from "../src/workloads.js";

function sample(rate: number, cpu: number): Sample {
  return {
    count: rate,
    elapsedMs: 1000,
    serverCpu: cpu / 2,
    clientCpu: cpu / 2,
    serverRss: 0,
    clientRss: 0,
    serverRssEach: 0,
    serverLiveEach: 0,
    clientLiveEach: 0,
  };
}

function cell(ours: (Sample | null)[]): CellResult[] {
  const measured = CELLS.find(({ id }) => id === "small-64");
  if (measured === undefined) throw new Error("no such cell");
  const baseline = { label: "baseline", samples: ours.map(() => sample(100, 10)), errors: [] };
  return [{ cell: measured, peers: { baseline, ours: { label: "ours", samples: ours, errors: [] } } }];
}

test("the best round counts, and a margin is left", () => {
  expect(regressions(cell([sample(20, 50), sample(50, 16), null]))).toEqual([]);
});

test("rates and processor time are told apart", () => {
  expect(regressions(cell([sample(20, 10), sample(40, 10)]))).toEqual([
    "small-64: rate 0.40 × baseline at best, less than 0.45",
  ]);
  expect(regressions(cell([sample(100, 20)]))).toEqual([
    "small-64: messages per processor time 0.50 × baseline at best, less than 0.54",
  ]);
});

test("what was not measured is no regression", () => {
  expect(regressions([])).toEqual([]);
  expect(regressions(cell([null]))).toEqual([]);
});
