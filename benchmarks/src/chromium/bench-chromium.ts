/** `npm run bench:chromium`: a client in Chromium, beside a page that uses `WebSocket` with `@msgpack/msgpack`. */
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Chromium, type ChromiumPage } from "@peng3dnet-internal/chromium";
import { Child } from "../child.js";
import { ratio, spread } from "../statistics.js";
import { CELLS, type EchoCell } from "../workloads.js";
import type { EchoPage, PagePayload, PagePeer } from "./echo-page.js";

const PEERS: readonly PagePeer[] = ["ws", "ours-websocket"];
/** A round's measured time is divided into so many pieces, and the peers take turns. */
const PIECES = 5;
/** A page is slower than a process of Node, and warmed up by a part of the messages only. */
const WARMUP_PART = 4;
/** What is to be reached: so many times what the page without the library does. */
const TARGET = 3;

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "8" },
    duration: { type: "string", default: "1000" },
    cells: { type: "string", default: "small-1,small-64,small-1024,state-64" },
  },
});
const [rounds, durationMs] = [Number(values.rounds), Number(values.duration)];

function cellOf(id: string): EchoCell & { readonly payload: PagePayload } {
  const cell = CELLS.find((one) => one.id === id);
  if (cell?.kind !== "echo" || (cell.payload !== "small" && cell.payload !== "state")) {
    throw new Error(`${id} is no cell that a page can be measured in: echo of small or state`);
  }
  return cell as EchoCell & { readonly payload: PagePayload };
}

interface Runner {
  readonly server: Child;
  readonly page: ChromiumPage<EchoPage>;
  count: number;
  elapsedMs: number;
}

async function start(chromium: Chromium, cell: ReturnType<typeof cellOf>, peer: PagePeer): Promise<Runner> {
  const server = new Child("server", []);
  const { port } = await server.ask("serve", { peer, cell });
  const page = await chromium.open<EchoPage>({
    root: fileURLToPath(new URL("../../..", import.meta.url)).replace(/[\\/]$/, ""),
    entry: fileURLToPath(new URL("echo-page.js", import.meta.url)),
  });
  await page.call("page", "connect", { peer, port, payload: cell.payload });
  await page.call("page", "run", { inFlight: cell.inFlight, count: Math.ceil(cell.warmup / WARMUP_PART) });
  await page.call("page", "run", { inFlight: cell.inFlight, durationMs });
  return { server, page, count: 0, elapsedMs: 0 };
}

/** One round of a cell. @returns messages a second of each peer, in the order of {@link PEERS}. */
async function measure(
  chromium: Chromium,
  cell: ReturnType<typeof cellOf>,
  round: number,
): Promise<number[]> {
  const runners: Runner[] = [];
  for (const peer of PEERS) runners.push(await start(chromium, cell, peer));
  // Each round begins with the other peer.
  const order = round % 2 === 0 ? runners : runners.toReversed();
  for (let piece = 0; piece < PIECES; piece++) {
    for (const runner of order) {
      const order = { inFlight: cell.inFlight, durationMs: durationMs / PIECES };
      const { count, elapsedMs } = await runner.page.call("page", "run", order);
      runner.count += count;
      runner.elapsedMs += elapsedMs;
    }
  }
  for (const { page, server } of runners) {
    await page.close();
    await server.end();
  }
  return runners.map(({ count, elapsedMs }) => (count / elapsedMs) * 1000);
}

const rate = (value: number): string => Math.round(value).toLocaleString("en-US");

const chromium = await Chromium.launch();
try {
  console.log(
    `Chromium ${chromium.version}, Node ${process.versions.node}; ${rounds} rounds of ${durationMs} ms\n`,
  );
  console.log("| client in Chromium | WebSocket and msgpack | peng3dnet | ratio | spread | target |");
  console.log("| --- | ---: | ---: | ---: | ---: | ---: |");
  for (const cell of values.cells.split(",").map(cellOf)) {
    const [bare, ours]: [number[], number[]] = [[], []];
    for (let round = 0; round < rounds; round++) {
      const [first = Number.NaN, second = Number.NaN] = await measure(chromium, cell, round);
      bare.push(first);
      ours.push(second);
    }
    const { median, min, max } = ratio(ours, bare);
    const figures = `${rate(spread(bare).median)} | ${rate(spread(ours).median)} | **${median.toFixed(2)}**`;
    const target = cell.inFlight === 1 ? "" : `≥ ${TARGET}`;
    console.log(`| ${cell.title} | ${figures} | ${min.toFixed(2)} – ${max.toFixed(2)} | ${target} |`);
  }
} finally {
  await chromium.close();
}
