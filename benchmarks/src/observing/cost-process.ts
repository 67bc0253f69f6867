// A server and a client in one process, over TCP, with the packages whose `core` is named as the first argument.

import { pathToFileURL } from "node:url";
import type * as Core from "@peng3dnet/core";

/** What is done: packets there and back, or requests. */
export type CostKind = "packets" | "requests";

/** What the parent asks for: work of a kind, for so many milliseconds of processor time. */
export interface CostTask {
  readonly kind: CostKind;
  readonly milliseconds: number;
}

/** What came of it. */
export interface CostResult {
  /** Packets that came back, or requests that were answered, a second. */
  readonly rate: number;
  /** The same for each second of processor time. */
  readonly perProcessor: number;
}

const BATCH = 1000;
const IN_FLIGHT = 64;

const core = (await import(pathToFileURL(process.argv[2] as string).href)) as typeof Core;
const { Client, definePacket, defineRequest, payload, Server } = core;

const Position = definePacket({ name: "cost:position", schema: payload<[number, number]>() });
const Where = defineRequest({
  name: "cost:where",
  request: payload<number>(),
  response: payload<[number, number]>(),
});
const packets = [Position, Where];

const server: Core.Server = new Server({ addr: "127.0.0.1:0", packets });
server.on(Position, (msg, { client }) => void client.sendMessage(Position, msg));
server.answer(Where, (): [number, number] => [1, 2]);
await server.start();
const client: Core.Client = new Client({ addr: server.addr, packets });
let left = 0;
let done: () => void = () => {};
client.on(Position, () => {
  if (--left === 0) done();
});
await client.start();

const BATCHES: Readonly<Record<CostKind, () => Promise<unknown>>> = {
  packets: () =>
    new Promise<void>((resolve) => {
      left = BATCH;
      done = resolve;
      for (let sent = 0; sent < BATCH; sent++) client.sendMessage(Position, [sent, 2]);
    }),
  requests: async () => {
    for (let sent = 0; sent < BATCH; sent += IN_FLIGHT)
      await Promise.all(Array.from({ length: IN_FLIGHT }, () => client.request(Where, 1)));
  },
};
const AT_ONCE: Readonly<Record<CostKind, number>> = {
  packets: BATCH,
  requests: Math.ceil(BATCH / IN_FLIGHT) * IN_FLIGHT,
};

process.on("disconnect", () => process.exit());
process.on("message", async ({ kind, milliseconds }: CostTask) => {
  const begun = performance.now();
  const processorThen = process.cpuUsage();
  let count = 0;
  let used: number;
  do {
    await BATCHES[kind]();
    count += AT_ONCE[kind];
    const { user, system } = process.cpuUsage(processorThen);
    used = (user + system) / 1000;
  } while (used < milliseconds);
  const result: CostResult = {
    rate: (1000 * count) / (performance.now() - begun),
    perProcessor: (1000 * count) / used,
  };
  process.send?.(result);
});
process.send?.("ready");
