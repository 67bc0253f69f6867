// What a socket read is freed once it was told, unless somebody else has it, too; and what an application keeps stays.

import { createServer } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { Client, definePacket, payload, Server, type Transport } from "@peng3dnet/core";
import { serveWebSocket, webSocketConnector } from "@peng3dnet/websocket";
import { certFile, certPem, keyPem } from "../../../core/test/support/certificates.js";
import { onCleanup, track } from "../../../core/test/support/cleanup.js";
import { LOCAL } from "../../../core/test/support/peers.js";
import { addressOf, listening } from "../support/http.js";
import { webSocketPairs } from "../support/web-socket-pairs.js";

const KIB = 1024;
/** Not compressed: what is sent is long on the wire, too. */
const PLAIN = { "net.compress.enabled": false };

const Kept = definePacket({
  name: "test:kept",
  schema: payload<{ index: number; data: Uint8Array; text: string }>(),
});

/** Starts `transport`, and tells `data` what it reads. */
function start(transport: Transport, ready: () => void, data: (chunk: Uint8Array) => void): void {
  onCleanup(() => transport.destroy());
  const nothing = (): void => {};
  transport.start({
    ready,
    refused: nothing,
    readTarget: () => undefined,
    data,
    ended: nothing,
    drained: nothing,
    closed: nothing,
    crashed: nothing,
  });
}

test("a long read of an accepted connection is freed after it was told", async () => {
  const total = 256 * KIB;
  const chunks: Uint8Array[] = [];
  let received = 0;
  await new Promise<void>((resolve) => {
    const pair = webSocketPairs()({
      server: (transport) =>
        start(
          transport,
          () => {},
          (chunk) => {
            chunks.push(chunk);
            received += chunk.length;
            if (received === total) setImmediate(resolve);
          },
        ),
      client: (transport) =>
        start(
          transport,
          () => transport.write(new Uint8Array(total)),
          () => {},
        ),
    });
    onCleanup(async () => (await pair)?.dispose?.());
  });
  // Short reads are left to the engine. What is freed has no length.
  expect(chunks.filter(({ buffer }) => buffer.byteLength >= 4 * KIB)).toEqual([]);
});

test("what somebody else listens to is not freed", async () => {
  const server = track(new Server({ addr: LOCAL, cfg: PLAIN, packets: [Kept] }));
  await server.start();
  const http = createServer();
  const heard: Buffer[] = [];
  http.on("upgrade", (_request, socket: Socket) => socket.on("data", (chunk: Buffer) => heard.push(chunk)));
  await serveWebSocket(server, { server: http });
  const { port } = (await listening(http)).address() as AddressInfo;
  const received = new Promise((resolve) => server.on(Kept, ({ data }) => resolve(data.length)));
  const client = track(
    new Client({ connector: webSocketConnector(`ws://127.0.0.1:${port}`), cfg: PLAIN, packets: [Kept] }),
  );
  await client.start();
  client.sendMessage(Kept, { index: 0, data: new Uint8Array(100 * KIB), text: "" });
  expect(await received).toBe(100 * KIB);
  expect(heard.every(({ length }) => length > 0)).toBe(true);
  expect(Buffer.concat(heard).length).toBeGreaterThan(100 * KIB);
});

test.each(["ws", "wss"])("what is kept of packets stays as it was: %s", async (scheme) => {
  const secured = scheme === "wss";
  const server = track(new Server({ addr: LOCAL, cfg: PLAIN, packets: [Kept] }));
  await server.start();
  const http = await listening(
    secured ? createHttpsServer({ cert: certPem("server"), key: keyPem("server") }) : createServer(),
  );
  await serveWebSocket(server, { server: http });
  const connector = webSocketConnector(`${scheme}://localhost:${addressOf(http)[1]}/`);
  const client = track(
    new Client({
      connector,
      cfg: { ...PLAIN, ...(secured && { "net.ssl.cafile": certFile("ca") }) },
      packets: [Kept],
    }),
  );
  const lengths = [0, 1, 100, 4 * KIB, 20_000, 64 * KIB - 40, 64 * KIB, 100_000, 300_000];
  const count = 20 * lengths.length;
  const message = (index: number): { index: number; data: Uint8Array; text: string } => ({
    index,
    data: new Uint8Array(lengths[index % lengths.length] as number).fill(index),
    text: `${index}`.repeat(10 * (index % 50)),
  });
  const kept: ReturnType<typeof message>[] = [];
  const all = new Promise<void>((resolve) => {
    server.on(Kept, (received) => {
      kept.push(received);
      if (kept.length === count) setImmediate(resolve);
    });
  });
  await client.start();
  for (let index = 0; index < count; index++) client.sendMessage(Kept, message(index));
  await all;
  for (const [at, { index, data, text }] of kept.entries()) {
    const sent = message(at);
    expect([index, data.length, text]).toEqual([at, sent.data.length, sent.text]);
    expect(Buffer.compare(data, sent.data)).toBe(0);
  }
});

test("what an application behind has not taken yet stays as it was", async () => {
  const cfg = { "net.limits.unprocessed.packets": 4 };
  const server = track(new Server({ addr: LOCAL, cfg, packets: [Kept] }));
  const { address } = await serveWebSocket(server, { port: 0, host: "127.0.0.1" });
  const kept: number[] = [];
  server.on(Kept, ({ index, data }) => {
    expect(data).toHaveLength(100);
    kept.push(index);
  });
  await server.runAsync();
  const connector = webSocketConnector(`ws://127.0.0.1:${address?.[1]}`);
  const client = track(new Client({ connector, packets: [Kept] }));
  await client.start();
  // Some ten reads, of which the first four packets are taken up at once.
  const data = new Uint8Array(100);
  const count = 5000;
  for (let index = 0; index < count; index++) client.sendMessage(Kept, { index, data, text: "" });
  while (kept.length < count) await server.process({ wait: true });
  expect(kept).toEqual(Array.from({ length: count }, (_, index) => index));
});
