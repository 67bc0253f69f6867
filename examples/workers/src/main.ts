// npm run workers                   two workers that share a port, and twenty clients
// npm run workers -- 4              four workers
// npm run workers -- 4 serve 8080   the same without clients, on a port, until Ctrl+C
//
// The primary process starts a nats-server on a free port, unless NATS has the address of one, and the workers. It sees nothing of
// what clients send: it hands each new connection to one of the workers, in turn.

import cluster from "node:cluster";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "@peng3dnet/core";
import { pingServer } from "@peng3dnet/ping";
import { findNatsServer, HOW_TO_GET_NATS_SERVER, NatsServer } from "@peng3dnet-internal/nats-server";
import { Crew } from "./crew.js";
import { Hello, packets, Said, Say } from "./shared.js";
import { runWorker } from "./worker.js";

const CLIENTS = 20;

function say(who: string, what: string): void {
  console.log(`${who.padEnd(8)} ${what}`);
}

/** The nats-server: the one that `NATS` names, or one that is started, and ends with this process. */
async function broker(): Promise<{ readonly url: string; dispose(): Promise<void> }> {
  const { NATS: url } = process.env;
  if (url !== undefined) return { url, dispose: async () => {} };
  if (findNatsServer() === undefined) {
    console.error(
      `workers: there is no nats-server: ${HOW_TO_GET_NATS_SERVER}, or NATS to the address of one`,
    );
    process.exit(1);
  }
  return NatsServer.start();
}

/** How many of something are at each place. */
function tally(places: Iterable<string>): string {
  const counts = new Map<string, number>();
  for (const place of places) counts.set(place, (counts.get(place) ?? 0) + 1);
  return [...counts]
    .sort()
    .map(([place, count]) => `${count} ${place}`)
    .join(", ");
}

/** Clients that talk to each other, whichever worker they are at. */
async function visit(addr: [host: string, port: number]): Promise<void> {
  const heard: string[] = [];
  let all = (): void => {};
  const heardAll = new Promise<void>((resolve) => {
    all = resolve;
  });
  const clients = Array.from({ length: CLIENTS }, () => new Client({ addr, packets }));
  const at: string[] = [];
  for (const client of clients) {
    client.on(Said, ({ worker }) => {
      heard.push(worker);
      if (heard.length === CLIENTS * CLIENTS) all();
    });
    await client.start();
    at.push(await client.request(Hello, null));
  }
  say("clients", `are there: ${tally(at.map((worker) => `at ${worker}`))}`);
  for (const client of clients) client.sendMessage(Say, "hello");
  await Promise.race([heardAll, sleep(10_000)]);
  say("clients", `each says hello to all; they hear ${tally(heard.map((worker) => `from ${worker}`))}`);
  const { usercount } = await pingServer({ addr });
  say("ping", `the worker that answers counts ${String(usercount)} players at all workers`);
  await Promise.all(clients.map((client) => client.close("done")));
}

async function lead(count: number, port: number | undefined): Promise<void> {
  const nats = await broker();
  const crew = new Crew(nats.url, say);
  const addr = await crew.start(count, port);
  say("primary", `${count} workers take connections on port ${addr[1]}`);
  if (port === undefined) await visit(addr);
  else await Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
  await crew.end();
  await nats.dispose();
  say("primary", "all workers have left");
}

if (cluster.isPrimary) {
  const [count = "2", serve, port] = process.argv.slice(2);
  await lead(Number(count), serve === "serve" ? Number(port ?? 8080) : undefined);
} else {
  await runWorker();
}
