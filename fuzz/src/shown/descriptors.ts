// npm run reliability -- descriptors
//
// A server in a process with few file descriptors: those connected go on, more are refused with a `drop` event,
// and some descriptors are left for the rest of the program.

import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Client, Server, silentLogger } from "@peng3dnet/core";
import { ECHO, prepareClient, prepareEcho } from "../exchange.js";
import { finish, show } from "./report.js";

const DESCRIPTORS = 256;
const CLIENTS = 400;

/** In the other process, where descriptors are scarce. */
async function serve(): Promise<void> {
  const { server } = prepareEcho(new Server({ addr: ["127.0.0.1", 0], logger: silentLogger }));
  let dropped = 0;
  let reason = "";
  server.on("drop", (info) => {
    dropped++;
    reason = info.reason;
  });
  await server.start();
  process.on("message", () => {
    const opened: number[] = [];
    try {
      for (let count = 0; count < 20; count++) opened.push(openSync("/dev/null", "r"));
    } catch {
      // Out of descriptors: the number says so.
    }
    for (const descriptor of opened) closeSync(descriptor);
    process.send?.({ connections: server.clients.size, dropped, reason, opened: opened.length });
  });
  process.send?.(server.addr[1]);
}

if (process.argv[2] === "child") await serve();
else {
  const self = fileURLToPath(import.meta.url);
  const child = spawn(
    "sh",
    ["-c", `ulimit -n ${DESCRIPTORS} && exec "$0" "$1" child`, process.execPath, self],
    {
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    },
  );
  const message = (): Promise<unknown> => new Promise((resolve) => child.once("message", resolve));
  const port = (await message()) as number;
  const connected: ReturnType<typeof prepareClient>[] = [];
  for (let index = 0; index < CLIENTS; index++) {
    const prepared = prepareClient(
      new Client({ addr: ["127.0.0.1", port], logger: silentLogger, cfg: { "net.timeout.handshake": 5 } }),
    );
    try {
      await prepared.client.start();
      connected.push(prepared);
    } catch {
      prepared.client.stop();
    }
  }
  for (const [number, { client }] of connected.entries()) client.sendMessage(ECHO, number);
  const until = performance.now() + 10_000;
  while (connected.some(({ messages }) => messages.length === 0) && performance.now() < until)
    await sleep(20);
  const answered = connected.filter(({ messages }, number) => messages[0] === number).length;
  const state = message();
  child.send("state");
  const { connections, dropped, reason, opened } = (await state) as {
    connections: number;
    dropped: number;
    reason: string;
    opened: number;
  };
  show(
    `with ${DESCRIPTORS} file descriptors, connections that were accepted go on`,
    `${answered} of ${connected.length} answered`,
    answered === connected.length && connected.length >= 128 && connections === connected.length,
  );
  show(
    `the other ${CLIENTS - connected.length} of ${CLIENTS} are refused with a drop event`,
    `${dropped} × ${reason}`,
    dropped === CLIENTS - connected.length && reason === "serverfull",
  );
  show("the rest of the program can open files", `${opened} of 20`, opened === 20);
  child.kill();
  finish();
}
