// npm run soak -- --seconds 600 --connections 500
//
// Keeps a number of connections coming and going and checks everything that arrives. Exit code 1 when something
// was lost, doubled or out of order, when memory grows, or when something is left at the end.

import { setTimeout as sleep } from "node:timers/promises";
import { Client, silentLogger } from "@peng3dnet/core";
import { ECHO, prepareClient, startEcho } from "./exchange.js";
import { collectGarbage, slope, usedMemory } from "./measure.js";
import { readOptions } from "./options.js";
import { Random } from "./random.js";

/** Seconds between two looks at memory. */
const SAMPLE_SECONDS = 5;
/** Growth that is not noise, in MiB a minute, for runs long enough to tell. */
const SLOPE_LIMIT = 1;
const LONG_RUN_SECONDS = 120;
/**
 * libuv accepts one connection in a turn of the event loop. On a busy machine, where hundreds of connections make
 * turns long, a client waits in the kernel's queue for longer than the default allows.
 */
const PATIENT = { "net.timeout.handshake": 60 };

const options = readOptions({ seconds: 60, connections: 500, seed: 1 }, {});
const resourcesBefore = process.getActiveResourcesInfo().length;
const listenersBefore = countListeners();
const { server, seen, failures } = await startEcho({
  // All come from one address, at the same time.
  "net.limits.connections.address": 4096,
  "net.limits.pending.address": 4096,
  "net.limits.pending": 4096,
});
const until = performance.now() + options.seconds * 1000;

const totals = { connections: 0, packets: 0, lost: 0, wrong: 0, unclean: 0, errors: 0 };
/** What each connection sent, by its number, and whether all of it has to arrive. */
const sent = new Map<number, { count: number; whole: boolean }>();

function countListeners(): number {
  return process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0);
}

/** Counts what a side got that is not the packets of its connection in order. */
function countWrong(messages: readonly unknown[]): number {
  let wrong = 0;
  const connection = (messages[0] as readonly unknown[] | undefined)?.[0];
  for (const [index, message] of messages.entries()) {
    const [from, number] = message as readonly unknown[];
    if (from !== connection || number !== index) wrong++;
  }
  return wrong;
}

server.on("close", ({ cid }) => {
  const messages = seen.get(cid)?.messages ?? [];
  seen.delete(cid);
  totals.wrong += countWrong(messages);
  totals.packets += messages.length;
  const connection = (messages[0] as readonly unknown[] | undefined)?.[0];
  if (typeof connection !== "number") return;
  const expected = sent.get(connection);
  if (expected?.whole === true) totals.lost += expected.count - messages.length;
  sent.delete(connection);
});

/** One connection: comes, sends, and goes in one of three ways. */
async function connection(random: Random, id: number): Promise<void> {
  const {
    client,
    messages,
    until: arrived,
    failures: clientFailures,
  } = prepareClient(new Client({ addr: server.addr, logger: silentLogger, cfg: PATIENT }));
  await client.start();
  totals.connections++;
  const count = 1 + random.below(40);
  const way = random.pick(["answered", "answered", "closed", "cut"] as const);
  sent.set(id, { count, whole: way !== "cut" });
  for (let number = 0; number < count; number++) {
    client.sendMessage(ECHO, [id, number, "x".repeat(random.below(random.oneIn(10) ? 20_000 : 100))]);
    if (random.oneIn(10)) await sleep(random.below(50));
  }
  if (way === "answered") {
    await arrived(count);
    totals.lost += count - messages.length;
  }
  if (way === "cut") {
    client.stop();
    // The server may not have heard of it.
    sent.delete(id);
  } else {
    if (!(await client.close("soak")).clean) totals.unclean++;
    client.stop();
  }
  await client.join();
  totals.wrong += countWrong(messages);
  totals.errors += clientFailures.length;
}

async function slot(index: number): Promise<void> {
  const random = Random.of(options.seed, "soak", index);
  // Not all at once: they come within some seconds.
  await sleep(random.below(5000));
  for (let turn = 0; performance.now() < until; turn++) {
    try {
      await connection(random, turn * options.connections + index);
    } catch (error) {
      totals.errors++;
      if (totals.errors < 5) console.error(`after ${Math.round(performance.now() / 1000)} s:`, error);
    }
    await sleep(random.below(1000));
  }
}

const samples: { seconds: number; heap: number; rss: number }[] = [];
async function sample(): Promise<void> {
  const started = performance.now();
  while (performance.now() < until) {
    await sleep(SAMPLE_SECONDS * 1000);
    collectGarbage();
    samples.push({
      seconds: (performance.now() - started) / 1000,
      heap: usedMemory() / 2 ** 20,
      rss: process.memoryUsage.rss() / 2 ** 20,
    });
  }
}

await Promise.all([sample(), ...Array.from({ length: options.connections }, (_, index) => slot(index))]);
const report = await server.shutdown();
await server.join();
await sleep(200);

// The first third is warming up.
const steady = samples.slice(Math.floor(samples.length / 3));
const perMinute = (key: "heap" | "rss"): number =>
  slope(steady.map(({ seconds, [key]: value }) => [seconds / 60, value]));
const left = process.getActiveResourcesInfo();
const problems = [
  totals.lost !== 0 && "packets were lost",
  totals.wrong !== 0 && "packets were doubled or out of order",
  totals.unclean !== 0 && "closes were not clean",
  totals.errors + failures.length !== 0 && "there were errors",
  report.unclean !== 0 && "the shutdown was not clean",
  left.length > resourcesBefore && `handles or timers are left: ${left.join(" ")}`,
  countListeners() !== listenersBefore && "listeners are left",
  sent.size !== 0 && "connections are left",
  options.seconds >= LONG_RUN_SECONDS && perMinute("heap") > SLOPE_LIMIT && "memory grows",
].filter((problem) => problem !== false);

console.log(`${options.seconds} s, ${options.connections} connections at a time, seed ${options.seed}`);
console.log(`  connections ${totals.connections}, packets received by the server ${totals.packets}`);
console.log(
  `  lost ${totals.lost}, doubled or out of order ${totals.wrong}, unclean closes ${totals.unclean}, errors ${totals.errors + failures.length}`,
);
console.log(
  `  heap ${steady[0]?.heap.toFixed(1)} to ${steady.at(-1)?.heap.toFixed(1)} MiB, slope ${perMinute("heap").toFixed(2)} MiB a minute; rss ${steady[0]?.rss.toFixed(0)} to ${steady.at(-1)?.rss.toFixed(0)} MiB, slope ${perMinute("rss").toFixed(2)}`,
);
console.log(
  `  at the end: handles and timers ${left.length - resourcesBefore}, listeners ${countListeners() - listenersBefore}, connections ${server.clients.size}`,
);
for (const problem of problems) console.log(`FAILED: ${problem}`);
process.exitCode = problems.length === 0 ? 0 : 1;
