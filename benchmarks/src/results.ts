/** What a run of the benchmarks gives. */
import type { Sample } from "./runner.js";
import type { Cell } from "./workloads.js";

export interface PeerResult {
  readonly label: string;
  /** One for each round, in the order of the rounds; null for a round that failed. */
  readonly samples: (Sample | null)[];
  /** Why rounds failed. */
  readonly errors: string[];
}

export interface CellResult {
  readonly cell: Cell;
  readonly peers: Record<string, PeerResult>;
}

export interface Results {
  readonly environment: Readonly<Record<string, string>>;
  readonly rounds: number;
  readonly durationMs: number;
  readonly cells: readonly CellResult[];
}

/** The figure that a kind of cell is about. */
export interface Metric {
  readonly unit: string;
  readonly lowerIsBetter: boolean;
  of(sample: Sample): number;
}

const PER_SECOND = 1000;

function rate(unit: string): Metric {
  return { unit, lowerIsBetter: false, of: ({ count, elapsedMs }) => (count / elapsedMs) * PER_SECOND };
}

const METRICS: Readonly<Record<Cell["kind"], Metric>> = {
  echo: rate("messages/s"),
  broadcast: rate("deliveries/s"),
  connect: rate("connections/s"),
  idle: { unit: "bytes/connection", lowerIsBetter: true, of: ({ serverRssEach }) => serverRssEach },
};

export function metricOf(cell: Cell): Metric {
  return METRICS[cell.kind];
}

/** What a peer's successful rounds gave. */
export function samplesOf({ peers }: CellResult, peer: string): Sample[] {
  return (peers[peer]?.samples ?? []).filter((sample) => sample !== null);
}

/** The names of the peers that have figures. */
export function measuredPeers(result: CellResult): string[] {
  return Object.keys(result.peers).filter((peer) => samplesOf(result, peer).length > 0);
}

/** The cell's figure in each round; NaN for a round that failed. */
export function figures({ cell, peers }: CellResult, peer: string): number[] {
  const metric = metricOf(cell);
  return (peers[peer]?.samples ?? []).map((sample) => (sample === null ? Number.NaN : metric.of(sample)));
}
