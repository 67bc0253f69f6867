// What a socket read is freed once it was told, and nothing that an application keeps goes with it.

import { Client, type ConfigOverrides, definePacket, payload, Server, type Transport } from "@peng3dnet/core";
import { clientTls, serverTls } from "../support/certificates.js";
import { onCleanup, track } from "../support/cleanup.js";
import { LOCAL } from "../support/peers.js";
import { socketPairs } from "../support/transport-pairs.js";

const KIB = 1024;

interface Way {
  readonly server: ConfigOverrides;
  readonly client: ConfigOverrides;
}

// Certificates are made before the tests, but after this.
const ways: readonly (readonly [string, () => Way])[] = [
  ["TCP", () => ({ server: {}, client: {} })],
  ["TLS", () => ({ server: serverTls(), client: clientTls() })],
];

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

test.each(ways)(
  "a long read of an accepted connection is freed after it was told: %s",
  async (_name, way) => {
    const total = 256 * KIB;
    const chunks: Uint8Array[] = [];
    let received = 0;
    await new Promise<void>((resolve) => {
      const pair = socketPairs(way())({
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
    // Short reads are left to the engine, and so are parts of longer buffers, as Node 24 has them. What is freed has no length.
    const left = chunks.filter(({ buffer, length }) => length >= 4 * KIB && length === buffer.byteLength);
    expect(left).toEqual([]);
  },
);

const Kept = definePacket({
  name: "test:kept",
  schema: payload<{ index: number; data: Uint8Array; text: string }>(),
});

test.each(ways)("what is kept of packets stays as it was: %s", async (_name, way) => {
  const { server: serverCfg, client: clientCfg } = way();
  const cfg: ConfigOverrides = { "net.compress.enabled": false };
  const server = track(new Server({ addr: LOCAL, cfg: { ...cfg, ...serverCfg }, packets: [Kept] }));
  await server.start();
  const { addr } = server;
  const client = track(new Client({ addr, cfg: { ...cfg, ...clientCfg }, packets: [Kept] }));
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

test.each(ways)("what an application behind has not taken yet stays as it was: %s", async (_name, way) => {
  const { server: serverCfg, client: clientCfg } = way();
  const cfg: ConfigOverrides = { "net.limits.unprocessed.packets": 4, ...serverCfg };
  const server = track(new Server({ addr: LOCAL, cfg, packets: [Kept] }));
  const kept: number[] = [];
  server.on(Kept, ({ index, data }) => {
    expect(data).toHaveLength(100);
    kept.push(index);
  });
  await server.runAsync();
  const { addr } = server;
  const client = track(new Client({ addr, cfg: clientCfg, packets: [Kept] }));
  await client.start();
  // Some ten reads, of which the first four packets are taken up at once.
  const data = new Uint8Array(100);
  const count = 5000;
  for (let index = 0; index < count; index++) client.sendMessage(Kept, { index, data, text: "" });
  while (kept.length < count) await server.process({ wait: true });
  expect(kept).toEqual(Array.from({ length: count }, (_, index) => index));
});
