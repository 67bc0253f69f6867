/** The command line. */
import { parseArgs } from "node:util";
import { CHECK_CELLS, CHECK_PEERS } from "./check.js";

export const HELP = `Measures peng3dnet side by side with what would be used instead.

  --quick             a few cells in under a minute; writes nothing unless --out is given
  --cells <ids>       only these cells, separated by commas; see --list
  --peers <names>     only these peers, separated by commas
  --rounds <n>        rounds of all cells (5)
  --duration <ms>     length of the measured part of a run (1000)
  --out <folder>      where results.json, results.md and pictures go (docs/performance)
  --no-write          write no files
  --cpu-prof <folder> profile all processes, and say where the time goes
  --check             half a minute; fail if the library is far slower than the baseline in the same run
  --list              name cells and peers
  --help
`;

export interface BenchOptions {
  readonly quick: boolean;
  readonly cells: readonly string[] | undefined;
  readonly peers: readonly string[] | undefined;
  readonly rounds: number;
  readonly durationMs: number;
  /** Nothing is written without. */
  readonly out: string | undefined;
  readonly cpuProfiles: string | undefined;
  readonly check: boolean;
  readonly list: boolean;
  readonly help: boolean;
}

const FULL = { rounds: 5, durationMs: 1000 };
const QUICK = { rounds: 2, durationMs: 250 };
const CHECK = { rounds: 3, durationMs: 250 };

function list(value: string | undefined): string[] | undefined {
  return value?.split(",").filter((item) => item !== "");
}

function positive(name: string, value: string | undefined, fallback: number): number {
  const result = value === undefined ? fallback : Number(value);
  if (!Number.isInteger(result) || result < 1) {
    throw new Error(`--${name} needs a whole number above 0`);
  }
  return result;
}

export function parseOptions(args: readonly string[], defaultOut: string): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: "boolean", default: false },
      cells: { type: "string" },
      peers: { type: "string" },
      rounds: { type: "string" },
      duration: { type: "string" },
      out: { type: "string" },
      "no-write": { type: "boolean", default: false },
      "cpu-prof": { type: "string" },
      check: { type: "boolean", default: false },
      list: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  const { check } = values;
  const quick = values.quick || check;
  const defaults = check ? CHECK : quick ? QUICK : FULL;
  const partial = quick || values.cells !== undefined || values.peers !== undefined;
  const out = values.out ?? (partial ? undefined : defaultOut);
  return {
    quick,
    cells: list(values.cells) ?? (check ? CHECK_CELLS : undefined),
    peers: list(values.peers) ?? (check ? CHECK_PEERS : undefined),
    rounds: positive("rounds", values.rounds, defaults.rounds),
    durationMs: positive("duration", values.duration, defaults.durationMs),
    out: values["no-write"] ? undefined : out,
    cpuProfiles: values["cpu-prof"],
    check,
    list: values.list,
    help: values.help,
  };
}
