// Connections of one address share their part of the event loop: many of them are no stronger than few.

import {
  type Client,
  type ConfigOverrides,
  definePacket,
  type ListenRequest,
  payload,
  Server,
} from "@peng3dnet/peer";
import { MemoryLink, TestNetwork } from "@peng3dnet/peer/testing";

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

test("a packet that may take long waits for the short ones of others, also behind a short one of its connection", async () => {
  const net = new TestNetwork();
  const server = net.server({ packets });
  const order: string[] = [];
  server.on(Work, (text) => {
    const [what = ""] = text.split(" ");
    net.clock.advance(what === "long" ? 0.02 : 0.0001);
    order.push(what);
  });
  const clients: Client[] = [];
  for (let count = 0; count < 20; count++) clients.push(await connected(net, server, `10.0.2.${count}`));
  for (const client of clients) {
    client.sendMessage(Work, "short");
    client.sendMessage(Work, `long ${"x".repeat(4000)}`);
  }
  while (order.length < 40) await net.settle();
  const before = order.slice(0, order.lastIndexOf("short"));
  expect(before.filter((what) => what === "long").length).toBeLessThan(3);
  expect(order.filter((what) => what === "long")).toHaveLength(20);
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

/** Has somebody connect with each call, who is gone at once. */
async function newcomers(server: Server): Promise<() => void> {
  let request: ListenRequest | undefined;
  const listen = async (asked: ListenRequest) => {
    request = asked;
    return { address: asked.address, close: async () => {} };
  };
  await server.addAcceptor({ listen }, "somewhere:1");
  return () => {
    const { server: end } = new MemoryLink();
    request?.offer(["10.0.0.3", 1], () => end, jest.fn());
    end.destroy();
  };
}

/** How long a call of process() takes, in milliseconds. */
function lengthOfCall(server: Server, net: TestNetwork): number {
  const since = net.clock.now();
  server.process();
  return net.clock.now() - since;
}

test("calls of process() are short while many connections come, also where few have packets, and for a part of the time only", async () => {
  const net = new TestNetwork();
  const server = manual(net);
  const { many } = await crowd(server, net);
  const come = await newcomers(server);
  for (const client of many.slice(0, 8))
    for (let count = 0; count < 500; count++) client.sendMessage(Work, "few");
  await net.settle();
  const call = () => lengthOfCall(server, net);
  net.clock.advance(0.1);
  const usual = call();
  // Few that come are no reason to let anybody wait.
  for (let count = 0; count < 16; count++) come();
  expect(call()).toBe(usual);
  for (let count = 0; count < 16; count++) come();
  const short = call();
  expect(short).toBeLessThan(usual / 2);
  const began = net.clock.now();
  let took = short;
  while (took === short) {
    come();
    took = call();
  }
  // A quarter of the time that passes is added to the two seconds.
  const lasted = net.clock.now() - began;
  expect(took).toBe(usual);
  expect(lasted).toBeGreaterThan(2000);
  expect(lasted).toBeLessThan(3000);
});

test("where many have packets, calls are short for as long as connections come, which is not held against few that are left", async () => {
  const net = new TestNetwork();
  const server = manual(net);
  const { many } = await crowd(server, net);
  const come = await newcomers(server);
  for (const [index, client] of many.entries())
    for (let count = index < 8 ? 500 : 30; count > 0; count--) client.sendMessage(Work, "many");
  await net.settle();
  net.clock.advance(0.1);
  const usual = lengthOfCall(server, net);
  const waiting = (): number =>
    [...server.clients.values()].filter(({ conn }) => conn.metrics.queued > 0).length;
  const since = net.clock.now();
  let longest = 0;
  const callOnce = (): void => {
    come();
    longest = Math.max(longest, lengthOfCall(server, net));
  };
  while (waiting() > 8) callOnce();
  expect(net.clock.now() - since).toBeGreaterThan(4000);
  for (let calls = 0; calls < 20; calls++) callOnce();
  expect(waiting()).toBe(8);
  expect(longest).toBeLessThan(usual / 2);
});

test("in a long call of process(), all have a packet in the end, and those who had one wait", async () => {
  const net = new TestNetwork();
  const server = manual(net);
  const clients: Client[] = [];
  for (let count = 0; count < 100; count++) clients.push(await connected(net, server, `10.0.3.${count}`));
  server.on(Work, () => net.clock.advance(0.0004));
  for (const client of clients) for (let count = 0; count < 3; count++) client.sendMessage(Work, "some");
  await net.settle();
  // For 40 ms, each has all three. The other 66 or 67 have one.
  const processed = server.process();
  expect(processed).toBeGreaterThanOrEqual(100 + 66);
  expect(processed).toBeLessThanOrEqual(100 + 68);
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

test("while others fill the room for all that waits for process(), one that sends little is still read", async () => {
  const net = new TestNetwork();
  const server = manual(net, { "net.limits.unprocessed.total": 100_000 });
  const { order, many, one } = await crowd(server, net);
  for (const client of many.slice(0, 10))
    for (let count = 0; count < 50; count++) client.sendMessage(Work, "many");
  await net.settle();
  for (let count = 0; count < 5; count++) one.sendMessage(Work, "one");
  await net.settle();
  const waiting = [...server.clients.values()].find(({ addr }) => addr[0] === "10.0.0.2");
  expect(waiting?.conn.metrics.queued).toBe(5);
  server.process();
  expect(order).toContain("one");
});

test("packets that wait for many calls of process() keep the order of each connection, short and long ones", async () => {
  const net = new TestNetwork();
  // Some are taken up while others are processed.
  const server = manual(net, { "net.limits.unprocessed.packets": 40 });
  const seen = new Map<string, string[]>();
  let handled = 0;
  server.on(Work, (text) => {
    net.clock.advance(TIME);
    handled++;
    const [who = "", what = ""] = text.split(":");
    seen.set(who, [...(seen.get(who) ?? []), what]);
  });
  const clients: Client[] = [];
  for (let count = 0; count < 20; count++) clients.push(await connected(net, server, `10.0.1.${count}`));
  const sent = (round: number): string[] =>
    Array.from(
      { length: 60 },
      (_, index) => `${round} ${index} ${"x".repeat(index % 7 === 0 ? 700 : index)}`,
    );
  for (let round = 0; round < 3; round++) {
    for (const [who, client] of clients.entries())
      for (const what of sent(round)) client.sendMessage(Work, `${who}:${what}`);
    await net.settle();
    server.process();
  }
  while (handled < 20 * 180) {
    expect(server.process()).toBeGreaterThan(0);
    await net.settle();
  }
  const all = [...sent(0), ...sent(1), ...sent(2)];
  for (const one of seen.values()) expect(one).toEqual(all);
  expect(seen.size).toBe(20);
});
