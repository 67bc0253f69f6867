/** `npm run bench:beside`: this checkout beside others, e.g. of a commit before. */
import { existsSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { createCredentials } from "./certificate.js";
import { Child } from "./child.js";
import { ratio } from "./statistics.js";
import { CELLS, type Cell } from "./workloads.js";

const HELP = `Measures this checkout beside others that are built, such as clones of a commit before.

  npm run bench:beside -- FOLDER [FOLDER ...]

  --cells <ids>     cells of npm run bench that move messages, separated by commas (small-64,small-1024,state-64)
  --peer <name>     ours, or a variant of it that all of them have (ours)
  --rounds <n>      rounds, each with processes of its own (5)
  --node=<flags>    flags of Node for all of them; --node=--min-semi-space-size=16 gives all the same room for young objects
  --help
`;

/** All take so many turns in a round, of so many milliseconds: what disturbs the machine lasts longer, and disturbs all alike. */
const TURNS = 10;
const TURN_MS = 150;
const WARM_UP_MS = 800;

/** The server and the client of a checkout. */
class Contender {
  readonly #server: Child;
  readonly #client: Child;
  count = 0;
  elapsedMs = 0;
  /** Microseconds of the processor before the first turn. */
  #before = 0;

  constructor(built: URL, flags: readonly string[]) {
    this.#server = new Child("server", flags, built);
    this.#client = new Child("client", flags, built);
  }

  async begin(cell: Cell, peer: string): Promise<void> {
    const setup = { peer, cell, ...(peer.endsWith("-tls") && { credentials: await createCredentials() }) };
    const { port } = await this.#server.ask("serve", setup);
    await this.#client.ask("prepare", { ...setup, port });
    await this.#client.ask("run", { durationMs: WARM_UP_MS });
    this.#before = await this.#processor();
  }

  async turn(): Promise<void> {
    const { count, elapsedMs } = await this.#client.ask("run", { durationMs: TURN_MS });
    this.count += count;
    this.elapsedMs += elapsedMs;
  }

  /** Messages a microsecond of the processor, of both sides together. */
  async perProcessor(): Promise<number> {
    return this.count / ((await this.#processor()) - this.#before);
  }

  async #processor(): Promise<number> {
    const sides = [this.#server, this.#client].map((side) => side.ask("usage", { collect: false }));
    return (await Promise.all(sides)).reduce((sum, { cpuMicroseconds }) => sum + cpuMicroseconds, 0);
  }

  async end(): Promise<void> {
    await Promise.all([this.#server.end(), this.#client.end()]);
  }
}

interface Figures {
  readonly rates: number[];
  readonly perProcessor: number[];
}

/** One round: all are started, and take turns, each time in the other order. */
async function round(
  cell: Cell,
  peer: string,
  builts: readonly URL[],
  figures: readonly Figures[],
  flags: readonly string[],
): Promise<void> {
  const contenders = builts.map((built) => new Contender(built, flags));
  try {
    for (const contender of contenders) await contender.begin(cell, peer);
    for (let turn = 0; turn < TURNS; turn++) {
      for (const contender of turn % 2 === 0 ? contenders : [...contenders].reverse()) await contender.turn();
    }
    for (const [index, contender] of contenders.entries()) {
      figures[index]?.rates.push(contender.count / contender.elapsedMs);
      figures[index]?.perProcessor.push(await contender.perProcessor());
    }
  } finally {
    for (const contender of contenders) await contender.end();
  }
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    cells: { type: "string", default: "small-64,small-1024,state-64" },
    peer: { type: "string", default: "ours" },
    rounds: { type: "string", default: "5" },
    node: { type: "string", default: "" },
    help: { type: "boolean", default: false },
  },
});
const ids = values.cells.split(",");
const flags = values.node.split(" ").filter((flag) => flag !== "");
const unbuilt = positionals.find((folder) => !existsSync(`${folder}/benchmarks/dist/server-process.js`));
const cells = CELLS.filter(({ id, kind }) => ids.includes(id) && kind !== "idle" && kind !== "connect");
if (values.help || positionals.length === 0 || cells.length < ids.length) {
  process.stdout.write(HELP);
  process.exitCode = values.help ? 0 : 2;
} else if (unbuilt !== undefined) {
  process.stderr.write(`${unbuilt} is no checkout that is built: run "npm run setup" there\n`);
  process.exitCode = 2;
} else {
  const here = new URL(".", import.meta.url);
  const others = positionals.map((folder) => new URL("benchmarks/dist/", pathToFileURL(`${folder}/`)));
  const builts = [here, ...others];
  for (const cell of cells) {
    const figures = builts.map((): Figures => ({ rates: [], perProcessor: [] }));
    for (let index = 0; index < Number(values.rounds); index++) {
      // Each round begins with another one, so that none is always warmed up last.
      const at = index % builts.length;
      const turned = [...builts.slice(at), ...builts.slice(0, at)];
      await round(cell, values.peer, turned, [...figures.slice(at), ...figures.slice(0, at)], flags);
    }
    const [own, ...rest] = figures as [Figures, ...Figures[]];
    for (const [index, other] of rest.entries()) {
      const rate = ratio(own.rates, other.rates);
      const processor = ratio(own.perProcessor, other.perProcessor);
      process.stdout.write(
        `${cell.title}: ${rate.median.toFixed(3)} (${rate.min.toFixed(2)} to ${rate.max.toFixed(2)}) times ${positionals[index]}; by processor time ${processor.median.toFixed(3)}\n`,
      );
    }
  }
}
