// npm run reliability -- black-hole
//
// Two network namespaces with a cable between them, which has nothing to do with the machine's network; a server in one, its
// clients in the other. The cable then swallows everything without a word. Looks when each side finds out, with heartbeats and
// without. Linux only; needs ip and unshare, and the right to make namespaces.

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { Client, type ConfigOverrides, Packet, Server, silentLogger } from "@peng3dnet/core";
import { ip, swallow, unshareArguments } from "../namespaces.js";
import { finish, show } from "./report.js";

const SERVER = "10.77.0.1";
const CLIENT = "10.77.0.2";
const DATA = "shown:data";
/** What the machine may be late, in seconds. */
const SLACK = 1;

interface Case {
  readonly what: string;
  readonly cfg: ConfigOverrides;
  readonly port: number;
  /** Bytes that the server sends fifty times a second. */
  readonly sends?: number;
  /** Seconds after which both sides have to know, at the earliest and at the latest. */
  readonly within: readonly [earliest: number, latest: number];
  readonly reason: string;
}

const QUICK: ConfigOverrides = { "net.heartbeat.interval": 1, "net.heartbeat.timeout": 3 };
const CASES: readonly Case[] = [
  { what: "heartbeats of 1 s, 3 s", cfg: QUICK, port: 7001, within: [3, 4], reason: "heartbeattimeout" },
  {
    what: "the same, with packets all the time",
    cfg: QUICK,
    port: 7002,
    sends: 2000,
    within: [3, 4],
    reason: "heartbeattimeout",
  },
  { what: "the defaults, 5 s and 15 s", cfg: {}, port: 7003, within: [15, 20], reason: "heartbeattimeout" },
  {
    what: "no heartbeats, TCP keep-alive of 3 s",
    cfg: { "net.heartbeat.interval": 0, "net.tcp.keepalive": 3 },
    port: 7004,
    within: [10, 15],
    reason: "socketclose",
  },
];

interface Found {
  readonly port: number;
  readonly at: number;
  readonly reason: string | null;
}

function register(peer: Server | Client): void {
  peer.registerPacket(
    DATA,
    new (class extends Packet {
      override receive(): void {}
    })(peer.registry, peer),
  );
}

/** In the second namespace: connects for each case, and tells when each connection closes. */
async function clients(): Promise<void> {
  ip("link", "set", "lo", "up");
  process.send?.("ready");
  await once(process, "message");
  ip("addr", "add", `${CLIENT}/24`, "dev", "v1");
  ip("link", "set", "v1", "up");
  for (const { cfg, port } of CASES) {
    const client = new Client({ addr: [SERVER, port], cfg, logger: silentLogger });
    register(client);
    client.on("close", ({ reason }) => process.send?.({ port, at: Date.now(), reason } satisfies Found));
    await client.start();
  }
  process.send?.("connected");
  await once(process, "message");
  swallow("v1", SERVER);
  process.send?.("swallowed");
}

async function expectMessage(child: ChildProcess, expected: string): Promise<void> {
  const [message] = await once(child, "message");
  if (message !== expected) throw new Error(`the clients said ${JSON.stringify(message)}, not ${expected}`);
}

/** In the first namespace: serves, cuts, and compares. */
async function arena(): Promise<void> {
  const child = spawn("unshare", ["--net", process.execPath, fileURLToPath(import.meta.url), "clients"], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  await expectMessage(child, "ready");
  ip("link", "set", "lo", "up");
  ip("link", "add", "v0", "type", "veth", "peer", "name", "v1", "netns", String(child.pid));
  ip("addr", "add", `${SERVER}/24`, "dev", "v0");
  ip("link", "set", "v0", "up");
  const onServer = new Map<number, Found>();
  const onClient = new Map<number, Found>();
  const done = Promise.all(
    CASES.map(async ({ cfg, port, sends }) => {
      const server = new Server({ addr: [SERVER, port], cfg, logger: silentLogger });
      register(server);
      await server.start();
      const bytes = new Uint8Array(sends ?? 0);
      const sending = setInterval(() => sends !== undefined && server.broadcast(DATA, bytes), 20);
      await new Promise<void>((closed) => {
        server.on("close", (_client, { reason }) => {
          onServer.set(port, { port, at: Date.now(), reason });
          closed();
        });
      });
      clearInterval(sending);
      server.stop();
    }),
  );
  child.send("go");
  await expectMessage(child, "connected");
  // Heartbeats are to be under way as ever.
  await new Promise((resolve) => setTimeout(resolve, 2500));
  const told = new Promise<void>((resolve) => {
    child.on("message", (found: Found | string) => {
      if (typeof found === "object") onClient.set(found.port, found);
      if (onClient.size === CASES.length) resolve();
    });
  });
  child.send("swallow");
  await expectMessage(child, "swallowed");
  swallow("v0", CLIENT);
  const begun = Date.now();
  await Promise.all([done, told]);
  child.kill();
  for (const { what, port, within, reason } of CASES) {
    const [earliest, latest] = within;
    const found = [onServer.get(port) as Found, onClient.get(port) as Found];
    const seconds = found.map(({ at }) => (at - begun) / 1000);
    show(
      `${what}: both sides know after ${earliest} s, in ${latest} s`,
      `server ${seconds[0]?.toFixed(1)} s (${found[0]?.reason}), client ${seconds[1]?.toFixed(1)} s (${found[1]?.reason})`,
      seconds.every((time) => time >= earliest - SLACK && time <= latest + SLACK) &&
        found.every((one) => one.reason === reason),
    );
  }
  finish();
}

const role = process.argv[2];
if (role === "clients") await clients();
else if (role === "arena") await arena();
else {
  const way = unshareArguments();
  if (way === undefined) {
    console.log(
      "black-hole: left out, since this system does not let us make network namespaces with ip and unshare",
    );
  } else {
    const program = [process.execPath, fileURLToPath(import.meta.url), "arena"];
    const { status } = spawnSync("unshare", [...way, ...program], { stdio: "inherit" });
    if (status !== 0) process.exitCode = 1;
  }
}
