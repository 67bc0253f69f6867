// The bus for tests does the faults that it is asked for, and no others.

import type { Bus } from "@peng3dnet/cluster";
import { type Passage, TestBus } from "@peng3dnet/cluster/testing";
import { silentLogger } from "@peng3dnet/core";
import { ManualClock } from "@peng3dnet/core/testing";

const clock = new ManualClock();
const text = (value: string) => new TextEncoder().encode(value);

/** A node's bus, and what it hears. */
async function join(network: TestBus, name: string): Promise<{ bus: Bus; heard: string[] }> {
  const bus = await network.connect({ name, logger: silentLogger, clock });
  const heard: string[] = [];
  bus.subscribe("news", (payload) => heard.push(new TextDecoder().decode(payload)));
  return { bus, heard };
}

async function trio(network: TestBus) {
  return [await join(network, "one"), await join(network, "two"), await join(network, "three")] as const;
}

test("nodes on two sides of a partition do not hear each other, and both stay connected", async () => {
  const network = new TestBus();
  const [one, two, three] = await trio(network);
  network.partition("one", "two");
  one.bus.publish("news", text("from one"));
  two.bus.publish("news", text("from two"));
  await network.settled();
  expect([one.heard, two.heard]).toEqual([["from one"], ["from two"]]);
  expect(three.heard).toEqual(["from one", "from two"]);
  expect([one.bus.connected, two.bus.connected]).toEqual([true, true]);
  network.heal();
  one.bus.publish("news", text("again"));
  await network.settled();
  expect(two.heard).toEqual(["from two", "again"]);
});

test("what is dropped reaches those that it is not dropped for", async () => {
  const network = new TestBus();
  const [one, two, three] = await trio(network);
  const asked: Passage[] = [];
  network.drop((passage) => {
    asked.push(passage);
    return passage.to === "two";
  });
  one.bus.publish("news", text("lost"));
  await network.settled();
  expect([one.heard, two.heard, three.heard]).toEqual([["lost"], [], ["lost"]]);
  expect(asked.map(({ from, to, subject }) => `${from} ${to} ${subject}`)).toEqual([
    "one one news",
    "one two news",
    "one three news",
  ]);
});

test("what is delayed comes when the clock says so, in order, also where the delay ends meanwhile", async () => {
  const network = new TestBus();
  const [one, two, three] = await trio(network);
  network.delay("one", "two", 5);
  one.bus.publish("news", text("first"));
  network.heal();
  one.bus.publish("news", text("second"));
  clock.advance(0);
  await new Promise(setImmediate);
  expect(three.heard).toEqual(["first", "second"]);
  clock.advance(5);
  await network.settled();
  expect(two.heard).toEqual(["first", "second"]);
});

test("messages from one node to another are counted, own and lost ones are not", async () => {
  const network = new TestBus();
  const [one, two] = await trio(network);
  one.bus.publish("news", text("to two others"));
  expect(network.passages).toBe(2);
  network.partition("one", "two");
  two.bus.publish("news", text("to three alone"));
  expect(network.passages).toBe(3);
  one.bus.publish("nobody", text("listens"));
  expect(network.passages).toBe(3);
});

test("a node without a connection hears nothing, and what was under way to it is lost", async () => {
  const network = new TestBus();
  const [one, two] = await trio(network);
  one.bus.publish("news", text("under way"));
  network.disconnect("two");
  one.bus.publish("news", text("meanwhile"));
  expect([one.bus.connected, two.bus.connected]).toEqual([true, false]);
  network.reconnect("two");
  one.bus.publish("news", text("after"));
  await network.settled();
  expect(two.heard).toEqual(["after"]);
  expect(one.heard).toEqual(["under way", "meanwhile", "after"]);
});

test("all is settled once what comes of it has come, too", async () => {
  const network = new TestBus();
  const [one, two] = await trio(network);
  two.bus.subscribe("ask", () => two.bus.publish("news", text("answer")));
  one.bus.publish("ask", text(""));
  await network.settled();
  expect(one.heard).toEqual(["answer"]);
  await network.settled();
});
