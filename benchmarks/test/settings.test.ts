// The table of `npm run bench:settings`, and that each setting is one.

import type { Sample } from "../src/runner.js";
import { settings } from "../src/settings/settings.js";
import { table } from "../src/settings/table.js";
import { CELLS } from "../src/workloads.js";

const sample = (count: number): Sample => ({ count, elapsedMs: 1000 }) as Sample;

function outcome(id: string, ours: number[], ws: number[]) {
  const [cell] = CELLS.filter((each) => each.id === "small-64");
  if (cell === undefined) throw new Error("there is no such cell");
  const peers = {
    ours: { label: "ours", samples: ours.map(sample), errors: [] },
    ws: { label: "ws", samples: ws.map(sample), errors: [] },
  };
  return {
    setting: { id, title: id },
    results: { environment: {}, rounds: ours.length, durationMs: 1, cells: [{ cell, peers }] },
  };
}

test("a row has the median of each setting, and the worst of them", () => {
  const lines = table([
    outcome("one", [10, 20, 60], [10, 10, 10]),
    outcome("two", [9, 15, 16], [10, 10, 10]),
  ]);
  expect(lines.split("\n")).toEqual([
    "| work | beside | worst | one | two |",
    "| --- | --- | ---: | ---: | ---: |",
    "| echo, small, 64 in flight | ws | **1.50** | 2.00 | 1.50 |",
  ]);
});

test("settings have names of their own, and those that cannot be had here say how to get them", () => {
  const all = settings();
  expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
  for (const { missing } of all) expect(missing).not.toBe("");
});
