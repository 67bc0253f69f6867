// npm run reliability -- hostile                 all kinds of attack
// npm run reliability -- hostile --only NAME     one of them, with what its processes write to standard error
// npm run reliability -- hostile --list          their names
// npm run reliability -- hostile --write         all, and the table goes into docs/reference/reliability.md
//
// Each kind of attack is made on a fresh server with a small heap, while an honest client echoes and others come in.
// A wait or memory over the ceiling, a server that dies, or one that does not become idle again is a failure.

import { parseArgs } from "node:util";
import { writeBetween } from "../document.js";
import { makeCertificate } from "./hostile/certificate.js";
import type { Kind } from "./hostile/kind.js";
import { KINDS, kindOf } from "./hostile/kinds.js";
import type { Result } from "./hostile/result.js";
import { heading, line, markdown, summary } from "./hostile/table.js";
import { trial } from "./hostile/trial.js";

const flag = { type: "boolean", default: false } as const;
const options = { only: { type: "string", multiple: true }, list: flag, write: flag } as const;

function fail(message: string): never {
  console.error(message);
  process.exit(2);
}

function read() {
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    return fail(`${(error as Error).message}\noptions: --only NAME, --list, --write`);
  }
}

function find(name: string): Kind {
  try {
    return kindOf(name);
  } catch {
    return fail(`no kind ${name}; --list names them`);
  }
}

const { only, list, write: writing } = read();
if (list) {
  for (const { name, title, connections } of KINDS)
    console.log(`${name.padEnd(18)}${String(connections).padStart(5)}  ${title}`);
  process.exit();
}
if (only !== undefined && writing) fail("--write is for all kinds");

const wanted = only?.map(find) ?? KINDS;

const folder = makeCertificate();
const results: Result[] = [];
console.log(heading());
for (const kind of wanted) {
  const result = await trial(kind, folder, only !== undefined);
  results.push(result);
  console.log(line(result));
  if (only !== undefined) console.log(JSON.stringify(result.state));
}
console.log(`\n${summary(results)}`);
if (writing) writeBetween("hostile", markdown(results));
process.exit(results.every(({ faults }) => faults.length === 0) ? 0 : 1);
