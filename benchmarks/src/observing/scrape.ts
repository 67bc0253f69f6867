/** What a scrape of a server with many connections takes, and how long the event loop waits for it. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { PerformanceObserver } from "node:perf_hooks";
import { fileURLToPath } from "node:url";
import { PrometheusExporter, PrometheusSerializer } from "@opentelemetry/exporter-prometheus";
import { MeterProvider } from "@opentelemetry/sdk-metrics";
import { type Address, Client, definePacket, payload, Server } from "@peng3dnet/core";
import { instrument } from "@peng3dnet/telemetry";

/** Connections that a process opens at once. */
const AT_ONCE = 100;
const WARMUP = 20;
const BETWEEN_MS = 50;

const Position = definePacket({ name: "bench:position", schema: payload<[number, number]>() });
const packets = [Position];

/** The clients' process: connects so many, each of which sends something now and then. */
async function play(addr: Address, count: number): Promise<void> {
  process.on("disconnect", () => process.exit());
  const clients = Array.from(
    { length: count },
    () => new Client({ addr, packets, cfg: { "net.timeout.handshake": 120 } }),
  );
  for (let at = 0; at < count; at += AT_ONCE)
    await Promise.all(clients.slice(at, at + AT_ONCE).map((client) => client.start()));
  let next = 0;
  setInterval(() => {
    for (let sent = 0; sent < AT_ONCE; sent++) {
      const client = clients[next++ % count] as Client;
      if (client.active) client.sendMessage(Position, [1, 2]);
    }
  }, 10);
  process.send?.("ready");
}

/** A time from when to when something took, in milliseconds. */
interface Span {
  readonly from: number;
  readonly to: number;
}

/** Notes when garbage is collected, which holds the loop wherever it happens to fall. @returns how long that was within a time. */
function watchCollections(): (span: Span) => number {
  const collections: Span[] = [];
  const observer = new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries())
      collections.push({ from: startTime, to: startTime + duration });
  });
  observer.observe({ entryTypes: ["gc"] });
  return (span) =>
    collections.reduce(
      (sum, { from, to }) => sum + Math.max(0, Math.min(to, span.to) - Math.max(from, span.from)),
      0,
    );
}

/** For how long this thread had work and no processor so far, in milliseconds: others had it. 0 where the system does not say. */
function waitedForProcessor(): number {
  try {
    return Number(readFileSync("/proc/thread-self/schedstat", "latin1").split(" ")[1]) / 1e6;
  } catch {
    return 0;
  }
}

function shown(name: string, milliseconds: readonly number[]): string {
  const sorted = [...milliseconds].sort((a, b) => a - b);
  const at = (part: number) => (sorted[Math.floor(part * (sorted.length - 1))] as number).toFixed(2);
  return `${name.padEnd(34)} at least ${at(0)} ms, median ${at(0.5)} ms, 90 % within ${at(0.9)} ms, at most ${at(1)} ms`;
}

/** Measures so many scrapes of a server with so many connections, and prints them. */
export async function measureScrapes(connections: number, scrapes: number): Promise<void> {
  const exporter = new PrometheusExporter({ preventServerStart: true });
  const provider = new MeterProvider({ readers: [exporter] });
  const serializer = new PrometheusSerializer();
  const server = new Server({
    addr: "127.0.0.1:0",
    packets,
    cfg: {
      // A machine that is busy is slow to connect so many, and that is not what is measured.
      "net.timeout.handshake": 120,
      "net.limits.connections": connections,
      "net.limits.connections.address": connections,
      "net.limits.pending.address": 2 * AT_ONCE,
    },
  });
  server.on(Position, () => {});
  instrument(server, { meter: provider.getMeter("bench") });
  await server.start();
  const args = [server.addr[0], String(server.addr[1]), String(connections)];
  const players = fork(fileURLToPath(import.meta.url), args);
  const failed = once(players, "exit").then(() => {
    throw new Error("the clients' process ended");
  });
  failed.catch(() => {});
  await Promise.race([once(players, "message"), failed]);
  console.log(`${server.clients.size} connections`);

  const taken: number[] = [];
  const alone: number[] = [];
  const held: number[] = [];
  const turns: number[] = [];
  const summed: number[] = [];
  const used: number[] = [];
  const spans: Span[] = [];
  const collected = watchCollections();
  let lines = 0;
  for (let scrape = 0; scrape < WARMUP + scrapes; scrape++) {
    await new Promise((resolve) => setTimeout(resolve, BETWEEN_MS));
    // What else waits for the loop is let in first, so that what it waits for now is the scrape.
    await new Promise((resolve) => setImmediate(resolve));
    // What the loop does in a turn besides, since there are clients.
    const turnBegun = performance.now();
    await new Promise((resolve) => setImmediate(resolve));
    const without = performance.now() - turnBegun;
    const usedBefore = process.cpuUsage();
    const waitedBefore = waitedForProcessor();
    const begun = performance.now();
    const turn = new Promise<number>((resolve) => setImmediate(() => resolve(performance.now() - begun)));
    const { resourceMetrics } = await exporter.collect();
    lines = serializer.serialize(resourceMetrics).split("\n").length;
    const time = performance.now() - begun;
    const waited = waitedForProcessor() - waitedBefore;
    const { user, system } = process.cpuUsage(usedBefore);
    const wait = await turn;
    const sumBegun = performance.now();
    server.metrics;
    const sum = performance.now() - sumBegun;
    if (scrape < WARMUP) continue;
    taken.push(time);
    alone.push(Math.max(0, time - waited));
    held.push(wait);
    turns.push(without);
    summed.push(sum);
    used.push((user + system) / 1000);
    spans.push({ from: begun, to: begun + time });
  }
  console.log(shown(`a scrape, ${lines} lines of text`, taken));
  console.log(shown("the same while it has a processor", alone));
  console.log(shown("the event loop waits", held));
  console.log(shown("the same without a scrape", turns));
  console.log(shown("server.metrics", summed));
  console.log(shown("processor time of a scrape", used));
  // The observer hears of the last collections in a turn of its own.
  await new Promise((resolve) => setTimeout(resolve, BETWEEN_MS));
  const garbage = spans.map(collected);
  const without = taken.map((time, at) => time - (garbage[at] as number));
  console.log(shown("collections of garbage in a scrape", garbage));
  console.log(shown("a scrape without these", without));
  const gone = once(players, "exit");
  players.disconnect();
  await gone;
  server.stop();
  await server.join();
  await provider.shutdown();
}

const [host, port, count] = process.argv.slice(2);
if (process.send !== undefined && process.argv[1] === fileURLToPath(import.meta.url))
  await play([host as string, Number(port)], Number(count));
