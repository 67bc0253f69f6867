// How long a client waits before it connects again: longer and longer, up to a limit, and not all clients alike.

import { type RetryInfo, standardPlatform } from "@peng3dnet/peer";
import { World } from "./support/world.js";

/** Lets a client's attempts fail. @returns how long it waited before each, in seconds. */
async function waits(reconnect: { delay?: number; maxDelay?: number }, count: number): Promise<number[]> {
  const world = new World();
  const { client } = await world.active({ reconnect });
  const seconds: number[] = [];
  client.on("retry", (info) => seconds.push(info.seconds));
  world.server = undefined;
  await world.cut();
  while (seconds.length < count) await world.pass(seconds.at(-1));
  // The attempts are made when it was said.
  const made = world.attempts.slice(1);
  let time = 0;
  for (const [i, at] of made.entries()) {
    time += seconds[i] as number;
    expect(at).toBeCloseTo(time, 6);
  }
  client.stop();
  return seconds;
}

test("the delay doubles up to the longest one, and half of it is left to chance", async () => {
  const most = [0.25, 0.5, 1, 2, 4, 5, 5, 5];
  const world = new World();
  world.serve();
  const clients = Array.from({ length: 20 }, () => world.client());
  const all = clients.map((client) => {
    const seconds: number[] = [];
    client.on("retry", (info) => seconds.push(info.seconds));
    return seconds;
  });
  await Promise.all(clients.map((client) => client.start()));
  world.server = undefined;
  for (const link of world.links) link.cut();
  await world.net.settle();
  // Each pause is over by then.
  while (all[0]?.length !== most.length) await world.pass(5);
  for (const [i, limit] of most.entries()) {
    const those = all.map((seconds) => seconds[i] as number);
    for (const seconds of those) {
      expect(seconds).toBeLessThanOrEqual(limit);
      expect(seconds).toBeGreaterThanOrEqual(limit / 2);
    }
    expect(new Set(those).size).toBeGreaterThan(15);
  }
});

test("delays are what the options say", async () => {
  const [first, second, third] = (await waits({ delay: 10, maxDelay: 30 }, 3)) as [number, number, number];
  for (const [seconds, limit] of [
    [first, 10],
    [second, 20],
    [third, 30],
  ] as const) {
    expect(seconds).toBeLessThanOrEqual(limit);
    expect(seconds).toBeGreaterThanOrEqual(limit / 2);
  }
});

test("a delay that no timer can hold is as long as one can", async () => {
  const [seconds] = await waits({ delay: 1e9, maxDelay: 1e9 }, 1);
  expect(seconds).toBe(0x7fff_ffff / 1000);
});

test("50 clients that lose their server in one moment come back one by one", async () => {
  const world = new World();
  world.serve({ cfg: { "net.limits.connections.address": 100 } });
  const clients = Array.from({ length: 50 }, () => world.client());
  await Promise.all(clients.map((client) => client.start()));
  const retries: RetryInfo[] = [];
  for (const client of clients) client.on("retry", (info) => retries.push(info));
  const again = Promise.all(
    clients.map((client) => new Promise((resolve) => client.once("session", resolve))),
  );
  const server = world.server;
  world.server = undefined;
  for (const link of world.links) link.cut();
  await world.net.settle();
  const first = retries.map(({ seconds }) => seconds);
  expect(new Set(first).size).toBe(50);
  expect(Math.max(...first) - Math.min(...first)).toBeGreaterThan(0.05);
  await world.pass(0.25);
  expect(new Set(retries.map(({ seconds }) => seconds)).size).toBe(100);
  world.server = server;
  await world.pass(0.5);
  await again;
  expect(server?.clients.size).toBe(50);
});

test("a network that is said to be back ends the pause", async () => {
  const listening = new Set<() => void>();
  const world = new World();
  const platform = {
    ...standardPlatform,
    networkBack: (call: () => void) => {
      listening.add(call);
      return () => void listening.delete(call);
    },
  };
  const { client } = await world.active({ platform, reconnect: { delay: 100, maxDelay: 100 } });
  expect(listening.size).toBe(0);
  await world.cut();
  expect(listening.size).toBe(1);
  for (const call of listening) call();
  await client.waitForConnection();
  expect(listening.size).toBe(0);
  expect(world.net.clock.now()).toBe(0);
});
