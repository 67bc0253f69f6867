// Connections of one address share their part of the event loop: many of them are no stronger than few.

import { type Client, type ConfigOverrides, definePacket, payload, Server } from "@peng3dnet/peer";
import { TestNetwork } from "@peng3dnet/peer/testing";

const Work = definePacket({ name: "test:work", schema: payload<string>() });
const packets = [Work];
/** What a handler takes, in seconds. */
const TIME = 0.002;

async function connected(net: TestNetwork, server: Server, address: string): Promise<Client> {
  const client = net.client({ packets });
  net.connect(client, server, {
    prepare: ({ server: end }) =>
      void Object.defineProperty(end, "remoteAddress", { value: [address, 1000], configurable: true }),
  });
  await client.waitForConnection();
  return client;
}

/** A server, a hundred clients of one address, and one of another; and whose packets were handled, in order. */
async function crowd(server: Server, net: TestNetwork) {
  const order: string[] = [];
  server.on(Work, (who) => {
    net.clock.advance(TIME);
    order.push(who);
  });
  const many: Client[] = [];
  for (let count = 0; count < 100; count++) many.push(await connected(net, server, "10.0.0.1"));
  const one = await connected(net, server, "10.0.0.2");
  return { order, many, one };
}

test("one of another address waits for one of many that send at the same moment, and not for each of them", async () => {
  const net = new TestNetwork();
  const { order, many, one } = await crowd(net.server({ packets }), net);
  for (const client of many) for (let count = 0; count < 3; count++) client.sendMessage(Work, "many");
  one.sendMessage(Work, "one");
  while (order.length < 301) await net.settle();
  expect(order.indexOf("one")).toBeLessThan(20);
});

/** A server whose packets wait for `process`. */
function manual(net: TestNetwork, cfg?: ConfigOverrides): Server {
  const server = new Server({ packets, clock: net.clock, ...(cfg && { cfg }) });
  server.initialize();
  return server;
}

test("a call of process() has an end, however many have packets, and one of another address is in it", async () => {
  const net = new TestNetwork();
  const server = manual(net);
  const { order, many, one } = await crowd(server, net);
  for (const client of many) client.sendMessage(Work, "many");
  one.sendMessage(Work, "one");
  await net.settle();
  expect(order).toEqual([]);
  const since = net.clock.now();
  const processed = server.process();
  expect(net.clock.now() - since).toBeLessThan(30);
  expect(order).toHaveLength(processed);
  expect(order).toContain("one");
  let calls = 1;
  for (; order.length < 101; calls++) server.process();
  expect(calls).toBeLessThan(15);
});

test("of short packets that wait for process(), what they take beside their bytes counts for all together", async () => {
  const net = new TestNetwork();
  const server = manual(net, { "net.limits.unprocessed.total": 100_000 });
  const { order, many } = await crowd(server, net);
  for (const client of many) for (let count = 0; count < 50; count++) client.sendMessage(Work, "many");
  await net.settle();
  const waiting = (): number =>
    [...server.clients.values()].reduce((sum, { conn }) => sum + conn.metrics.queued, 0);
  // Beyond what there is room for, each of them has one.
  expect(waiting()).toBeLessThan(600);
  while (order.length < 5000) {
    server.process();
    await net.settle();
  }
  expect(waiting()).toBe(0);
});
