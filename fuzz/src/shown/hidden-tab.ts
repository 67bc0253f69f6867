// npm run reliability -- hidden-tab                   four tabs of a Chromium, three of them hidden, for half a minute
// npm run reliability -- hidden-tab --minutes 10      long enough for the browser to take more and more from them
//
// A server sends each tab a state of the game so many times a second, and asks now and then. One tab is in front, one is
// hidden, one is hidden on a slow machine, one is frozen. At the end all have to be connected, to have every state that was
// sent, and to answer.

import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type ClientOnServer, Server } from "@peng3dnet/core";
import { serveWebSocket } from "@peng3dnet/websocket";
import { Chromium } from "@peng3dnet-internal/chromium";
import { readOptions } from "../options.js";
import {
  AskPacket,
  NamePacket,
  type Report,
  ReportPacket,
  TAB_PACKETS,
  TickPacket,
} from "../tabs/tab-packets.js";
import type { TabPage } from "../tabs/tab-page.js";
import { finish, show } from "./report.js";

const options = readOptions({ minutes: 0.5, hz: 1, bytes: 100, slow: 20 }, {});
const ASK_EVERY_S = 5;
/** What an answer may take, of a tab that is not frozen. Hidden ones are not asked by a timer of theirs. */
const ANSWER_MS = 5000;

const NAMES = ["in front", "hidden", "hidden and slow", "frozen"] as const;
type Name = (typeof NAMES)[number];

/** What the server saw of one tab. */
interface Seen {
  client: ClientOnServer | undefined;
  ticksBefore: number;
  closed: string | undefined;
  report: Report | undefined;
  /** When each question was asked, by its number. */
  readonly asked: Map<number, number>;
  /** What the answers took, in milliseconds. */
  readonly answers: number[];
}

const seen = new Map<Name, Seen>(
  NAMES.map((name) => [
    name,
    {
      client: undefined,
      ticksBefore: 0,
      closed: undefined,
      report: undefined,
      asked: new Map(),
      answers: [],
    },
  ]),
);
const byClient = new Map<ClientOnServer, Seen>();
let ticks = 0;
let questions = 0;

// Some versions of Chromium close the WebSocket of a frozen tab when it goes on: it then resumes its session.
const server = new Server({
  addr: "127.0.0.1:0",
  packets: TAB_PACKETS,
  cfg: { "net.resume.window": 60 },
});
server.on(NamePacket, (name, { client }) => {
  const tab = seen.get(name as Name);
  if (tab === undefined) return;
  tab.client = client;
  tab.ticksBefore = ticks;
  byClient.set(client, tab);
});
server.on(ReportPacket, (report, { client }) => {
  const tab = byClient.get(client);
  const asked = tab?.asked.get(report.number);
  if (tab === undefined || asked === undefined) return;
  tab.report = report;
  tab.answers.push(performance.now() - asked);
});
server.on("close", (client, { reason, error }) => {
  const tab = byClient.get(client);
  if (tab !== undefined)
    tab.closed = `${reason ?? "no reason"}${error === undefined ? "" : `: ${error.message}`}`;
});
await server.start();
const listening = await serveWebSocket(server, { port: 0, origins: "*" });
const url = `ws://127.0.0.1:${listening.address[1]}/`;

function tick(): void {
  ticks++;
  for (const { client, closed } of seen.values()) {
    if (client === undefined || closed !== undefined) continue;
    client.sendMessage(TickPacket, { number: ticks, state: new Uint8Array(options.bytes) });
  }
}

function ask(tab: Seen): number {
  const number = ++questions;
  tab.asked.set(number, performance.now());
  if (tab.client !== undefined && tab.closed === undefined) tab.client.sendMessage(AskPacket, number);
  return number;
}

/** Waits for the answer to a question. */
async function answered(tab: Seen, number: number): Promise<boolean> {
  for (let waited = 0; waited < 30_000; waited += 50) {
    if (tab.report?.number === number) return true;
    await sleep(50);
  }
  return false;
}

const chromium = await Chromium.launch({ throttled: true });
const root = fileURLToPath(new URL("../../..", import.meta.url)).replace(/[\\/]$/, "");
const entry = fileURLToPath(new URL("../tabs/tab-page.js", import.meta.url));
const tabs = await chromium.openTabs<TabPage>({ root, entry }, NAMES.length);
for (const [index, tab] of tabs.entries()) {
  await tab.call("page", "play", { url, name: NAMES[index] as Name });
}
const [front, , slow, frozen] = tabs;
if (front === undefined || slow === undefined || frozen === undefined) throw new Error("tabs are missing");
await front.bringToFront();
await slow.slowDown(options.slow);
await frozen.freeze();

console.log(
  `Chromium ${chromium.version}, ${options.minutes} minutes, ${options.hz} states of ${options.bytes} bytes a second`,
);
const end = performance.now() + options.minutes * 60_000;
const ticking = setInterval(tick, 1000 / options.hz);
const asking = setInterval(() => {
  for (const tab of seen.values()) ask(tab);
}, ASK_EVERY_S * 1000);
while (performance.now() < end) await sleep(Math.min(1000, Math.max(0, end - performance.now())));
clearInterval(ticking);
clearInterval(asking);

const before = new Map([...seen].map(([name, tab]) => [name, tab.answers.length]));
await slow.slowDown(1);
await frozen.resume();
for (const [index, name] of NAMES.entries()) {
  const tab = seen.get(name) as Seen;
  const unanswered = tab.asked.size - (before.get(name) as number);
  const inTime = [...tab.answers].sort((one, other) => one - other);
  await tabs[index]?.bringToFront();
  const after = await answered(tab, ask(tab));
  const { report } = tab;
  const expected = ticks - tab.ticksBefore;
  const why = tab.closed ?? (await tabs[index]?.call("page", "closedBecause", undefined)) ?? undefined;
  show(`${name}: connected at the end`, why === undefined ? "yes" : `no, ${why}`, why === undefined && after);
  if (report === undefined) continue;
  show(
    `${name}: states that came, in order`,
    `${report.ticks} of ${expected}`,
    report.inOrder && report.ticks === expected,
  );
  const slowest = inTime.at(-1) ?? 0;
  if (name === "frozen") {
    show(
      `${name}: questions that waited for the end`,
      `${unanswered}`,
      options.minutes < 0.2 || unanswered > 0,
    );
    show(`${name}: was told`, report.life.join(", "), report.life.includes("freeze"));
  } else {
    show(`${name}: slowest answer of ${inTime.length}`, `${slowest.toFixed(0)} ms`, slowest < ANSWER_MS);
  }
  console.log(
    `       ${name}: a timer of a second fired ${report.timers} times; it was told ${report.life.join(", ") || "nothing"}`,
  );
}
await chromium.close();
await server.shutdown();
finish();
