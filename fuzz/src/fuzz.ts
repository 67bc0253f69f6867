// npm run fuzz -- --seconds 60 --seed 1 --target all
//
// Runs targets with random input for a time, or for a number of executions, and prints the seed. A finding is
// printed with what repeats it: --seed, --target, --from its number, --executions 1.

import { fileURLToPath } from "node:url";
import { loadCorpus } from "./corpus.js";
import { readOptions } from "./options.js";
import { Random } from "./random.js";
import type { Target } from "./target.js";
import { amplificationTarget } from "./targets/amplification.js";
import { bodiesTarget } from "./targets/bodies.js";
import { framingTarget } from "./targets/framing.js";
import { handshakeTarget } from "./targets/handshake.js";
import { inflateTarget } from "./targets/inflate.js";
import { registryTarget } from "./targets/registry.js";
import { resumeTarget } from "./targets/resume.js";
import { sessionTarget } from "./targets/session.js";
import { Watchdog } from "./watchdog.js";

/** Executions between two looks at clock, memory and the connection beside. */
const BATCH = 256;
/** A run takes microseconds; one that takes this long hangs, even on a busy machine. */
const HANG_MS = 10_000;
/** Growth of the heap and of buffers past which memory is not bounded. */
const MEMORY_LIMIT = 256 * 1024 * 1024;

const options = readOptions(
  { seconds: 60, seed: Date.now() % 0x100000000, executions: Number.MAX_SAFE_INTEGER, from: 0 },
  { target: "all" },
);
const folder = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const corpus = loadCorpus([folder("../../vectors"), folder("../corpus")]);

const all: Target[] = [
  framingTarget(corpus),
  bodiesTarget(corpus),
  inflateTarget(),
  amplificationTarget(),
  registryTarget(),
  handshakeTarget(corpus),
  resumeTarget(corpus),
  await sessionTarget(corpus),
];
const targets = options.target === "all" ? all : all.filter(({ name }) => name === options.target);
if (targets.length === 0) {
  console.error(`no target ${options.target}; there are: all, ${all.map(({ name }) => name).join(", ")}`);
  process.exit(2);
}

const used = (): number => {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
};

function fail(target: Target, iteration: number, error: unknown): never {
  console.error(`finding in ${target.name}, run ${iteration}:`, error);
  console.error(
    `again: npm run fuzz -- --seed ${options.seed} --target ${target.name} --from ${iteration} --executions 1`,
  );
  process.exit(1);
}

// Traces of errors cost more than all else; who repeats a single run wants them.
if (options.executions > 1) Error.stackTraceLimit = 0;

const counts = new Map(targets.map((target) => [target, 0]));
const watchdog = new Watchdog(
  targets.map(({ name }) => name),
  HANG_MS,
);
process.on("unhandledRejection", (error) => {
  console.error("finding: a rejection that nobody handles, with seed", options.seed, error);
  process.exit(1);
});

console.log(`seed ${options.seed}, ${corpus.packets.length} packets in the corpus`);
const started = performance.now();
const until = started + options.seconds * 1000;
let total = 0;
let base: number | undefined;
let peak = 0;

async function batch(index: number, target: Target): Promise<void> {
  const first = options.from + (counts.get(target) ?? 0);
  const size = Math.min(BATCH * target.weight, options.executions - total);
  for (let iteration = first; iteration < first + size; iteration++) {
    watchdog.begin(index, iteration);
    try {
      target.run(Random.of(options.seed, target.name, iteration));
    } catch (error) {
      fail(target, iteration, error);
    }
  }
  counts.set(target, (counts.get(target) ?? 0) + size);
  total += size;
  const last = first + size - 1;
  const progress = (): void => watchdog.begin(index, last);
  await target.settle?.(progress).catch((error: unknown) => fail(target, last, error));
  // Lets through what the runs have left for later, e.g. rejections.
  await new Promise<void>((resolve) => setImmediate(resolve));
  const now = used();
  base ??= now;
  peak = Math.max(peak, now - base);
  if (now - base > MEMORY_LIMIT) {
    fail(target, last, new Error(`memory is up by ${now - base} bytes since the first runs`));
  }
}

while (performance.now() < until && total < options.executions) {
  for (const [index, target] of targets.entries()) {
    if (total < options.executions) await batch(index, target);
  }
}
await watchdog.stop();
const seconds = (performance.now() - started) / 1000;
for (const [{ name }, count] of counts) console.log(`  ${name}: ${count}`);
console.log(
  `${total} executions in ${seconds.toFixed(1)} s, ${Math.round(total / seconds)} a second, no finding, seed ${options.seed}; memory at most ${(peak / 2 ** 20).toFixed(0)} MiB up`,
);
process.exit(0);
