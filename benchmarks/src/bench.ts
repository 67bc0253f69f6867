/** `npm run bench`. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { regressions } from "./check.js";
import { measure, type Plan } from "./measure.js";
import { type BenchOptions, HELP, parseOptions } from "./options.js";
import { isPeer, PEER_NAMES } from "./peers/index.js";
import { profileMarkdown } from "./profile.js";
import { writeReport } from "./report.js";
import { markdown } from "./report-markdown.js";
import type { Results } from "./results.js";
import { CELLS, type Cell } from "./workloads.js";

const DEFAULT_OUT = fileURLToPath(new URL("../../docs/performance", import.meta.url));
const QUICK_WARMUP = 0.25;
const CONGESTION_CONTROL = "/proc/sys/net/ipv4/tcp_congestion_control";
const VERSIONS_OF = ["ws", "socket.io", "@msgpack/msgpack", "msgpackr"];

function version(name: string): string {
  // The manifest itself need not be exported: it is looked for above the entry point.
  let folder = dirname(createRequire(import.meta.url).resolve(name));
  for (;;) {
    try {
      const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
      if (manifest.name === name) {
        return String(manifest.version);
      }
    } catch {
      // No manifest here.
    }
    if (folder === dirname(folder)) {
      return "unknown";
    }
    folder = dirname(folder);
  }
}

/** How the kernel paces TCP, where it tells: pacing costs long messages more than copying them does. */
function congestionControl(): Record<string, string> {
  try {
    return { "TCP congestion control": readFileSync(CONGESTION_CONTROL, "utf8").trim() };
  } catch {
    return {};
  }
}

function environment(): Record<string, string> {
  return {
    Node: process.version,
    on: `${process.platform} ${process.arch}`,
    with: `${availableParallelism()} processors`,
    ...congestionControl(),
    ...Object.fromEntries(VERSIONS_OF.map((name) => [name, version(name)])),
  };
}

/** The quick mode warms up less. */
function shortened(cell: Cell): Cell {
  return cell.kind === "idle" ? cell : { ...cell, warmup: Math.ceil(cell.warmup * QUICK_WARMUP) };
}

function plan(options: BenchOptions): Plan {
  const cells = CELLS.filter(
    ({ id, quick }) => options.cells?.includes(id) ?? (!options.quick || quick === true),
  );
  const unknown = options.cells?.filter((id) => !CELLS.some((cell) => cell.id === id)) ?? [];
  if (unknown.length > 0) {
    throw new Error(`no such cells: ${unknown.join(", ")}; see --list`);
  }
  return {
    cells: cells
      .map((cell) => ({
        cell: options.quick ? shortened(cell) : cell,
        peers: options.peers ?? cell.peers.filter(isPeer),
      }))
      .filter(({ peers }) => peers.length > 0),
    rounds: options.rounds,
    durationMs: options.durationMs,
    profiles: options.cpuProfiles,
    progress: (line) => void process.stderr.write(`${line}\n`),
  };
}

async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2), DEFAULT_OUT);
  if (options.help) {
    process.stdout.write(HELP);
    return;
  }
  if (options.list) {
    const cells = CELLS.map(({ id, title, peers }) => `  ${id.padEnd(20)} ${title} (${peers.join(", ")})`);
    process.stdout.write(`cells:\n${cells.join("\n")}\npeers:\n  ${PEER_NAMES.join(", ")}\n`);
    return;
  }
  const { rounds, durationMs } = options;
  const results: Results = {
    environment: environment(),
    rounds,
    durationMs,
    cells: await measure(plan(options)),
  };
  process.stdout.write(markdown(results, []));
  if (options.cpuProfiles !== undefined) {
    process.stdout.write(`\n${await profileMarkdown(options.cpuProfiles)}`);
  }
  if (options.out !== undefined) {
    await writeReport(results, options.out);
  }
  const failed = results.cells.some(({ peers }) =>
    Object.values(peers).some(({ errors }) => errors.length > 0),
  );
  const worse = options.check ? regressions(results.cells) : [];
  for (const line of worse) {
    process.stderr.write(`regression: ${line}\n`);
  }
  process.exitCode = failed || worse.length > 0 ? 1 : 0;
}

await main();
