// What waits for process() of a client, which has one connection and shares its time with nobody.

import { Client, type ConfigOverrides, definePacket, payload, type Server } from "@peng3dnet/peer";
import { TestNetwork } from "@peng3dnet/peer/testing";

const Work = definePacket({ name: "test:work", schema: payload<string>() });
const packets = [Work];
/** What a handler takes, in seconds. */
const TIME = 0.002;
const texts = Array.from({ length: 30 }, (_, index) => `${index}`.padEnd(index % 3 === 0 ? 4000 : 4, "x"));
/** A packet as it is without its length. */
const LAST = new Uint8Array([0, 0, 0, 64, 0, 0, 0xa4, 0x6c, 0x61, 0x73, 0x74]);

/** A client whose packets wait for `process`, which has been sent all texts. */
async function scene(cfg: ConfigOverrides = {}) {
  const net = new TestNetwork();
  const server: Server = net.server({ packets });
  const client = new Client({ packets, clock: net.clock, cfg });
  client.initialize();
  net.connect(client, server);
  await client.waitForConnection();
  const seen: string[] = [];
  client.on(Work, (text) => {
    net.clock.advance(TIME);
    seen.push(text);
  });
  for (const text of texts) server.broadcast(Work, text);
  await net.settle();
  return { net, client, seen };
}

test("a call takes ten milliseconds, and the next ones go on with the rest in order", async () => {
  const { client, seen } = await scene();
  expect(client.metrics.queued).toBe(30);
  expect(client.process()).toBe(5);
  expect(client.metrics.queued).toBe(25);
  while (seen.length < 30) expect(client.process()).toBe(5);
  expect(client.process()).toBe(0);
  expect(seen).toEqual(texts);
  expect(client.metrics.queued).toBe(0);
});

test("what comes while packets are processed is for the next call", async () => {
  const { client, seen } = await scene();
  while (client.process() > 0);
  client.on(Work, () => client.receivePacket(LAST));
  client.receivePacket(LAST);
  for (let calls = 0; calls < 3; calls++) expect(client.process()).toBe(1);
  expect(seen.slice(30)).toEqual(["last", "last", "last"]);
});

test("a handler may call it, and packets keep their order", async () => {
  const { client, seen } = await scene();
  const order: string[] = [];
  client.on(Work, (text) => {
    if (order.push(text) % 4 === 0) client.process();
  });
  while (client.process() > 0);
  expect(order).toEqual(texts);
  expect(seen).toHaveLength(30);
});

test("what there is no time for is handled in later turns where the client handles all by itself from now on", async () => {
  const { net, client, seen } = await scene();
  client.processAsync();
  expect(seen).toHaveLength(5);
  while (seen.length < 30) await net.settle();
  expect(seen).toEqual(texts);
});

test("a packet that there is no room for waits before those behind it", async () => {
  const { client, seen } = await scene({ "net.limits.buffered": 8000 });
  const messages = client.messages(Work);
  const got: (string | undefined)[] = [];
  client.process();
  expect(client.process()).toBe(0);
  expect(client.metrics.queued).toBeGreaterThan(0);
  while (got.length < 30) {
    got.push((await messages.next()).value?.msg);
    client.process();
  }
  expect(got).toEqual(texts);
  expect(seen).toEqual(texts);
  await messages.return();
});

test("nothing is handled while the connection is paused, and all of it after that", async () => {
  const { client, seen } = await scene();
  client.conn?.pause();
  expect(client.process()).toBe(0);
  client.conn?.resume();
  while (client.process() > 0);
  expect(seen).toEqual(texts);
});

test("nothing is handled any more of a connection that was closed", async () => {
  const { client, seen } = await scene();
  expect(client.process()).toBe(5);
  void client.close();
  expect(client.process()).toBe(0);
  expect(client.metrics.queued).toBe(0);
  expect(seen).toHaveLength(5);
});
