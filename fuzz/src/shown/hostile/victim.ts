// The server under attack, in a process with a small heap.

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { type Cid, Client, ConnectionClosedError, Packet, Server } from "@peng3dnet/core";
import { HeadlessPeng } from "@peng3dnet/peng3d-events";
import { PingableServerMixin } from "@peng3dnet/ping";
import { serveWebSocket } from "@peng3dnet/websocket";
import { Handler } from "../../exchange.js";
import { answer } from "../../ipc.js";
import { collectGarbage } from "../../measure.js";
import { APPS, type Receive } from "./apps.js";
import { clientTls, serverTls } from "./certificate.js";
import { kindOf } from "./kinds.js";
import { DEADLINES, ECHO, IN, Issues, OUT, Points, RULED, ruled, TypedIn } from "./packets.js";
import { RequestVictim } from "./requests.js";
import { Transcript } from "./transcript.js";

/** Where it listens. */
export interface Ports {
  readonly port: number;
  /** For WebSockets. */
  readonly webSocketPort?: number;
}

/** What the coordinator wants to know. */
export interface State {
  readonly clients: number;
  /** Sockets of TCP that are open, whatever for. */
  readonly sockets: number;
  /** Most objects and buffers that there were, garbage included, above what there was before, in bytes. */
  readonly heap: number;
  /** Characters that the logger got. */
  readonly logged: number;
  /** The first line that was logged or printed and holds raw control or format characters. */
  readonly raw: string | null;
  /** Packets of attackers that reached the application. */
  readonly handled: number;
  /** Keys of `metrics.rejectedBy`. */
  readonly reasons: number;
  /** Codes of the errors with which connections of attackers ended; names of those that have none. */
  readonly codes: Readonly<Record<string, number>>;
}

const [name = "", folder = ""] = process.argv.slice(2);
const { victim = {} } = kindOf(name);
const transcript = new Transcript();
const { logger } = transcript;
const print = (line: string): void => transcript.print(line);
const bus = victim.app === "events" ? new HeadlessPeng({ logger }) : undefined;

const server = new (PingableServerMixin(Server))({
  addr: ["127.0.0.1", 0],
  logger,
  print,
  cfg: { ...DEADLINES, ...(victim.tls === true && serverTls(folder)), ...victim.cfg },
  ...(bus !== undefined && { peng: bus }),
});
let receive: Receive = () => {};
let handled = 0;
function take(msg: unknown, cid: Cid): void | Promise<void> {
  handled++;
  return receive(msg, cid as number);
}
server.registerPacket(
  ECHO.name,
  new Handler(server, (msg, cid) => void server.sendMessage(ECHO.name, msg, cid)),
);
if (victim.app === "messages") server.register(TypedIn);
// A rejection has to reach the library, so the handler returns what the application does.
else server.registerPacket(IN.name, new Handler(server, take));
server.registerPacket(OUT.name, new Packet(server.registry, server));
server.registerPacket(RULED.name, ruled(server));
server.register(Points);
server.register(Issues);
const requests = new RequestVictim(server);

const codes: Record<string, number> = {};
function note(error: Error | undefined): void {
  if (error === undefined) return;
  const { code } = error as { code?: unknown };
  const known = typeof code === "string" ? code : error.name;
  codes[known] = (codes[known] ?? 0) + 1;
}
server.on("close", (_client, { error }) => note(error));

const http = createServer((_request, response) => response.end("a page"));

/** Takes WebSockets, if the kind wants that. @returns the port. */
async function openDoor(): Promise<number | undefined> {
  if (victim.webSocket === undefined) return undefined;
  const { on, ...options } = victim.webSocket;
  if (on === "port") return (await serveWebSocket(server, { ...options, port: 0 })).address[1];
  await serveWebSocket(server, { ...options, server: http });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  return (http.address() as AddressInfo).port;
}

let base = 0;
let most = 0;
function sample(): void {
  const { heapUsed, external } = process.memoryUsage();
  most = Math.max(most, heapUsed + external);
}

/** Why a connection ended before its start was through; `undefined`: the attacker closed it, as when the attack is over. */
function whatEnded(error: Error): Error | undefined {
  return error instanceof ConnectionClosedError ? (error.cause as Error | undefined) : error;
}

let ended = false;
/** As a client: the one of the moment. */
let visitor: Client | undefined;

/** As a client: connects to whoever attacks, again and again. */
async function visit(port: number): Promise<void> {
  while (!ended) {
    const client = new Client({
      addr: ["127.0.0.1", port],
      logger,
      print,
      cfg: { ...DEADLINES, ...victim.cfg },
      ...(victim.resumes === true && { resume: { redirect: true, delay: 0.01, maxDelay: 0.05 } }),
    });
    visitor = client;
    client.registerPacket(ECHO.name, new Packet(client.registry, client));
    client.registerPacket(IN.name, new Packet(client.registry, client));
    try {
      await client.start();
      note((await client.waitForClose({ timeout: 5 })).error);
    } catch (error) {
      note(whatEnded(error as Error));
    }
    client.stop();
    await sleep(10);
  }
}

/** What any first packet costs is not of interest, nor is what a long one of honest content does. */
async function warm(): Promise<void> {
  const client = new Client({
    addr: server.addr,
    cfg: { ...(victim.tls === true && clientTls(folder)), "net.registry.missingpacketaction": "ignore" },
  });
  let answers = 0;
  client.registerPacket(ECHO.name, new Handler(client, () => void answers++));
  await client.start();
  const values = ["x".repeat(500_000), new Uint8Array(500_000).map((_, at) => (at * 7919) >> 3)];
  for (let turn = 0; turn < 3; turn++) for (const value of values) client.sendMessage(ECHO.name, value);
  for (let turn = 0; turn < 500; turn++) client.sendMessage(ECHO.name, { turn, text: "warm" });
  while (answers < 506) await sleep(5);
  await client.close();
  client.stop();
  while (server.clients.size > 0) await sleep(5);
}

answer({
  async start(): Promise<Ports> {
    if (victim.manual === true) await server.runAsync();
    else await server.start();
    if (victim.manual === true) setInterval(() => server.process(), 1000 / 60).unref();
    const webSocketPort = await openDoor();
    await warm();
    if (victim.requests !== undefined) requests.answer(victim.requests);
    receive = APPS[victim.app ?? "ignore"](server, bus);
    return { port: server.addr[1], ...(webSocketPort !== undefined && { webSocketPort }) };
  },
  settle(): void {
    collectGarbage();
    collectGarbage();
    for (const code of Object.keys(codes)) delete codes[code];
    const { heapUsed, external } = process.memoryUsage();
    base = heapUsed + external;
    setInterval(sample, 20).unref();
    if (victim.requests !== undefined) requests.quiz();
  },
  visit(port: number): void {
    if (victim.client === true) void visit(port);
  },
  state(): State {
    sample();
    return {
      clients: server.clients.size,
      sockets: process.getActiveResourcesInfo().filter((name) => name === "TCPSocketWrap").length,
      heap: Math.max(0, most - base),
      logged: transcript.logged,
      raw: transcript.raw,
      handled,
      reasons: Object.keys(server.metrics.rejectedBy).length,
      codes,
    };
  },
  /** Nothing is left after it, and the process ends by itself. */
  async shutdown(): Promise<void> {
    ended = true;
    visitor?.stop();
    await server.shutdown();
    http.close();
    http.closeAllConnections();
    setImmediate(() => process.removeAllListeners("disconnect").disconnect());
  },
});
