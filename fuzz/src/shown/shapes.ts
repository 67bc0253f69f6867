// npm run reliability -- shapes              what one packet costs, for bodies of all shapes
// npm run reliability -- shapes --only TEXT  those whose name has this text; may come several times
// npm run reliability -- shapes --write      all, and the table goes into docs/reference/reliability.md
//
// Each shape is made as large as the default limits accept, compressed, and decoded in a process of its own.

import { parseArgs } from "node:util";
import { deflateSync } from "node:zlib";
import { DEFAULT_CONFIG } from "@peng3dnet/core";
import { HEAP_PER_BYTE, HEAP_PER_PACKET, heapCeiling, MILLISECONDS, UNSURE } from "../ceilings.js";
import { type CostAnswer, CostMeter } from "../cost.js";
import { markdownTable, writeBetween } from "../document.js";
import { SHAPES, type Shape } from "../shapes.js";
import { finish, show } from "./report.js";

const ROUNDS = 5;
/** What seems to take too much heap is measured again. */
const ATTEMPTS = 3;
/** Times differ with the other work of the machine; past so many times the ceiling it is not the machine. */
const BUSY = 2;
const COLUMNS: readonly string[] = [
  "Shape",
  "Bytes on the wire",
  "Inflated",
  "Heap, KiB",
  "And garbage, KiB",
  "Heap of a copy, KiB",
  "Time, ms",
];

interface Cost {
  readonly wire: number;
  readonly inflated: number;
  readonly answer: CostAnswer;
}

function read() {
  const options = {
    only: { type: "string", multiple: true },
    write: { type: "boolean", default: false },
  } as const;
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    return fail(`${(error as Error).message}\noptions: --only TEXT, --write`);
  }
}

function fail(message: string): never {
  console.error(message);
  process.exit(2);
}

const { only, write: writing } = read();
if (only !== undefined && writing) fail("--write is for all shapes");
const wanted = SHAPES.filter(({ name }) => only === undefined || only.some((text) => name.includes(text)));
if (wanted.length === 0) fail("no shape has such a name");

const meter = new CostMeter(["--min-semi-space-size=128", "--max-semi-space-size=128"]);

async function measure(shape: Shape, early: boolean, elements: number, seed: number): Promise<Cost> {
  const bytes = DEFAULT_CONFIG[early ? "net.limits.inflated.handshake" : "net.limits.inflated"];
  const body = shape.build(bytes, elements, seed);
  const wire = new Uint8Array(deflateSync(body));
  const question = { bytes: wire, compressed: true, early, copies: seed === 0 };
  for (let attempt = 1; ; attempt++) {
    const answer = await meter.measure(question);
    if (answer === undefined) throw new Error(`a process ran out of memory over ${shape.name}`);
    const heap = Math.max(answer.held, answer.copied, answer.allocated - UNSURE);
    // The engine may have compiled something meanwhile, which takes more than a short body does.
    if (attempt === ATTEMPTS || heap < heapCeiling(wire.length, body.length)) {
      return { wire: wire.length, inflated: body.length, answer };
    }
  }
}

const passesLimits = ({ answer }: Cost): boolean => !answer.error?.includes("net.limits");

/** The largest of a shape that is accepted, or nearly so, or whatever is refused in any size. */
async function largest(shape: Shape, early: boolean): Promise<readonly [Cost, elements: number]> {
  const most = DEFAULT_CONFIG[early ? "net.limits.elements.handshake" : "net.limits.elements"];
  let elements = most;
  let refused = most;
  let cost = await measure(shape, early, elements, 0);
  while (!passesLimits(cost) && elements > 4) {
    refused = elements;
    elements = Math.floor(elements * 0.7);
    cost = await measure(shape, early, elements, 0);
  }
  while (refused - elements > Math.max(1, elements / 64)) {
    const between = Math.floor((elements + refused) / 2);
    const next = await measure(shape, early, between, 0);
    if (passesLimits(next)) {
      elements = between;
      cost = next;
    } else refused = between;
  }
  return [cost, elements];
}

const kib = (bytes: number): string => (Math.max(bytes, 0) / 1024).toFixed(bytes < 10_240 ? 1 : 0);
const most = { heap: 0, allocated: 0, early: 0, time: 0 };
const rows: (readonly string[])[] = [COLUMNS];
console.log(`| ${COLUMNS.join(" | ")} |`);
console.log("| --- | ---: | ---: | ---: | ---: | ---: | ---: |");
for (const shape of wanted) {
  const [{ wire, inflated, answer }, elements] = await largest(shape, false);
  const [before] = await largest(shape, true);
  const times = [answer.milliseconds];
  for (let seed = 1; seed < ROUNDS; seed++) {
    times.push((await measure(shape, false, elements, seed)).answer.milliseconds);
  }
  times.sort((one, other) => one - other);
  const time = times[Math.floor(ROUNDS / 2)] as number;
  const { held, allocated, copied, error, decodedSize } = answer;
  const refused = error === undefined ? "" : " (refused)";
  const row = [
    `${shape.name}${refused}`,
    String(wire),
    String(inflated),
    kib(held),
    kib(allocated),
    kib(copied),
    time.toFixed(1),
  ];
  rows.push(row);
  console.log(`| ${row.join(" | ")} |`);
  most.heap = Math.max(most.heap, Math.max(held, copied) / heapCeiling(wire, inflated));
  most.allocated = Math.max(most.allocated, allocated / (heapCeiling(wire, inflated) + UNSURE));
  const early = Math.max(before.answer.held, before.answer.copied);
  most.early = Math.max(most.early, early / heapCeiling(before.wire, before.inflated));
  most.time = Math.max(most.time, time);
  if (error === undefined && held > decodedSize + HEAP_PER_PACKET) {
    show(`what the decoder says of ${shape.name}`, `${decodedSize} bytes, in truth ${held}`, false);
  }
}
meter.end();

const percent = (share: number): string => `${(100 * share).toFixed(0)} % of it`;
const ceiling = `${HEAP_PER_BYTE} bytes for each one on the wire and each inflated one, and ${HEAP_PER_PACKET / 1024} KiB`;
show(`heap stays below ${ceiling}`, percent(most.heap), most.heap < 1);
const unsure = `with garbage, and ${UNSURE / 1024} KiB by which the engine is unsure`;
show(unsure, percent(most.allocated), most.allocated < 1);
show("and before the handshake", percent(most.early), most.early < 1);
show(
  `the longest takes some ${MILLISECONDS} ms`,
  `${most.time.toFixed(1)} ms`,
  most.time < BUSY * MILLISECONDS,
);
if (writing) writeBetween("shapes", markdownTable(rows));
finish();
