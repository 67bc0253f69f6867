// npm run reliability -- dribble
//
// 5,000 sockets send their handshake byte by byte. Meanwhile an honest client gets in, and at the deadline all of
// them are gone. The sockets are in a process of their own.

import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Client, Server, silentLogger } from "@peng3dnet/core";
import { SETTYPE } from "../targets/wire.js";
import { finish, show } from "./report.js";

const COUNT = 5_000;
/** Seconds between two bytes of a socket: the 28 of a settype take longer than any deadline here. */
const PAUSE = 1;

/** In the other process: connects, and dribbles. */
async function dribble(port: number): Promise<void> {
  const sockets: Socket[] = [];
  while (sockets.length < COUNT) {
    const batch = Array.from({ length: 100 }, () => connect({ host: "127.0.0.1", port, noDelay: true }));
    for (const socket of batch) {
      socket.on("error", () => {});
      socket.resume();
    }
    await Promise.all(batch.map((socket) => once(socket, "connect")));
    sockets.push(...batch);
    // The first one begins when it is connected, as the deadline does.
    for (const socket of batch) socket.write(SETTYPE.subarray(0, 1));
  }
  process.send?.("connected");
  for (let at = 1; ; at++) {
    await sleep(PAUSE * 1000);
    for (const socket of sockets) if (socket.writable) socket.write(SETTYPE.subarray(at, at + 1));
  }
}

async function measure(title: string, deadline: number, raised: boolean): Promise<void> {
  const limit = 2 * COUNT;
  const server = new Server({
    addr: ["127.0.0.1", 0],
    logger: silentLogger,
    cfg: {
      "net.timeout.handshake": deadline,
      ...(raised && {
        "net.limits.connections": limit,
        "net.limits.connections.address": limit,
        "net.limits.pending": limit,
        "net.limits.pending.address": limit,
      }),
    },
  });
  const reasons = new Map<string | null, number>();
  let longest = 0;
  const accepted = new WeakMap<object, number>();
  server.on("connection", (client) => accepted.set(client, performance.now()));
  server.on("close", (client, { reason }) => {
    reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    const lasted = performance.now() - (accepted.get(client) ?? Number.NaN);
    if (reason === "handshaketimeout") longest = Math.max(longest, lasted);
  });
  await server.start();
  const child: ChildProcess = fork(fileURLToPath(import.meta.url), ["child", String(server.addr[1])]);
  await once(child, "message");
  const connected = performance.now();
  const pending = server.clients.size;

  const times: number[] = [];
  for (let turn = 0; turn < 5; turn++) {
    const before = performance.now();
    const client = new Client({ addr: server.addr, logger: silentLogger });
    await client.start();
    times.push(performance.now() - before);
    await client.close();
    client.stop();
    await sleep(300);
  }
  const worst = Math.max(...times);
  show(
    `${title}: an honest client gets in beside ${pending} dribblers, within a second`,
    `${worst.toFixed(0)} ms at most in ${times.length} attempts`,
    worst < 1000,
  );

  while (server.clients.size > 0 && performance.now() - connected < (deadline + 5) * 1000) await sleep(20);
  show(
    `${title}: all dribblers are gone by the deadline of ${deadline} s`,
    `${server.clients.size} left; ${[...reasons].map(([reason, count]) => `${count} × ${reason}`).join(", ")}; the longest stayed ${(longest / 1000).toFixed(2)} s`,
    server.clients.size === 0 && longest < (deadline + 2) * 1000,
  );
  child.kill();
  await server.shutdown();
}

const [role, port] = process.argv.slice(2);
if (role === "child") await dribble(Number(port));
else {
  // Longer than the default of 10 s, so that the last one is connected long before the first one has to go.
  await measure("limits raised so that all 5,000 stay", 20, true);
  await measure("default limits", 10, false);
  finish();
}
