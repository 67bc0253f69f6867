// npm run resume                                  all contestants, 1,000 cuts and 1,000,000 packets in each direction
// npm run resume -- --cuts 100 --packets 100000   less of it
// npm run resume -- --contestant tcp              one of them; may be given several times
// npm run resume -- --list                        their names
// npm run resume -- --seed 7                      other cuts
// npm run resume -- --trace                       tells of each cut
// npm run resume -- --write                       the table goes into docs/reference/reliability.md
//
// A server and a client, in processes of their own, send each other numbered packets and requests, while a proxy between
// them cuts their connections at bytes by chance: what is lost, doubled or out of order is counted, for peng3dnet and for
// what is used instead. Exit code 1 if one that promises to lose nothing does. Where the system lets us make network
// namespaces, the client has one of its own, and the cable to it is cut, too; `--no-cable` leaves that out.

import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { writeBetween } from "./document.js";
import { ip, unshareArguments } from "./namespaces.js";
import { CONTESTANTS, contestantOf } from "./resume/contestants/index.js";
import { faults, lines, markdown } from "./resume/table.js";
import { type TrialResult, trial } from "./resume/trial.js";
import { makeCertificate } from "./shown/hostile/certificate.js";

const flag = { type: "boolean", default: false } as const;
const options = {
  cuts: { type: "string", default: "1000" },
  packets: { type: "string", default: "1000000" },
  seed: { type: "string", default: "1" },
  contestant: { type: "string", multiple: true },
  list: flag,
  trace: flag,
  write: flag,
  "no-cable": flag,
  // In a network namespace of its own.
  arena: flag,
} as const;

function fail(message: string): never {
  console.error(message);
  process.exit(2);
}

function read() {
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    const names = Object.keys(options).filter((name) => name !== "arena");
    return fail(`${(error as Error).message}\noptions: ${names.map((name) => `--${name}`).join(" ")}`);
  }
}

function whole(name: string, text: string, least: number): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < least)
    fail(`--${name} takes a whole number from ${least}, not ${text}`);
  return value;
}

function find(name: string) {
  try {
    return contestantOf(name);
  } catch (error) {
    return fail((error as Error).message);
  }
}

const given = read();
if (given.list) {
  for (const { name, title } of CONTESTANTS) console.log(`${name.padEnd(20)}${title}`);
  process.exit();
}
const cuts = whole("cuts", given.cuts, 1);
const packets = whole("packets", given.packets, 1);
const seed = whole("seed", given.seed, 0);
if (given.contestant !== undefined && given.write) fail("--write is for all contestants");
const wanted = given.contestant?.map(find) ?? CONTESTANTS;

const way = given.arena || given["no-cable"] ? undefined : unshareArguments();
if (way !== undefined) {
  const program = [process.execPath, fileURLToPath(import.meta.url), ...process.argv.slice(2), "--arena"];
  process.exit(spawnSync("unshare", [...way, ...program], { stdio: "inherit" }).status ?? 1);
}
if (given.arena) ip("link", "set", "lo", "up");
else console.log("without a cable between network namespaces");

const folder = makeCertificate();
const results: TrialResult[] = [];
console.log(`${cuts} cuts, ${packets} packets in each direction, seed ${seed}`);
for (const [index, contestant] of wanted.entries()) {
  const cable = given.arena ? index + 1 : undefined;
  const trace = given.trace ? console.log : undefined;
  const result = await trial({ contestant, packets, cuts, seed, folder, cable, trace });
  results.push(result);
  console.log(lines(result));
}
if (given.write) writeBetween("resume", markdown(results, seed));
process.exit(results.every((result) => faults(result).length === 0) ? 0 : 1);
