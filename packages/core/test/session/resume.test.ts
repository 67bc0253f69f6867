// Sockets that are broken while much passes, over TCP, with compression.

import { randomBytes } from "node:crypto";
import { Client, definePacket, payload, Server } from "@peng3dnet/core";
import { TestNetwork } from "@peng3dnet/core/testing";
import { track } from "../support/cleanup.js";
import { next } from "../support/peers.js";

const Text = definePacket({ name: "resume:text", schema: payload<[number, string]>() });
const ROUNDS = 20;

test("compressed packets, long ones and short ones, come once and in order, however often the socket breaks", async () => {
  const words = randomBytes(3000).toString("hex");
  const textOf = (number: number): string => words.repeat(number % 7).slice(number % 5);
  const limits = { "net.resume.bytes": 8 * 1024 * 1024 };
  const server = track(
    new Server({ addr: "127.0.0.1:0", packets: [Text], cfg: { "net.resume.window": 60, ...limits } }),
  );
  const came: Record<"client" | "server", number[]> = { client: [], server: [] };
  const check = (to: "client" | "server", [number, text]: [number, string]): void => {
    came[to].push(text === textOf(number) ? number : -1);
  };
  server.on(Text, (msg) => check("server", msg));
  await server.start();
  const client = track(
    new Client({ addr: server.addr, packets: [Text], resume: { delay: 0.01 }, cfg: limits }),
  );
  client.on(Text, (msg) => check("client", msg));
  const accepted = next(server, "handshakecomplete");
  await client.start();
  const [remote] = await accepted;
  for (let round = 0; round < ROUNDS; round++) {
    const resumed = new Promise((resolve) => client.once("resume", resolve));
    for (let number = round * 10; number < round * 10 + 10; number++) {
      client.sendMessage(Text, [number, textOf(number)]);
      remote.sendMessage(Text, [number, textOf(number)]);
    }
    // On the one side or the other, with bytes under way.
    const { sock } = round % 2 === 0 ? client : remote;
    (sock as { resetAndDestroy(): void } | undefined)?.resetAndDestroy();
    await resumed;
  }
  await expect(client.close()).resolves.toMatchObject({ clean: true });
  const all = Array.from({ length: ROUNDS * 10 }, (_, number) => number);
  expect(came.server).toEqual(all);
  // The server's last ones may have been passed over by a client that closed.
  expect(came.client).toEqual(all.slice(0, came.client.length));
  expect(came.client.length).toBeGreaterThanOrEqual(ROUNDS * 10 - 20);
}, 60_000);

test("what came before the line broke is handled before the close, also past net.limits.inflated.rate", async () => {
  const net = new TestNetwork();
  const cfg = { "net.heartbeat.interval": 0, "net.resume.window": 1, "net.limits.inflated.rate": 100_000 };
  const server = net.server({ packets: [Text], cfg });
  const client = net.client({ packets: [Text], resume: true });
  const came: number[] = [];
  server.on(Text, ([number]) => void came.push(number));
  const closed = next(server, "close");
  const link = net.connect(client, server);
  await client.waitForConnection();
  await net.settle();
  for (let number = 0; number < 5; number++) client.sendMessage(Text, [number, "x".repeat(60_000)]);
  await net.settle();
  expect(came).toEqual([0, 1]);
  link.cut();
  await net.settle();
  net.clock.advance(1.1);
  await net.settle();
  // It waits for its client no more.
  expect(server.clients.size).toBe(0);
  for (let steps = 0; steps < 10; steps++) {
    net.clock.advance(0.5);
    await net.settle();
  }
  const [, info] = await closed;
  expect(info.reason).toBe("resumeexpired");
  expect(came).toEqual([0, 1, 2, 3, 4]);
});
