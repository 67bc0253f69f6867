// What a node does for an event does not depend on how many groups it shares, or on how many wait for other nodes.

import { setImmediate } from "node:timers/promises";
import type { BusContext } from "@peng3dnet/cluster";
import { silentLogger } from "../../../peer/src/base/logger.js";
import { stepsOf } from "../../../peer/test/support/steps.js";
import { MemoryBroker } from "../../src/bus/memory-broker.js";
import type { MemoryBusConnection } from "../../src/bus/memory-bus-connection.js";
import { HeardWaits } from "../../src/nodes/heard-waits.js";
import { RemoteNode } from "../../src/nodes/remote-node.js";
import { readMessage } from "../../src/wire/form.js";
import { POSITIONS, PRESENT, STATE } from "../../src/wire/messages.js";
import { TestCluster } from "../support/cluster.js";

const MANY = 1000;
const names = Array.from({ length: MANY }, (_, number) => `room ${number}`);

test("a bus in memory looks at those who subscribed to a subject, and not at all the others", async () => {
  const clock = new TestCluster().net.clock;
  const context: BusContext = { name: "a", logger: silentLogger, clock };
  const bus = (await new MemoryBroker().connect(context)) as MemoryBusConnection;
  const got: string[] = [];
  const subscriptions = Array.from({ length: MANY }, (_, number) =>
    bus.subscribe(`room.${number}`, (_payload, subject) => void got.push(subject)),
  );
  const payload = new Uint8Array(1);
  expect(stepsOf(() => bus.publish("room.700", payload))).toBeLessThan(20);
  expect(stepsOf(() => bus.publish("nowhere", payload))).toBeLessThan(20);
  expect(stepsOf(() => bus.deliver("room.3", payload, bus.generation))).toBeLessThan(20);
  await setImmediate();
  expect(got).toEqual(["room.3", "room.700"]);
  for (const subscription of subscriptions) subscription.unsubscribe();
  expect(["room.3", "room.700"].map((subject) => bus.wants(subject))).toEqual([false, false]);
});

test("subscribers hear in the order in which they subscribed, with and without wildcards", async () => {
  const clock = new TestCluster().net.clock;
  const bus = await new MemoryBroker().connect({ name: "a", logger: silentLogger, clock });
  const got: string[] = [];
  for (const pattern of ["a.b", "a.*", "a.b", ">", "a.b"])
    bus.subscribe(pattern, () => void got.push(pattern));
  bus.publish("a.b", new Uint8Array(1));
  await setImmediate();
  expect(got).toEqual(["a.b", "a.*", "a.b", ">", "a.b"]);
});

test("a node's answer is looked up for those who wait for it, and not for those who wait for another one", async () => {
  const waits = new HeardWaits(new TestCluster().net.clock);
  const quick = new RemoteNode("quick~123456789012", 0);
  const hanging = new RemoteNode("hanging~123456789012", 0);
  let resolved = 0;
  const all = Array.from({ length: MANY }, (_, version) =>
    waits.wait([quick, hanging], version, {}).then(() => void resolved++),
  );
  const steps = stepsOf(() => {
    for (let version = 0; version < MANY; version++) {
      quick.confirmed = version;
      waits.confirmed(quick);
    }
  });
  expect(steps).toBeLessThan(10 * MANY);
  await setImmediate();
  expect(resolved).toBe(0);
  hanging.confirmed = 9;
  waits.confirmed(hanging);
  await setImmediate();
  expect(resolved).toBe(10);
  waits.gone(hanging);
  await Promise.all(all);
});

test("those who ask for members while a node does not answer are looked at once it does, and not with each message", async () => {
  const cluster = new TestCluster();
  const [a, , c] = await cluster.joinAll(["a", "b", "c"]);
  cluster.bus.drop(({ from, payload }) => from === "b" && readMessage(payload).kind === PRESENT.kind);
  let found = 0;
  const all = Array.from({ length: MANY }, () =>
    a.node
      .group("room")
      .members({ timeout: 60 })
      .then(() => void found++),
  );
  await cluster.turn(2);
  const guest = await c.enter();
  const now = jest.spyOn(cluster.net.clock, "now");
  c.node.group("room").add(guest.remote);
  await cluster.settle();
  expect([found, now.mock.calls.length < MANY]).toEqual([0, true]);
  now.mockRestore();
  cluster.bus.heal();
  await cluster.turn(3);
  await Promise.all(all);
});

test("a client that leaves many groups at once has others told of these, and not of all that there are", async () => {
  const cluster = new TestCluster();
  const [a, b] = await cluster.joinAll(["a", "b"]);
  const [one, other] = [await b.enter(), await b.enter()];
  for (const name of names) {
    b.node.group(`${name} of one`).add(one.remote);
    b.node.group(`${name} of the other`).add(other.remote);
  }
  await cluster.turn(2);
  const told: number[] = [];
  cluster.bus.drop(({ payload }) => {
    told.push(readMessage(payload).kind);
    return false;
  });
  await one.client.close();
  await cluster.settle();
  expect(told.filter((kind) => kind === STATE.kind)).toEqual([]);
  expect(told.filter((kind) => kind === POSITIONS.kind).length).toBeLessThan(10);
  cluster.bus.heal();
  // The other node knows what is wanted of what is left.
  a.node.group("room 7 of one").broadcast("test:news", "for nobody");
  expect(a.node.metrics.broadcastsKept).toBe(1);
  a.node.group("room 7 of the other").broadcast("test:news", "for one");
  await cluster.settle();
  expect([other.news, a.gaps, b.gaps]).toEqual([["for one"], [], []]);
});

test("sequences that began while a node could not know who hears them are forgotten once it does", async () => {
  const cluster = new TestCluster();
  const [a, b] = await cluster.joinAll(["a", "b"]);
  const guest = await b.enter();
  cluster.bus.disconnect("a");
  cluster.bus.reconnect("a");
  for (const name of names) a.node.group(name).broadcast("test:news", "for nobody");
  expect(a.node.metrics.broadcastsOut).toBe(MANY);
  await cluster.turn(3);
  const told: unknown[] = [];
  cluster.bus.drop(({ from, payload }) => {
    const message = readMessage(payload);
    if (from === "a" && message.kind === POSITIONS.kind)
      for (const [group, , , , number] of POSITIONS.read(message).positions) told.push([group, number]);
    return false;
  });
  b.node.group("room 7").add(guest.remote);
  await cluster.settle();
  expect(told).toEqual([["room 7", 0]]);
  // One that somebody hears goes on.
  a.node.group("room 7").broadcast("test:news", 1);
  await cluster.settle();
  cluster.bus.disconnect("a");
  cluster.bus.reconnect("a");
  await cluster.turn(3);
  a.node.group("room 7").broadcast("test:news", 2);
  await cluster.settle();
  expect([guest.news, a.gaps, b.gaps]).toEqual([[1, 2], [], []]);
});
