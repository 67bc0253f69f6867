// npm run cluster:faults -- --minutes 10           three nodes over a nats-server and 300 clients, while things go wrong
// npm run cluster:faults -- --only cut-long        one kind of fault; --list names them
// npm run cluster:faults -- --write                the table goes into docs/reference/reliability.md
//
// Nodes send numbered messages to groups. Each client checks that what it sees of each group and each node is contiguous, or
// that exactly what is missing was told. After each fault nodes have to agree again on who is there, and nothing is left open.
// Needs nats-server; network namespaces where the system allows them, and a relay otherwise.

import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { findNatsServer, HOW_TO_GET_NATS_SERVER } from "@peng3dnet-internal/nats-server";
import { Arena } from "./cluster/arena.js";
import { FAULTS, type Fault } from "./cluster/faults.js";
import { NamespaceNetwork, type Network, RelayNetwork, unsharing } from "./cluster/network.js";
import {
  AGREE_WITHIN,
  COMPLETE_WITHIN,
  GROWTH,
  growth,
  markdown,
  type Round,
  SAME_WITHIN,
  seconds,
} from "./cluster/outcome.js";
import { Random } from "./random.js";
import { show } from "./shown/report.js";

const DOCUMENT = fileURLToPath(new URL("../../docs/reference/reliability.md", import.meta.url));
const BEGIN = "<!-- cluster-faults: begin -->";
const END = "<!-- cluster-faults: end -->";
/** Set for the process that runs in a network namespace of its own. */
const INSIDE = "PENG3DNET_CLUSTER_FAULTS_INSIDE";
/** Seconds in which all clients have to be there, at the beginning and after a fault. */
const PEOPLED_WITHIN = 60;
/** Seconds of undisturbed traffic before each fault. */
const BETWEEN = 3;
const MIB = 1024 * 1024;

const flag = { type: "boolean", default: false } as const;
const text = { type: "string" } as const;

const HELP = `Three nodes over a nats-server, and clients that check every sequence, while things go wrong; nats-server has to be installed.

  --minutes <n>    how long (10)
  --clients <n>    how many (300)
  --only <fault>   one kind of fault alone
  --list           names the kinds of faults
  --seed <n>       the order of faults of an earlier run
  --write          the table goes into docs/reference/reliability.md
  --help`;

function fail(message: string): never {
  console.error(message);
  process.exit(2);
}

function read() {
  const values = { minutes: text, clients: text, seed: text, only: text };
  const options = { ...values, list: flag, write: flag, help: flag } as const;
  try {
    const { minutes, clients, seed, only, help, ...flags } = parseArgs({ options }).values;
    if (help) {
      console.log(HELP);
      process.exit();
    }
    const faults = FAULTS.filter(({ name }) => only === undefined || name === only);
    if (faults.length === 0) fail(`no fault ${only}; --list names them`);
    return {
      minutes: number("minutes", minutes, 10),
      clients: number("clients", clients, 300),
      seed: number("seed", seed, Math.floor(Math.random() * 2 ** 32)),
      faults,
      ...flags,
    };
  } catch (error) {
    return fail((error as Error).message);
  }
}

function number(name: string, given: string | undefined, otherwise: number): number {
  const value = Number(given ?? otherwise);
  return value > 0 ? value : fail(`--${name} takes a number above 0, not ${given}`);
}

/** All faults in turn, each time in another order. */
function* deck(faults: readonly Fault[], random: Random): Generator<Fault, never> {
  for (;;) {
    const left = [...faults];
    while (left.length > 0) yield left.splice(random.below(left.length), 1)[0] as Fault;
  }
}

async function play(network: Network): Promise<void> {
  const begun = performance.now();
  const arena = await Arena.open(network, options.clients);
  if (!(await arena.peopled(PEOPLED_WITHIN))) throw new Error("not all clients could connect");
  console.log(`three nodes and ${options.clients} clients; a cut is made by ${network.how}`);
  arena.send(true);

  const rounds: Round[] = [];
  const memory: Record<"node" | "clients", number[]> = { node: [], clients: [] };
  let hanging = 0;
  let wrongMembers = 0;
  let last = await arena.quiet(COMPLETE_WITHIN);
  const random = Random.of(options.seed, "cluster", 0);
  for (const fault of deck(options.faults, random)) {
    await arena.introduce();
    await sleep(BETWEEN * 1000);
    await fault.play(arena, random);
    const agreed = await arena.agreed(AGREE_WITHIN);
    await arena.peopled(PEOPLED_WITHIN);
    const members = await arena.sameMembers(SAME_WITHIN);
    const before = last.clients;
    last = await arena.quiet(COMPLETE_WITHIN);
    const { clients, nodes, after } = last;
    const round: Round = {
      fault,
      agreed,
      members,
      complete: after,
      gaps: clients.gaps - before.gaps,
      missed: clients.missed - before.missed,
    };
    rounds.push(round);
    wrongMembers += nodes.reduce((sum, node) => sum + node.wrongMembers, 0);
    hanging += nodes.reduce((sum, node) => sum + node.hanging, 0);
    const lasting = nodes.find(({ node }) => node.startsWith("one~"));
    if (lasting !== undefined) memory.node.push(lasting.memory);
    memory.clients.push(clients.memory);
    const minutes = (performance.now() - begun) / 60_000;
    console.log(
      `${minutes.toFixed(1).padStart(5)} min  ${fault.name.padEnd(14)} nodes agree after ${seconds(agreed)}, members the same after ${seconds(members)}, ` +
        `views complete after ${seconds(after)}, ${round.gaps} gaps of ${round.missed} messages told, ` +
        `${clients.wrongs} wrong, node one ${(memory.node.at(-1)! / MIB).toFixed(1)} MiB`,
    );
    if (minutes >= options.minutes) break;
  }
  const minutes = (performance.now() - begun) / 60_000;
  const nodes = last.nodes;
  await arena.close();
  judge(rounds, last.clients, nodes, memory, { hanging, wrongMembers });
  if (options.write) write(rounds);
  console.log(`${rounds.length} rounds in ${minutes.toFixed(1)} minutes, seed ${options.seed}`);
}

