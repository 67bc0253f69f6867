/** What a server and a client that nobody observes cost, beside the same code without anything for observers in it. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { median, ratio } from "../statistics.js";
import type { CostKind, CostResult, CostTask } from "./cost-process.js";
import { copyPackages } from "./hooks-out.js";

const KINDS: readonly CostKind[] = ["packets", "requests"];
const SIDES = ["with", "without"] as const;
type Side = (typeof SIDES)[number];
/** Milliseconds of processor time, so that a machine that is busy has the same work done. */
const WARMUP_MS = 1500;
const ROUND_MS = 150;
/** What has to be reached. */
const TARGET = 0.99;

/** How long it is measured. */
export interface CostOptions {
  /** Pairs of processes, one after another: the engine may place and compile the same code better in one than in another. */
  readonly pairs: number;
  /** Turns of each process. */
  readonly rounds: number;
}

/** Lets a process work. */
async function work(child: ChildProcess, task: CostTask): Promise<CostResult> {
  const over = new AbortController();
  const ended = once(child, "exit", over).then(() => {
    throw new Error("a process that is measured ended");
  });
  ended.catch(() => {});
  child.send(task);
  const [result] = await Promise.race([once(child, "message", over), ended]);
  over.abort();
  return result as CostResult;
}

async function begin(core: string): Promise<ChildProcess> {
  const child = fork(fileURLToPath(new URL("./cost-process.js", import.meta.url)), [core]);
  await once(child, "message");
  for (const kind of KINDS) await work(child, { kind, milliseconds: WARMUP_MS });
  return child;
}

type Series = Record<CostKind, Record<Side, CostResult[]>>;

/** Lets one process with the hooks and one without take turns. */
async function pair(cores: Readonly<Record<Side, string>>, first: Side, rounds: number): Promise<Series> {
  const order: readonly Side[] = first === "with" ? ["with", "without"] : ["without", "with"];
  const children = new Map<Side, ChildProcess>();
  const series: Series = {
    packets: { with: [], without: [] },
    requests: { with: [], without: [] },
  };
  try {
    for (const side of order) children.set(side, await begin(cores[side]));
    for (let round = 0; round < rounds; round++) {
      for (const kind of KINDS) {
        // Each round begins with the other one.
        for (const side of round % 2 === 0 ? order : order.toReversed()) {
          const child = children.get(side) as ChildProcess;
          series[kind][side].push(await work(child, { kind, milliseconds: ROUND_MS }));
        }
      }
    }
  } finally {
    for (const child of children.values()) child.kill("SIGKILL");
  }
  return series;
}

const shown = (value: number): string => value.toFixed(3);

/** Measures, and prints the ratios: the median of the pairs, each of which is the median of its rounds. */
export async function measureCost({ pairs, rounds }: CostOptions): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "peng3dnet-observing-"));
  try {
    const cores = { with: copyPackages(folder, "with"), without: copyPackages(folder, "without") };
    const all: Series[] = [];
    for (let at = 0; at < pairs; at++) all.push(await pair(cores, at % 2 === 0 ? "with" : "without", rounds));
    console.log(
      `nobody observes: ours beside the same without hooks, ${pairs} pairs of processes, ${rounds} rounds each; at least ${TARGET}`,
    );
    for (const kind of KINDS) {
      for (const [what, part] of [
        ["a second", "rate"],
        ["a second of processor time", "perProcessor"],
      ] as const) {
        const ratios = all.map(({ [kind]: series }) => {
          const [ours, bare] = SIDES.map((side) => series[side].map((result) => result[part]));
          return ratio(ours as number[], bare as number[]).median;
        });
        const rate = median(all.flatMap(({ [kind]: series }) => series.with.map((result) => result[part])));
        console.log(
          `${`${kind} ${what}`.padEnd(38)} ${shown(median(ratios))} (pairs ${shown(Math.min(...ratios))} to ${shown(Math.max(...ratios))}), ours ${Math.round(rate)}`,
        );
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
