/** `npm run bench:cluster`. */
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { findNatsServer, HOW_TO_GET_NATS_SERVER } from "@peng3dnet-internal/nats-server";
import { ratio, type Spread, spread } from "../statistics.js";
import { bareHop, echoes, fanout, Group, NODES } from "./cells.js";
import { KINDS, type KindName, loadKind } from "./load.js";
import type { Latencies } from "./requests.js";

const HELP = `Measures a cluster over nats-server beside socket.io over redis-server; both have to be installed.

  --quick          a minute in all, to see that it works
  --only <parts>   fanout, kept, hop, workers; several separated by commas
  --peers <names>  of ${KINDS.join(", ")}, for fanout
  --each <n>       clients of each node (300)
  --in-flight <n>  broadcasts in flight (4,16,64); several separated by commas
  --rounds <n>     rounds (5)
  --duration <ms>  length of the measured part of a round (2000)
  --help
`;

/** A round's measured time is divided into so many pieces, and the peers take turns. */
const PIECES = 5;
/** Microseconds of the processor that the handler of a game may take. */
const WORK = 100;
/** Messages before anything is measured, where handlers work. */
const WARMUP_WORKING = 3000;
const text = { type: "string" } as const;
const flag = { type: "boolean", default: false } as const;

interface Options {
  readonly rounds: number;
  readonly durationMs: number;
  readonly each: number;
  readonly inFlight: readonly number[];
  readonly messages: number;
  readonly kinds: readonly KindName[];
}

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const progress = (line: string): void => void process.stderr.write(`${line}\n`);
const rate = (value: number): string => Math.round(value).toLocaleString("en");

/** A line of figures: the middle one, and between which they lie. */
function range(values: readonly number[] | Spread, show: (value: number) => string = rate): string {
  const { median: middle, min, max } = "median" in values ? values : spread(values);
  return `${show(middle)} (${show(min)} – ${show(max)})`;
}

const times = (value: number): string => `${value.toFixed(2)} x`;

// ---- a broadcast to the clients of three nodes ------------------------------------------------------

/** What was measured in one round. */
interface Sum {
  count: number;
  elapsedMs: number;
  /** Microseconds of the processor. */
  nodes: number;
  clients: number;
}

/**
 * Runs groups in turns: what disturbs the machine for a while disturbs them all.
 *
 * @param inFlight - default: what their cell says.
 */
async function inTurns(groups: readonly Group[], durationMs: number, inFlight?: number): Promise<Sum[]> {
  const sums = groups.map((): Sum => ({ count: 0, elapsedMs: 0, nodes: 0, clients: 0 }));
  for (let piece = 0; piece < PIECES; piece++) {
    for (const [index, group] of groups.entries()) {
      const before = await group.processor();
      const { count, elapsedMs } = await group.run(durationMs / PIECES, inFlight);
      const after = await group.processor();
      const sum = sums[index] as Sum;
      sum.count += count;
      sum.elapsedMs += elapsedMs;
      sum.nodes += after.nodes - before.nodes;
      sum.clients += after.clients - before.clients;
    }
  }
  return sums;
}

const perSecond = (sums: readonly Sum[]): number[] => sums.map((sum) => (sum.count * 1000) / sum.elapsedMs);
const microseconds = (value: number): string => `${value.toFixed(2)} µs`;

async function fanoutPart({ rounds, durationMs, each, inFlight, kinds }: Options): Promise<void> {
  const cell = fanout(each, Math.min(...inFlight));
  const sums = inFlight.map(() => new Map<KindName, Sum[]>(kinds.map((kind) => [kind, []])));
  for (let round = 0; round < rounds; round++) {
    progress(`round ${round + 1} of ${rounds}: ${cell.title}`);
    const groups: Group[] = [];
    try {
      // Each round begins with another one.
      for (const [index] of kinds.entries()) {
        const kind = kinds[(index + round) % kinds.length] as KindName;
        const group = await Group.start(kind, NODES, { mode: "broadcast", work: 0 });
        groups.push(group);
        await group.prepare(cell);
      }
      for (const [place, count] of inFlight.entries()) {
        for (const [index, sum] of (await inTurns(groups, durationMs, count)).entries())
          sums[place]?.get(groups[index]?.kind as KindName)?.push(sum);
      }
    } finally {
      for (const group of groups) await group.end();
    }
  }
  say(`\n### ${cell.title}\n`);
  say(
    "| In flight | | Deliveries a second | peng3dnet's, as many times | Processor time of nodes for one | Of clients | Their process at work |",
  );
  say("| --- | --- | --- | --- | --- | --- | --- |");
  for (const [place, count] of inFlight.entries()) {
    const own = sums[place] ?? new Map<KindName, Sum[]>();
    for (const kind of kinds) say(await fanoutRow(count, kind, own));
  }
}

async function fanoutRow(
  inFlight: number,
  kind: KindName,
  sums: ReadonlyMap<KindName, Sum[]>,
): Promise<string> {
  const { label } = await loadKind(kind);
  const own = sums.get(kind) ?? [];
  const beside = range(ratio(perSecond(sums.get("ours") ?? []), perSecond(own)), times);
  const cost = (who: "nodes" | "clients"): string =>
    range(
      own.map((sum) => sum[who] / sum.count),
      microseconds,
    );
  // All clients are in one process: where it is near 100 %, the others wait for it.
  const works = range(
    own.map(({ clients, elapsedMs }) => clients / (elapsedMs * 10)),
    (share) => `${share.toFixed(0)} %`,
  );
  return `| ${inFlight} | ${label} | ${range(perSecond(own))} | ${beside} | ${cost("nodes")} | ${cost("clients")} | ${works} |`;
}