function judge(
  rounds: readonly Round[],
  clients: Awaited<ReturnType<Arena["quiet"]>>["clients"],
  nodes: Awaited<ReturnType<Arena["quiet"]>>["nodes"],
  memory: Record<"node" | "clients", number[]>,
  { hanging, wrongMembers }: { readonly hanging: number; readonly wrongMembers: number },
): void {
  console.log(`\n${markdown(rounds)}\n`);
  for (const what of clients.wrong) console.log(`       ${what}`);
  const { messages, gaps, missed, views, wrongs } = clients;
  show(
    "each client's view of each group is contiguous, or what is missing was told",
    `${messages.toLocaleString("en")} messages, ${gaps.toLocaleString("en")} gaps of ${missed.toLocaleString("en")} messages, ` +
      `${views} connections, ${wrongs} wrong`,
    wrongs === 0,
  );
  const late = rounds.filter(({ complete }) => complete === undefined).length;
  show(
    `the last message, too: views are complete ${COMPLETE_WITHIN} s after the last one`,
    `${late} times not`,
    late === 0,
  );
  const apart = rounds.filter(({ agreed }) => agreed === undefined).length;
  show(
    `nodes agree on who is there within ${AGREE_WITHIN} s of the end of a fault`,
    `${apart} times not`,
    apart === 0,
  );
  const different = rounds.filter(({ members }) => members === undefined).length;
  show(
    `members and their presence are the same on all nodes ${SAME_WITHIN} s after that, and each came and went once`,
    `${different} times not, ${wrongMembers} events too many`,
    different === 0 && wrongMembers === 0,
  );
  const outcomes: Record<string, number> = {};
  for (const { asked } of nodes)
    for (const [outcome, count] of Object.entries(asked))
      outcomes[outcome] = (outcomes[outcome] ?? 0) + count;
  const { wrong: wrongAnswers = 0 } = outcomes;
  show(
    "no request across nodes hangs, and no query of members",
    `${hanging} did; those of nodes that are left: ${JSON.stringify(outcomes)}`,
    hanging === 0 && wrongAnswers === 0,
  );
  for (const who of ["node", "clients"] as const) {
    const [before, after] = growth(memory[who]);
    show(
      `memory of ${who === "node" ? "the node that was there all the time" : "the clients"}, garbage left out`,
      `${(before / MIB).toFixed(1)} MiB in the first third of the rounds, ${(after / MIB).toFixed(1)} MiB in the last`,
      after - before <= GROWTH,
    );
  }
}

/** Puts the table between its marks. */
function write(rounds: readonly Round[]): void {
  const document = readFileSync(DOCUMENT, "utf8");
  const begin = document.indexOf(BEGIN);
  const end = document.indexOf(END);
  if (begin < 0 || end < begin) fail(`${DOCUMENT} lacks ${BEGIN} and ${END}`);
  writeFileSync(
    DOCUMENT,
    `${document.slice(0, begin + BEGIN.length)}\n\n${markdown(rounds)}\n\n${document.slice(end)}`,
  );
}

const options = read();
if (options.list) {
  for (const { name, what } of FAULTS) console.log(`${name.padEnd(16)}${what}`);
  process.exit();
}
if (findNatsServer() === undefined) fail(`There is no nats-server here: ${HOW_TO_GET_NATS_SERVER}`);
const way = process.env[INSIDE] === undefined ? unsharing() : undefined;
if (way !== undefined) {
  const program = [process.execPath, ...process.argv.slice(1)];
  const { status } = spawnSync("unshare", [...way, ...program], {
    stdio: "inherit",
    env: { ...process.env, [INSIDE]: "1" },
  });
  process.exit(status ?? 1);
}
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));
await play(process.env[INSIDE] === undefined ? new RelayNetwork() : new NamespaceNetwork());
process.exit();
