// The clients: each is in two groups, checks what comes, and goes to another node when its connection breaks.

import { setTimeout as sleep } from "node:timers/promises";
import { Client, silentLogger } from "@peng3dnet/core";
import { collectGarbage, usedMemory } from "../measure.js";
import { Random } from "../random.js";
import { groupsOf } from "./groups.js";
import type { ClientsReport, FromProcess, ToClients } from "./ipc.js";
import { Answer, Enter, Missed, Numbered, packets } from "./packets.js";
import { Sequences } from "./sequences.js";

/** Findings that are told in words. */
const TOLD = 20;
/** Seconds between two attempts to connect, on average. */
const PAUSE = 0.5;

const tell = (message: FromProcess<ClientsReport>): void => void process.send?.(message);
let addresses: readonly (readonly [host: string, port: number])[] = [];
/** What those saw that are connected. */
const views = new Set<Sequences>();
/** The sum of those who are not any more. */
const past = { messages: 0, gaps: 0, missed: 0 };
let viewCount = 0;
const wrong: string[] = [];
let wrongs = 0;

function found(what: string): void {
  wrongs++;
  if (wrong.length < TOLD) wrong.push(what);
}

/** One connection, to its end. */
async function visit(addr: readonly [host: string, port: number], groups: readonly string[]): Promise<void> {
  const view = new Sequences(found);
  const client = new Client({
    addr: [...addr],
    packets,
    logger: silentLogger,
    cfg: { "net.timeout.handshake": 5 },
  });
  client.on(Numbered, ([group, from, number]) => view.message(group, from, number));
  client.on(Missed, ([group, from, missed]) => view.told(group, from, missed));
  client.answer(Answer, (number) => number);
  try {
    await client.start();
    await client.request(Enter, groups);
    views.add(view);
    viewCount++;
    await client.waitForClose();
  } finally {
    client.stop();
    if (views.delete(view)) for (const key of ["messages", "gaps", "missed"] as const) past[key] += view[key];
  }
}

async function live(index: number): Promise<never> {
  const random = Random.of(index, "client", 0);
  for (;;) {
    const groups = groupsOf(random);
    const addr = addresses[random.below(addresses.length)];
    if (addr !== undefined) await visit(addr, groups).catch(() => {});
    await sleep((PAUSE + Math.random() * PAUSE) * 1000);
  }
}

function report({ finals, explain, collect }: Extract<ToClients, { do: "report" }>): ClientsReport {
  if (collect) collectGarbage();
  const sum = { ...past };
  let behind = 0;
  for (const view of views) {
    for (const key of ["messages", "gaps", "missed"] as const) sum[key] += view[key];
    for (const [from, numbers] of Object.entries(finals))
      behind += view.behind(from, numbers, explain ? found : undefined);
  }
  return {
    ...sum,
    behind,
    connected: views.size,
    views: viewCount,
    wrong,
    wrongs,
    memory: usedMemory(),
  };
}

process.on("message", (message: ToClients) => {
  if (message.do === "addresses") addresses = message.addresses;
  else if (message.do === "go") for (let index = 0; index < message.count; index++) void live(index);
  else tell({ is: "report", id: message.id, report: report(message) });
});
process.on("disconnect", () => process.exit());
tell({ is: "ready" });