// ---- a group on one node ------------------------------------------------------------------------------

async function keptPart({ durationMs, each, inFlight }: Options): Promise<void> {
  progress("a group on one of three nodes");
  const group = await Group.start("ours", NODES, { mode: "broadcast", work: 0 });
  try {
    const [few = 1] = inFlight;
    await group.prepare({ ...fanout(each, few), connections: each }, group.ports.slice(0, 1));
    // What is sent before the nodes know of each other does go over the bus.
    await new Promise((resolve) => setTimeout(resolve, 3000));
    const before = await group.counters();
    const { count } = await group.run(durationMs);
    const after = await group.counters();
    say(`\n### A group with ${each} members on one of ${NODES} nodes\n`);
    say(
      `${rate(after.broadcastsKept - before.broadcastsKept)} broadcasts (${rate(count)} deliveries) in ${durationMs} ms: ` +
        `${after.broadcastsOut - before.broadcastsOut} went over the bus; ` +
        `${after.bytesOut - before.bytesOut} bytes were published in that time, beats included.`,
    );
  } finally {
    await group.end();
  }
}

// ---- a hop ----------------------------------------------------------------------------------------------

const at = (latencies: Latencies, share: number): number =>
  latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? Number.NaN;

async function hopPart({ rounds, messages }: Options): Promise<void> {
  const figures = new Map<string, { readonly p50: number[]; readonly p99: number[] }>();
  const note = (what: string, latencies: Latencies): void => {
    const figure = figures.get(what) ?? { p50: [], p99: [] };
    figures.set(what, figure);
    figure.p50.push(at(latencies, 0.5));
    figure.p99.push(at(latencies, 0.99));
  };
  for (let round = 0; round < rounds; round++) {
    progress(`round ${round + 1} of ${rounds}: a hop`);
    note("NATS alone, from publisher to subscriber", await bareHop(messages));
    for (const kind of KINDS) {
      const group = await Group.start(kind, 2, { mode: "broadcast", work: 0 });
      try {
        const { label } = await loadKind(kind);
        const { whole, later } = await group.hop(messages);
        note(`${label}, from client to client of the other node`, whole);
        note(`${label}, later than at a client of the same node`, later);
      } finally {
        await group.end();
      }
    }
  }
  say("\n### What a hop takes\n");
  say("| | 50 % within | 99 % within |");
  say("| --- | --- | --- |");
  const us = (value: number): string => `${rate(value)} µs`;
  for (const [what, { p50, p99 }] of figures) say(`| ${what} | ${range(p50, us)} | ${range(p99, us)} |`);
}

// ---- workers --------------------------------------------------------------------------------------------

async function workersPart({ rounds, durationMs }: Options): Promise<void> {
  const rows: string[] = [];
  for (const work of [0, WORK]) {
    const sums: [one: Sum[], two: Sum[]] = [[], []];
    for (let round = 0; round < rounds; round++) {
      progress(`round ${round + 1} of ${rounds}: workers whose handlers take ${work} µs`);
      const groups: Group[] = [];
      try {
        for (const count of [1, 2]) {
          const group = await Group.start("ours", count, { mode: "echo", work });
          groups.push(group);
          await group.prepare(work === 0 ? echoes : { ...echoes, warmup: WARMUP_WORKING });
        }
        for (const [index, sum] of (await inTurns(groups, durationMs)).entries()) sums[index]?.push(sum);
      } finally {
        for (const group of groups) await group.end();
      }
    }
    const [one, two] = sums.map(perSecond) as [number[], number[]];
    const what = work === 0 ? "Echoes a second" : `The same, with ${work} µs of work for each`;
    rows.push(`| ${what} | ${range(one)} | ${range(two)} | ${range(ratio(two, one), times)} |`);
  }
  say(`\n### Workers on ${availableParallelism()} cores, clients on the same\n`);
  say("| | 1 worker | 2 workers | Growth |");
  say("| --- | --- | --- | --- |");
  for (const row of rows) say(row);
}

// ---- the command ----------------------------------------------------------------------------------------

const PARTS = { fanout: fanoutPart, kept: keptPart, hop: hopPart, workers: workersPart };

function read() {
  const given = parseArgs({
    options: {
      quick: flag,
      help: flag,
      only: text,
      peers: text,
      each: text,
      "in-flight": text,
      rounds: text,
      duration: text,
    },
  }).values;
  const names = given.only?.split(",") ?? Object.keys(PARTS);
  const parts = Object.entries(PARTS).filter(([name]) => names.includes(name));
  const peers = given.peers?.split(",");
  const options: Options = {
    rounds: Number(given.rounds ?? (given.quick ? 1 : 5)),
    durationMs: Number(given.duration ?? (given.quick ? 500 : 2000)),
    each: Number(given.each ?? 300),
    inFlight: (given["in-flight"] ?? "4,16,64").split(",").map(Number),
    messages: given.quick ? 200 : 2000,
    kinds: KINDS.filter((kind) => peers?.includes(kind) ?? true),
  };
  if (parts.length < names.length) throw new Error(`--only takes ${Object.keys(PARTS).join(", ")}`);
  return { help: given.help, options, parts };
}

const { help, options, parts } = read();
if (help) process.stdout.write(HELP);
else if (findNatsServer() === undefined) {
  process.stderr.write(`There is no nats-server here: ${HOW_TO_GET_NATS_SERVER}\n`);
  process.exitCode = 1;
} else {
  try {
    for (const [, part] of parts) await part(options);
  } catch (error) {
    process.stderr.write(`${String(error)}\n`);
    process.exitCode = 1;
  }
}
