// Nodes over a bus of one's own that throws what it has no right to: whatever ends, ends whole, and the mistake is reported.

import type { Bus, BusFactory } from "@peng3dnet/cluster";
import { News, TestCluster } from "../support/cluster.js";

type Mistakes = Partial<Record<keyof Bus, unknown>>;

/** A bus some of whose members are replaced. */
function mistaken(factory: BusFactory, mistakes: (bus: Bus) => Mistakes): BusFactory {
  return {
    connect: async (context) => {
      const bus = await factory.connect(context);
      const over = mistakes(bus);
      return new Proxy(bus, {
        get: (target, key) => {
          if (key in over) return over[key as keyof Bus];
          const value: unknown = Reflect.get(target, key);
          return typeof value === "function" ? (value.bind(target) as unknown) : value;
        },
      });
    },
  };
}

const mistake = new Error("mistake");
const fail = (): never => {
  throw mistake;
};
/** Subscribes, but to end that is not possible. */
const subscribedFor =
  (subscription: unknown) =>
  (bus: Bus): Mistakes => ({
    subscribe: (...args: Parameters<Bus["subscribe"]>) => {
      bus.subscribe(...args);
      return subscription;
    },
  });

test.each<[string, (bus: Bus) => Mistakes]>([
  ["unsubscribe throws", subscribedFor({ unsubscribe: fail })],
  ["subscribe promises what never comes", subscribedFor(new Promise(() => undefined))],
  ["watch takes nothing back", (bus) => ({ watch: (listener: never) => void bus.watch(listener) })],
  ["close throws", (bus) => ({ close: () => bus.close().then(fail) })],
  ["publish is async and rejects", () => ({ publish: () => Promise.reject(mistake) })],
])("where %s", async (_, mistakes) => {
  const cluster = new TestCluster();
  const other = await cluster.join("other");
  const errors: unknown[] = [];
  const node = await cluster.join("node", { join: { bus: mistaken(cluster.bus, mistakes) } });
  node.server.on("handlerError", (error) => void errors.push(error));
  const guest = await node.enter();
  const room = node.node.group("room");
  room.add(guest.remote);
  await cluster.turn(2);
  expect(room.broadcast(News, 1)).toBe(1);
  // The others hear that it is left.
  room.delete(guest.remote);
  await cluster.settle();
  other.node.group("room").broadcast(News, 2);
  expect(other.node.metrics.broadcastsOut).toBe(0);
  await node.node.leave();
  await cluster.turn(7);
  expect([node.node.left, other.node.nodes.size, guest.news, guest.remote.active]).toEqual([
    true,
    0,
    [1],
    true,
  ]);
  expect(errors.length).toBeGreaterThan(0);
  other.server.stop();
  node.server.stop();
  await guest.client.waitForClose();
  guest.client.stop();
  await cluster.settle();
  expect(cluster.net.clock.timers).toBe(0);
});
