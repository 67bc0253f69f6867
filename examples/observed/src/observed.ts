// What `npm run observed` runs: two servers that are one, with bots, and what OpenTelemetry knows of them as Prometheus' text at /metrics.
//
//   npm run observed                 at 127.0.0.1:9464, until Ctrl+C
//   npm run observed -- 0 5          at any free port, for five seconds

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { PrometheusExporter } from "@opentelemetry/exporter-prometheus";
import { MeterProvider } from "@opentelemetry/sdk-metrics";
import { joinCluster, memoryBus } from "@peng3dnet/cluster";
import { Server } from "@peng3dnet/core";
import { instrument } from "@peng3dnet/telemetry";
import { bot, stranger } from "./bot.js";
import { greet, play } from "./game.js";
import { packets } from "./shared.js";

const BOTS = 20;
const port = Number(process.argv[2] ?? 9464);
const seconds = Number(process.argv[3] ?? Number.POSITIVE_INFINITY);

const exporter = new PrometheusExporter({ preventServerStart: true });
const provider = new MeterProvider({ readers: [exporter] });
const meter = provider.getMeter("observed");

// Two nodes in one process, so that one command shows all; others have a process each, and natsBus().
const bus = memoryBus();
const nodes = await Promise.all(
  ["one", "two"].map(async (name) => {
    const server = new Server({ addr: "127.0.0.1:0", packets, cfg: { "net.resume.window": 30 } });
    instrument(server, { meter });
    await server.runAsync();
    const node = await joinCluster(server, { bus, name });
    instrument(node, { meter });
    play(server, node);
    return { server, node };
  }),
);
const [{ server }] = nodes as [(typeof nodes)[number]];

const http = createServer((request, response) => {
  if (request.url === "/metrics") exporter.getMetricsRequestHandler(request, response);
  else response.writeHead(404).end("look at /metrics\n");
});
http.listen(port, "127.0.0.1", () => {
  const { port: bound } = http.address() as AddressInfo;
  console.log(`metrics  http://127.0.0.1:${bound}/metrics`);
});

const stop = new AbortController();
const bots = Array.from({ length: BOTS }, (_bot, at) => {
  const { addr } = nodes[at % nodes.length]?.server ?? server;
  return bot(addr, stop.signal, (client) => void instrument(client, { meter }));
});
const strangers = setInterval(() => stranger(server.addr), 5000);
stranger(server.addr);
const greetings = setInterval(() => {
  for (const { node } of nodes) void greet(node);
}, 500);
console.log(`bots     ${BOTS} of them play on ${nodes.length} nodes`);

process.once("SIGINT", () => stop.abort());
if (seconds < Number.POSITIVE_INFINITY) setTimeout(() => stop.abort(), seconds * 1000);
await Promise.allSettled(bots);
clearInterval(strangers);
clearInterval(greetings);
for (const one of nodes) await one.server.shutdown();
await provider.shutdown();
http.closeAllConnections();
http.close();
console.log("servers  have shut down");
