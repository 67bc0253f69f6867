// What tools hear of nodes that subscribe to channels of node:diagnostics_channel, where servers run on Node.

import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { type DiagnosticsChannels, nodePlatform } from "@peng3dnet/core";
import { standardPlatform } from "@peng3dnet/peer";
import { onCleanup } from "../../../core/test/support/cleanup.js";
import { Confirm, News, TestCluster } from "../support/cluster.js";

/** Keeps what is published on a channel until the test ends. */
function hear<K extends keyof DiagnosticsChannels>(channel: K): DiagnosticsChannels[K][] {
  const heard: DiagnosticsChannels[K][] = [];
  const listener = (message: unknown): void => void heard.push(message as DiagnosticsChannels[K]);
  subscribe(channel, listener);
  onCleanup(() => unsubscribe(channel, listener));
  return heard;
}

async function two() {
  const cluster = new TestCluster({ ...standardPlatform, nodeObserver: nodePlatform.nodeObserver });
  const [a, b] = await cluster.joinAll(["a", "b"]);
  return { cluster, a, b };
}

test("nodes that come and go, and their bus", async () => {
  const [joined, left, states] = [
    hear("peng3dnet:node.join"),
    hear("peng3dnet:node.leave"),
    hear("peng3dnet:bus.state"),
  ];
  const { cluster, a, b } = await two();
  expect(joined).toEqual(
    expect.arrayContaining([
      { node: a.node.id, other: b.node.id },
      { node: b.node.id, other: a.node.id },
    ]),
  );
  cluster.bus.disconnect("b");
  cluster.bus.reconnect("b");
  expect(states).toEqual([
    { node: b.node.id, state: "disconnected", unconfirmed: 0 },
    { node: b.node.id, state: "connected", unconfirmed: 0 },
  ]);
  await b.node.leave();
  await cluster.settle();
  expect(left).toEqual([{ node: a.node.id, other: b.node.id, lost: false }]);
});

test("messages of the bus, and gaps", async () => {
  const [published, received] = [hear("peng3dnet:bus.publish"), hear("peng3dnet:bus.receive")];
  const gaps = hear("peng3dnet:node.gap");
  const { cluster, a, b } = await two();
  const guest = await b.enter();
  b.node.group("hall").add(guest.remote);
  await cluster.settle();
  a.node.group("hall").broadcast(News, 1);
  await cluster.settle();
  cluster.bus.drop(() => true);
  a.node.group("hall").broadcast(News, 2);
  await cluster.settle();
  cluster.bus.heal();
  a.node.group("hall").broadcast(News, 3);
  await cluster.settle();
  const broadcasts = (all: typeof published) => all.filter(({ kind }) => kind === "broadcast");
  const { bytes } = broadcasts(published)[0] ?? {};
  expect(bytes).toBeGreaterThan(30);
  expect(broadcasts(published)).toEqual([1, 2, 3].map(() => ({ node: a.node.id, kind: "broadcast", bytes })));
  expect(broadcasts(received)).toEqual([1, 3].map(() => ({ node: b.node.id, kind: "broadcast", bytes })));
  expect(gaps).toEqual([{ node: b.node.id, group: "hall", missed: 1, from: a.node.id }]);
});

test("requests across nodes, by one object from start to end", async () => {
  const [started, ended] = [hear("peng3dnet:node.request.start"), hear("peng3dnet:node.request.end")];
  const { cluster, a, b } = await two();
  const guest = await b.enter();
  guest.client.answer(Confirm, () => "yes");
  const answer = a.node.request(guest.id, Confirm, 1);
  await cluster.settle();
  await answer;
  const [one, other] = [a.node.id, b.node.id];
  const request = "test:confirm";
  expect(started).toEqual([
    { node: one, other, request, way: "asked", end: "ok" },
    { node: other, other: one, request, way: "answered", end: "ok" },
  ]);
  expect(new Set(ended)).toEqual(new Set(started));
});

test("without subscribers, nobody looks on", () => {
  const observer = nodePlatform.nodeObserver;
  expect(observer?.()).toBeUndefined();
  const listener = (): void => {};
  subscribe("peng3dnet:bus.publish", listener);
  expect(observer?.()).toMatchObject({ published: expect.any(Function) });
  expect(observer?.()).not.toHaveProperty("request");
  expect(observer?.()).toBe(observer?.());
  unsubscribe("peng3dnet:bus.publish", listener);
  expect(observer?.()).toBeUndefined();
});
