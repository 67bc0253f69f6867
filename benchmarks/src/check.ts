/** The regression check: the library against the baseline in one run, never an absolute time. */
import { type CellResult, figures, metricOf } from "./results.js";
import { ratio } from "./statistics.js";
import { TARGETS } from "./targets.js";

/** What is measured: calls per message, encoding and decoding, and moving bytes. */
export const CHECK_CELLS: readonly string[] = ["small-1024", "state-64", "large-1"];
export const CHECK_PEERS: readonly string[] = ["baseline", "ours"];

/** The best round's ratio may miss its target by these factors: a busy machine is not a regression. */
const RATE_MARGIN = 0.5;
const CPU_MARGIN = 0.6;

/** Processor time for a message on both sides together, in each round. */
function costs({ peers }: CellResult, peer: string): number[] {
  return (peers[peer]?.samples ?? []).map((sample) =>
    sample === null ? Number.NaN : sample.serverCpu + sample.clientCpu,
  );
}

function line(cell: string, against: string, what: string, best: number, least: number): string {
  return `${cell}: ${what} ${best.toFixed(2)} × ${against} at best, less than ${least.toFixed(2)}`;
}

/** The ratios to the baseline that are so far off that noise does not explain it. */
export function regressions(cells: readonly CellResult[]): string[] {
  const lines: string[] = [];
  for (const { cell, peer, against, bound } of TARGETS) {
    const result = cells.find((candidate) => candidate.cell.id === cell);
    if (result === undefined || !against.startsWith("baseline") || metricOf(result.cell).lowerIsBetter) {
      continue;
    }
    const { median, max: rate } = ratio(figures(result, peer), figures(result, against));
    const { max: cpu } = ratio(costs(result, against), costs(result, peer));
    if (Number.isNaN(median)) {
      continue;
    }
    if (rate < bound * RATE_MARGIN) {
      lines.push(line(cell, against, "rate", rate, bound * RATE_MARGIN));
    }
    if (cpu < bound * CPU_MARGIN) {
      lines.push(line(cell, against, "messages per processor time", cpu, bound * CPU_MARGIN));
    }
  }
  return lines;
}
