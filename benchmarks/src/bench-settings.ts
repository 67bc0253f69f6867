/** `npm run bench:settings`: the same rows under settings in which machines differ. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { Results } from "./results.js";
import { type Setting, settings } from "./settings/settings.js";
import { type Outcome, table } from "./settings/table.js";

const BENCH = fileURLToPath(new URL("bench.js", import.meta.url));
const OUT = fileURLToPath(new URL("../../docs/performance/settings.md", import.meta.url));
const HELP = `Measures the same rows under settings in which machines differ.

  --only <ids>        only these settings, separated by commas
  --cells <ids>       only these cells (small-1,small-64,small-1024,state-64,large-1,large-16)
  --peers <names>     ours and what it is compared with (ours,baseline,ws)
  --rounds <n>        rounds of all cells (3)
  --duration <ms>     length of the measured part of a run (500)
  --write             write the table to docs/performance/settings.md
  --list              name the settings
  --help
`;

/** Keeps a processor busy until it is killed. */
function busy(): ChildProcess {
  return spawn(process.execPath, ["--eval", "for (;;);"], { stdio: "ignore" });
}

function run(command: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<number | null> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { env, stdio: ["ignore", "ignore", "inherit"] });
    child.on("error", reject);
    child.on("exit", resolve);
  });
}

async function measured(setting: Setting, options: readonly string[]): Promise<Results> {
  const folder = mkdtempSync(join(tmpdir(), "peng3dnet-settings-"));
  const neighbour = setting.neighbour ? busy() : undefined;
  try {
    const words = [
      ...(setting.before ?? []),
      setting.node ?? process.execPath,
      BENCH,
      ...options,
      "--out",
      folder,
    ];
    const [command = "", ...args] = words;
    const code = await run(command, args, { ...process.env, ...setting.env });
    if (code !== 0) throw new Error(`the benchmark failed under the setting ${setting.id}`);
    return JSON.parse(readFileSync(join(folder, "results.json"), "utf8")) as Results;
  } finally {
    neighbour?.kill();
    rmSync(folder, { recursive: true });
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      only: { type: "string" },
      cells: { type: "string", default: "small-1,small-64,small-1024,state-64,large-1,large-16" },
      peers: { type: "string", default: "ours,baseline,ws" },
      rounds: { type: "string", default: "3" },
      duration: { type: "string", default: "500" },
      write: { type: "boolean", default: false },
      list: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return void process.stdout.write(HELP);
  const all = settings();
  if (values.list) {
    for (const { id, title, missing } of all)
      process.stdout.write(
        `${id.padEnd(16)}${title}${missing === undefined ? "" : ` (not here: ${missing})`}\n`,
      );
    return;
  }
  const only = values.only?.split(",");
  const { cells, peers, rounds, duration } = values;
  const options = ["--cells", cells, "--peers", peers, "--rounds", rounds, "--duration", duration];
  const outcomes: Outcome[] = [];
  const left: Setting[] = [];
  for (const setting of all.filter(({ id }) => only?.includes(id) ?? true)) {
    if (setting.missing !== undefined) left.push(setting);
    else {
      process.stderr.write(`== ${setting.title}\n`);
      outcomes.push({ setting, results: await measured(setting, options) });
    }
  }
  const named = outcomes.map(({ setting: { id, title } }) => `- \`${id}\`: ${title}`);
  const unmeasured = left.map(({ id, title, missing }) => `- \`${id}\`: ${title}: not measured; ${missing}`);
  const text = [
    "# Under other settings",
    "Made by `npm run bench:settings`: how many times as fast as others, in the median of the rounds of each setting.",
    `${rounds} rounds of ${duration} ms for each figure, Node ${process.version} where nothing else is said.`,
    table(outcomes),
    [...named, ...unmeasured].join("\n"),
  ].join("\n\n");
  process.stdout.write(`${text}\n`);
  if (values.write) writeFileSync(OUT, `${text}\n`);
}

await main();
