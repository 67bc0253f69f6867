// How many connections may wait for a server that is busy, as all its clients do that come back after a restart.

import { existsSync, readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tableAddress } from "../../src/tcp/kernel-queue.js";
import { startServer } from "../support/peers.js";

const TABLE = "/proc/net/tcp";
const MOST = "/proc/sys/net/core/somaxconn";
const CLIENTS = 1000;

const enough = existsSync(MOST) && Number(readFileSync(MOST, "latin1")) > CLIENTS;
const onLinux = process.platform === "linux" && existsSync(TABLE) && enough ? test : test.skip;

/** Connections that the system has ready for whoever listens on an address. */
function waiting(host: string, port: number): number {
  const row = readFileSync(TABLE, "latin1")
    .split("\n")
    .find((line) => line.includes(` ${tableAddress(host, port)} 00000000:0000 0A `));
  return Number.parseInt(/ 0A \w+:(\w+) /.exec(row!)![1]!, 16);
}

onLinux("a thousand connections wait until a busy server gets to them", async () => {
  const server = await startServer();
  const [host, port] = server.addr;
  const sockets: Socket[] = [];
  for (let index = 0; index < CLIENTS; index++) sockets.push(connect({ host, port }).on("error", () => {}));
  // Behind what connects them, and before the event loop takes anything in.
  const ready = await new Promise<number>((resolve) => process.nextTick(() => resolve(waiting(host, port))));
  for (const socket of sockets) socket.destroy();
  expect(ready).toBe(CLIENTS);
});
