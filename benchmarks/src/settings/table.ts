/** The table of ratios under each setting. */
import { type CellResult, figures, type Results } from "../results.js";
import { ratio, type Spread } from "../statistics.js";
import type { Setting } from "./settings.js";

/** A row of the benchmark: ours beside another peer. */
export interface Row {
  readonly cell: string;
  readonly against: string;
}

/** What a setting gave. */
export interface Outcome {
  readonly setting: Setting;
  readonly results: Results;
}

const OURS = "ours";

export function rowsOf({ cells }: Results): Row[] {
  return cells.flatMap(({ cell, peers }) =>
    Object.keys(peers)
      .filter((peer) => peer !== OURS)
      .map((against) => ({ cell: cell.id, against })),
  );
}

function ratioOf({ results }: Outcome, { cell, against }: Row): Spread {
  const found = results.cells.find((result) => result.cell.id === cell) as CellResult;
  return ratio(figures(found, OURS), figures(found, against));
}

const shown = (value: number): string => (Number.isNaN(value) ? "–" : value.toFixed(2));

/** A line for each row of the benchmark, a column for each setting, and the worst of all. */
export function table(outcomes: readonly Outcome[]): string {
  const [first] = outcomes;
  if (first === undefined) return "";
  const titles = outcomes.map(({ setting }) => setting.id);
  const lines = rowsOf(first.results).map((row) => {
    const medians = outcomes.map((outcome) => ratioOf(outcome, row).median);
    const worst = Math.min(...medians.filter((median) => !Number.isNaN(median)));
    const label = first.results.cells.find(({ cell }) => cell.id === row.cell)?.cell.title ?? row.cell;
    return `| ${label} | ${row.against} | **${shown(worst)}** | ${medians.map(shown).join(" | ")} |`;
  });
  return [
    `| work | beside | worst | ${titles.join(" | ")} |`,
    `| --- | --- | ---: | ${titles.map(() => "---:").join(" | ")} |`,
    ...lines,
  ].join("\n");
}
