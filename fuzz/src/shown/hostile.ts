// npm run reliability -- hostile
//
// Packets that announce or unfold into far more than they are. Each is sent to a server in a process of its own,
// whose peak memory is compared before and after.

import { fork } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { deflateSync } from "node:zlib";
import { Client, Packet, Server, silentLogger } from "@peng3dnet/core";
import { concat, frame } from "../bytes.js";
import { nested } from "../generate.js";
import { collectGarbage } from "../measure.js";
import { ACCEPT, SETTYPE } from "../targets/wire.js";
import { finish, show } from "./report.js";

const LIMIT = 8 * 1024 * 1024;
const ID = 64;

interface Case {
  readonly title: string;
  readonly code: string;
  readonly bytes: () => Uint8Array;
}

const CASES: readonly Case[] = [
  {
    title: "a zip bomb of 1,000:1, 1,000 MiB in one MiB",
    code: "P3D_ERR_DECOMPRESS_LIMIT",
    bytes: () => {
      // The limit for a packet is one MiB: as much of the bomb as fits.
      const bomb = deflateSync(Buffer.alloc(1000 * 1024 * 1024), { level: 9 });
      return frame(ID, 1, new Uint8Array(bomb.buffer, bomb.byteOffset, bomb.length));
    },
  },
  {
    title: "a length of 4 GiB",
    code: "P3D_ERR_PACKET_TOO_LARGE",
    bytes: () => frame(ID, 0, Uint8Array.of(0xc0), 0xffffffff),
  },
  {
    title: "an array header of a million elements",
    code: "P3D_ERR_BAD_DATA",
    bytes: () => frame(ID, 0, Uint8Array.of(0xdd, 0x00, 0x0f, 0x42, 0x40)),
  },
  { title: "nesting of a million", code: "P3D_ERR_BAD_DATA", bytes: () => frame(ID, 0, nested(1_000_000)) },
];

interface Outcome {
  readonly code: string | undefined;
  readonly bytes: number;
}

/** Most memory that this process has had since the last call of `forgetPeak`, in bytes. Linux keeps it. */
function peakMemory(): number {
  const [, kilobytes] = /VmHWM:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8")) ?? [];
  return Number(kilobytes) * 1024;
}

function forgetPeak(): void {
  writeFileSync("/proc/self/clear_refs", "5");
}

/** In the other process: a server that tells how its memory has grown by the time a connection is closed. */
async function serve(): Promise<void> {
  const server = new Server({ addr: ["127.0.0.1", 0], logger: silentLogger });
  server.registerPacket("shown:packet", new Packet(server.registry, server), ID);
  await server.start();
  // What any first packet costs is not of interest, nor is what a long one of honest content does.
  const warm = new Client({ addr: server.addr, logger: silentLogger });
  warm.registerPacket("shown:packet", new Packet(warm.registry, warm));
  await warm.start();
  for (let turn = 0; turn < 5; turn++) {
    warm.sendMessage("shown:packet", "x".repeat(500_000));
    warm.sendMessage(
      "shown:packet",
      new Uint8Array(500_000).map((_, at) => (at * 7919) >> 3),
    );
  }
  await warm.close();
  warm.stop();
  await sleep(200);
  collectGarbage();
  forgetPeak();
  const before = peakMemory();
  server.on("close", (_client, { error }) => {
    const outcome: Outcome = {
      code: (error as { code?: string } | undefined)?.code,
      bytes: peakMemory() - before,
    };
    process.send?.(outcome);
  });
  process.send?.(server.addr[1]);
}

/** Gets through the handshake and sends bytes. */
async function send(port: number, bytes: Uint8Array): Promise<Socket> {
  const socket = connect({ host: "127.0.0.1", port, noDelay: true });
  socket.on("error", () => {});
  await once(socket, "data");
  socket.write(SETTYPE);
  await once(socket, "data");
  socket.resume();
  socket.write(concat([ACCEPT, bytes]));
  return socket;
}

if (process.argv[2] === "child") await serve();
else {
  for (const { title, code, bytes } of CASES) {
    const packet = bytes();
    const child = fork(fileURLToPath(import.meta.url), ["child"]);
    const [port] = (await once(child, "message")) as [number];
    const answer = once(child, "message");
    const socket = await send(port, packet);
    const [outcome] = (await answer) as [Outcome];
    show(
      `${title}, in a packet of ${packet.length} bytes, is refused; memory up by less than 8 MiB`,
      `${outcome.code}, peak of the process up by ${(outcome.bytes / 2 ** 20).toFixed(1)} MiB`,
      outcome.code === code && outcome.bytes < LIMIT,
    );
    socket.destroy();
    child.kill();
  }
  finish();
}
