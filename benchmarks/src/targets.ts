/** What is to be reached, as ratios within one run. */
import { type CellResult, figures, metricOf } from "./results.js";
import { ratio, type Spread } from "./statistics.js";

export interface Target {
  readonly cell: string;
  readonly peer: string;
  readonly against: string;
  /** Rates: the ratio is at least this. Memory: at most this. */
  readonly bound: number;
}

function targets(cell: string, bounds: Readonly<Record<string, number>>, peer = "ours"): Target[] {
  return Object.entries(bounds).map(([against, bound]) => ({ cell, peer, against, bound }));
}

const LARGE = { ws: 3.5, baseline: 0.9 };
const STATE = { ws: 1.4, "ws-records": 1.5, baseline: 0.95 };
const TLS = { "baseline-tls": 0.9 };
const EVENTS = { ours: 0.97 };
const RESUME = { ours: 0.95 };
const REQUESTS = { ours: 0.7, "socket.io-requests": 8 };
const RECEIVERS = { ours: 0.9 };

export const TARGETS: readonly Target[] = [
  ...targets("small-1024", { ws: 10, "ws-corked": 3.5, "socket.io": 11, baseline: 0.85 }),
  ...targets("small-64", { ws: 5, "ws-corked": 3.5, baseline: 0.9 }),
  ...targets("small-1", { ws: 1.3, baseline: 0.93 }),
  ...targets("small-1024", { ws: 10 }, "ours-websocket"),
  ...targets("small-64", { ws: 8 }, "ours-websocket"),
  ...targets("small-1", { ws: 1 }, "ours-websocket"),
  ...targets("broadcast-1000", { ws: 3 }, "ours-websocket"),
  ...targets("state-64", STATE),
  ...targets("state-1024", STATE),
  ...targets("large-1", LARGE),
  ...targets("large-16", LARGE),
  ...targets("broadcast-1000", { ws: 3 }),
  ...targets("idle-5000", { bare: 1.3 }),
  ...targets("others-64", { limit: 0.8 }),
  ...targets("others-1024", { limit: 0.35 }),
  ...targets("tls-small-64", TLS, "ours-tls"),
  ...targets("tls-small-1024", TLS, "ours-tls"),
  ...targets("events-small-64", EVENTS, "ours-events"),
  ...targets("events-small-1024", EVENTS, "ours-events"),
  ...targets("resume-64", RESUME, "ours-resume"),
  ...targets("resume-1024", RESUME, "ours-resume"),
  ...targets("requests-64", REQUESTS, "ours-requests"),
  ...targets("requests-1024", REQUESTS, "ours-requests"),
  ...targets("requests-64", REQUESTS, "ours-requests-async"),
  ...targets("requests-1024", REQUESTS, "ours-requests-async"),
  ...targets("receivers-1000", RECEIVERS, "ours-group"),
  ...targets("receivers-1000", RECEIVERS, "ours-to"),
];

export interface Verdict {
  readonly target: Target;
  readonly result: CellResult;
  readonly ratio: Spread;
  readonly reached: boolean;
}

/** The targets that these results have figures for. */
export function judge(cells: readonly CellResult[]): Verdict[] {
  return TARGETS.flatMap((target) => {
    const result = cells.find(({ cell }) => cell.id === target.cell);
    if (result === undefined) {
      return [];
    }
    const measured = ratio(figures(result, target.peer), figures(result, target.against));
    if (Number.isNaN(measured.median)) {
      return [];
    }
    const { lowerIsBetter } = metricOf(result.cell);
    const reached = lowerIsBetter ? measured.median <= target.bound : measured.median >= target.bound;
    return [{ target, result, ratio: measured, reached }];
  });
}
