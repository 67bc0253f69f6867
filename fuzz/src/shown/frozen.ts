// npm run reliability -- frozen
//
// A hundred readers get a broadcast; in every other round one of them does not read, and is sent far more on top.
// Compares how long packets take to the others. The readers are in a process of their own.

import { type ChildProcess, fork } from "node:child_process";
import { randomFillSync } from "node:crypto";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Client, Packet, Server, silentLogger } from "@peng3dnet/core";
import { Handler } from "../exchange.js";
import { collectGarbage, percentile, usedMemory } from "../measure.js";
import { finish, show } from "./report.js";

const READERS = 99;
const TICK = "shown:tick";
const BULK = "shown:bulk";
const ROUNDS = 8;
const ROUND_SECONDS = 3;
const INTERVAL_MS = 20;
/** A packet of the broadcast, and one of what the frozen reader gets on top. */
const TICK_BYTES = 1024;
const BULK_BYTES = 256 * 1024;
/** What it gets while times are taken: as much again as 32 others. */
const EXTRA_BYTES = 32 * 1024;
/** The default. */
const UNSENT_LIMIT = 16 * 1024 * 1024;

const now = (): number => performance.timeOrigin + performance.now();

/** In the other process: reads, and tells how long packets took. */
async function read(port: number): Promise<void> {
  let latencies: number[] = [];
  const reader = async (receive: (msg: unknown) => void): Promise<Client> => {
    const client = new Client({ addr: ["127.0.0.1", port], logger: silentLogger });
    client.registerPacket(TICK, new Handler(client, receive));
    client.registerPacket(BULK, new Packet(client.registry, client));
    await client.start();
    return client;
  };
  for (let index = 0; index < READERS; index++) {
    await reader((msg) => latencies.push(now() - (msg as readonly number[])[0]!));
  }
  process.on("message", (command) => {
    if (command === "freeze") {
      void reader(() => {}).then((client) => {
        client.sock?.pause();
        process.send?.("frozen");
      });
    } else {
      process.send?.(latencies);
      latencies = [];
    }
  });
  process.send?.("ready");
}

async function ask(child: ChildProcess, command: string): Promise<unknown> {
  const answer = once(child, "message");
  child.send(command);
  return (await answer)[0];
}

async function measure(): Promise<void> {
  // Compressing random bytes would cost more than all else. Heartbeats would find the frozen one out before it is too far behind.
  const cfg = { "net.compress.enabled": false, "net.heartbeat.interval": 0 };
  const server = new Server({ addr: ["127.0.0.1", 0], logger: silentLogger, cfg });
  server.registerPacket(TICK, new Packet(server.registry, server));
  server.registerPacket(BULK, new Packet(server.registry, server));
  const reasons: (string | null)[] = [];
  server.on("close", (_client, { reason }) => reasons.push(reason));
  await server.start();
  const child = fork(fileURLToPath(import.meta.url), ["child", String(server.addr[1])], {
    serialization: "advanced",
  });
  await once(child, "message");

  const bulk = randomFillSync(new Uint8Array(BULK_BYTES));
  const padding = randomFillSync(new Uint8Array(TICK_BYTES));
  const latencies: Record<"free" | "frozen", number[]> = { free: [], frozen: [] };
  let unsent = 0;
  let peak = 0;

  const round = async (frozen: boolean, exact = false): Promise<void> => {
    if (frozen) await ask(child, "freeze");
    const cid = frozen ? Math.max(...server.clients.keys()) : -1;
    await sleep(200);
    await ask(child, "latencies");
    collectGarbage();
    const base = usedMemory();
    // A round for memory goes on until the frozen one is ended.
    const until = performance.now() + (exact ? 10 : 1) * ROUND_SECONDS * 1000;
    while (performance.now() < until && !(exact && !server.clients.has(cid))) {
      server.broadcast(TICK, [now(), padding]);
      const reader = server.clients.get(cid);
      if (reader?.active === true) {
        reader.sendMessage(BULK, exact ? bulk : bulk.subarray(0, EXTRA_BYTES));
        unsent = Math.max(unsent, reader.conn.metrics.unsent);
      }
      if (exact) {
        collectGarbage();
        peak = Math.max(peak, usedMemory() - base);
      }
      await sleep(INTERVAL_MS);
    }
    await sleep(300);
    latencies[frozen ? "frozen" : "free"].push(...((await ask(child, "latencies")) as number[]));
  };

  await round(false);
  latencies.free.length = 0;
  for (let index = 0; index < ROUNDS; index++) await round(index % 2 === 1);

  const free = percentile(latencies.free, 0.99);
  const frozen = percentile(latencies.frozen, 0.99);
  show(
    `${READERS} readers, one more frozen: the others' 99th percentile at most doubles`,
    `${free.toFixed(2)} ms without it, ${frozen.toFixed(2)} ms with it (${latencies.free.length} and ${latencies.frozen.length} packets)`,
    frozen <= 2 * free,
  );
  // In a round of its own: collecting garbage takes longer than a packet. What is with the transport and what has
  // gathered behind it are two buffers, each with room to grow.
  await round(true, true);
  show(
    "what is unsent to the frozen one stays under net.limits.unsent",
    `${(unsent / 2 ** 20).toFixed(1)} MiB of ${UNSENT_LIMIT / 2 ** 20}, it was ended as ${[...new Set(reasons)].join(", ")}`,
    unsent <= UNSENT_LIMIT + 2 * BULK_BYTES && reasons.every((reason) => reason === "slowconsumer"),
  );
  show(
    "the server's memory, garbage left out",
    `up by ${(peak / 2 ** 20).toFixed(1)} MiB at most, with up to ${(unsent / 2 ** 20).toFixed(1)} MiB unsent`,
    peak <= 3 * UNSENT_LIMIT,
  );
  child.kill();
  server.stop();
}

const [role, port] = process.argv.slice(2);
if (role === "child") await read(Number(port));
else {
  await measure();
  finish();
}
