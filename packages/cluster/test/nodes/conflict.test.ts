// Two nodes under one id, as where a process was copied while it ran: neither goes on as if nothing was, and nobody is at a loss.

import { joinCluster, type NodeConflictError } from "@peng3dnet/cluster";
import { Confirm, News, settled, TestCluster, type TestNode } from "../support/cluster.js";
import { hear, known } from "../support/presence.js";

/** Joins under an id that another node has drawn, too. */
async function joinAsOne(
  cluster: TestCluster,
  name = "x",
): Promise<TestNode & { conflicts: NodeConflictError[] }> {
  const draw = crypto.getRandomValues.bind(crypto);
  // The epoch alone, which has nine bytes.
  const drawn = jest
    .spyOn(crypto, "getRandomValues")
    .mockImplementation((array) => ((array as Uint8Array).byteLength === 9 ? array : draw(array)));
  const node = await cluster.join(name);
  drawn.mockRestore();
  const conflicts: NodeConflictError[] = [];
  node.node.on("conflict", (error) => void conflicts.push(error));
  return { ...node, conflicts };
}

async function scene() {
  const cluster = new TestCluster();
  const other = await cluster.join("o");
  const left: unknown[] = [];
  other.node.on("nodeleave", ({ id }, { lost }) => left.push([id, lost]));
  return { cluster, other, left };
}

test("two that begin in one moment both find out within a beat, leave, and are lost to the others", async () => {
  const { cluster, other, left } = await scene();
  const [one, two] = [await joinAsOne(cluster), await joinAsOne(cluster)];
  expect(one.node.id).toBe(two.node.id);
  await cluster.turn(1);
  for (const { node, conflicts, warnings } of [one, two]) {
    expect([node.left, conflicts.length, conflicts[0]?.code]).toEqual([true, 1, "P3D_ERR_NODE_CONFLICT"]);
    expect(conflicts[0]?.message).toMatch(/call joinCluster again/);
    expect(warnings).toHaveLength(1);
  }
  await cluster.turn(7);
  // Lost, since what they sent may be missing.
  expect([left, other.node.nodes.size, other.warnings]).toEqual([[[one.node.id, true]], 0, []]);
});

test.each(["later", "when a partition heals"])("one that comes %s ends the other, too", async (when) => {
  const { cluster, other, left } = await scene();
  const one = await joinAsOne(cluster);
  const guest = await one.enter();
  one.node.group("room").add(guest.remote);
  const events = hear(other, "room");
  await cluster.turn(3);
  // Both have one name, so that this keeps apart what they say from what both of them hear.
  if (when !== "later") cluster.bus.partition("x", "x");
  const two = await joinAsOne(cluster);
  const second = await two.enter();
  if (when !== "later") {
    await cluster.turn(3);
    expect([one.node.left, two.node.left]).toEqual([false, false]);
    cluster.bus.heal();
  }
  const asked = settled(other.node.request(guest.id, Confirm, null));
  await cluster.turn(1);
  expect([one, two].map(({ node, conflicts }) => [node.left, conflicts.length])).toEqual([
    [true, 1],
    [true, 1],
  ]);
  await cluster.turn(7);
  expect(await asked).toMatchObject({ outcome: "unknown" });
  expect([left, await known(other, "room"), events.map(([event]) => event)]).toEqual([
    [[one.node.id, true]],
    {},
    ["memberenter", "memberleave"],
  ]);
  // Clients stay where they are.
  expect([guest.remote.active, second.remote.active]).toEqual([true, true]);
});

test("nothing is said any more afterwards, and who joins again is a node as any other", async () => {
  const { cluster, other } = await scene();
  const nodes = [await joinAsOne(cluster), await joinAsOne(cluster)];
  const again = nodes.map(
    ({ node, server }) =>
      new Promise<TestNode["node"]>((resolve) => {
        node.on("conflict", () => resolve(joinCluster(server, { bus: cluster.bus, name: "x" })));
      }),
  );
  const guest = await nodes[0]?.enter();
  await cluster.turn(8);
  const [first, second] = await Promise.all(again);
  expect(new Set(other.node.nodes.keys())).toEqual(new Set([first?.id, second?.id]));
  first?.group("room").add(guest?.remote as never);
  await cluster.settle();
  other.node.group("room").broadcast(News, "hello");
  await cluster.settle();
  expect([guest?.news, nodes.map(({ conflicts }) => conflicts.length)]).toEqual([["hello"], [1, 1]]);
});

test("a beat of its own that comes back late is no other node", async () => {
  const { cluster } = await scene();
  const one = await joinAsOne(cluster);
  cluster.bus.delay("x", "x", 20);
  for (let second = 0; second < 60; second++) {
    cluster.net.clock.advance(1);
    await cluster.net.settle();
  }
  expect([one.node.left, one.conflicts]).toEqual([false, []]);
});
