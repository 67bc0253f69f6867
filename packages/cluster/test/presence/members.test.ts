// Who is in a group, on all nodes, and who enters and leaves.

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { joinCluster } from "@peng3dnet/cluster";
import { News, settled, TestCluster } from "../support/cluster.js";
import { hear, known, membersOf } from "../support/presence.js";

test("members of all nodes are found, with what their nodes say of them", async () => {
  const cluster = new TestCluster();
  const [a, b] = await cluster.joinAll(["a", "b"]);
  const [anna, ben, cleo] = [await a.enter(), await b.enter(), await b.enter()];
  expect(b.node.setPresence(ben.remote, { name: "Ben", level: 3 })).toBe(true);
  expect(b.node.setPresence(cleo.remote.cid, "Cleo")).toBe(true);
  a.node.group("room").add(anna.remote);
  b.node.group("room").add(ben.remote);
  b.node.group("other").add(cleo.remote);
  const { members, incomplete } = await membersOf(cluster, a, "room");
  expect([members, incomplete]).toEqual([
    [
      { id: anna.id, node: a.node.id, presence: null },
      { id: ben.id, node: b.node.id, presence: { name: "Ben", level: 3 } },
    ],
    [],
  ]);
  expect(await known(a, "other")).toEqual({ [cleo.id]: "Cleo" });
  expect((await membersOf(cluster, a, "nobody")).members).toEqual([]);
});

test("each node has one event for each who enters, changes or leaves, those of its own included", async () => {
  const cluster = new TestCluster();
  const [a, b, c] = await cluster.joinAll(["a", "b", "c"]);
  const heard = [a, b, c].map((one) => hear(one, "room"));
  const all: unknown[] = [];
  a.node.on("memberenter", ({ id }, group) => void all.push([id, group]));
  await cluster.settle();
  const anna = await a.enter();
  const ben = await b.enter();
  a.node.group("room").add(anna.remote);
  a.node.group("other").add(anna.remote);
  b.node.group("room").add(ben.remote);
  await cluster.settle();
  a.node.setPresence(anna.remote, "away");
  await cluster.settle();
  a.node.setPresence(anna.remote, "away");
  await cluster.settle();
  a.node.group("room").delete(anna.remote);
  await ben.client.close();
  await cluster.settle();
  for (const events of heard) {
    expect(events.filter(([, id]) => id === anna.id)).toEqual([
      ["memberenter", anna.id, null],
      ["memberchange", anna.id, "away"],
      ["memberleave", anna.id, "away"],
    ]);
    expect(events.filter(([, id]) => id === ben.id)).toEqual([
      ["memberenter", ben.id, null],
      ["memberleave", ben.id, null],
    ]);
  }
  expect(all).toHaveLength(3);
  expect(all).toEqual(
    expect.arrayContaining([
      [anna.id, "room"],
      [anna.id, "other"],
      [ben.id, "room"],
    ]),
  );
  await cluster.turn(5);
  expect(heard.map(({ length }) => length)).toEqual([5, 5, 5]);
});

test("who was there before has no event, and who goes within the turn has none either; a listener can go", async () => {
  const cluster = new TestCluster();
  const [a, b] = await cluster.joinAll(["a", "b"]);
  const [anna, ben, cleo] = [await a.enter(), await b.enter(), await a.enter()];
  b.node.group("room").add(ben.remote);
  await membersOf(cluster, a, "room");
  a.node.group("room").add(anna.remote);
  const events = hear(a, "room");
  a.node.group("room").add(cleo.remote);
  a.node.group("room").delete(cleo.remote);
  await cluster.settle();
  expect(events).toEqual([]);
  const more: string[] = [];
  const listener = ({ id }: { id: string }): void => void more.push(id);
  const room = a.node.group("room").on("memberleave", listener);
  room.delete(anna.remote);
  await cluster.settle();
  room.off("memberleave", listener);
  b.node.group("room").delete(ben.remote);
  await cluster.settle();
  expect([more, events.length]).toEqual([[anna.id], 2]);
});

test("who was only in the group of the server is told of once a node shares the group", async () => {
  const cluster = new TestCluster();
  const [a, b] = await cluster.joinAll(["a", "b"]);
  const events = hear(b, "room");
  const anna = await a.enter();
  a.server.group("room").add(anna.remote);
  await cluster.settle();
  // Only this server knew of it; now all do.
  expect(events).toEqual([]);
  const second = await a.enter();
  a.node.group("room").add(second.remote);
  await cluster.settle();
  expect(events.map(([event, id]) => [event, id])).toEqual([
    ["memberenter", anna.id],
    ["memberenter", second.id],
  ]);
});

test("a node that joins late knows all, of many clients as well", async () => {
  const cluster = new TestCluster();
  const [a, b] = await cluster.joinAll(["a", "b"]);
  const guest = await a.enter();
  const names = Array.from({ length: 400 }, (_, n) => `${"long name ".repeat(10)}${n}`);
  for (const name of names) a.node.group(name).add(guest.remote);
  const others = await Promise.all(Array.from({ length: 30 }, () => b.enter()));
  for (const { remote } of others) {
    for (const name of names) b.node.group(name).add(remote);
    b.node.setPresence(remote, "x".repeat(1000));
  }
  await membersOf(cluster, a, "room");
  const c = await cluster.join("c");
  await cluster.turn(1);
  const found = await membersOf(cluster, c, names[399] as string);
  expect([found.members.length, found.incomplete]).toEqual([31, []]);
});

test("what a listener changes, and looks at, is told behind what came before", async () => {
  const cluster = new TestCluster();
  const [a, b] = await cluster.joinAll(["a", "b"]);
  const [anna, ben] = [await a.enter(), await a.enter()];
  const room = a.node.group("room");
  // One at a time.
  room.on("memberenter", ({ id }) => {
    if (id !== anna.id) return;
    room.delete(ben.remote);
    a.node.setPresence(anna.remote, "first");
    void room.members({ timeout: 0 });
  });
  const heard = [a, b].map((one) => hear(one, "room"));
  await cluster.settle();
  room.add(anna.remote);
  room.add(ben.remote);
  await cluster.settle();
  for (const events of heard) {
    expect(events.filter(([, id]) => id === ben.id)).toEqual([
      ["memberenter", ben.id, null],
      ["memberleave", ben.id, null],
    ]);
    expect(events.filter(([, id]) => id === anna.id)).toEqual([
      ["memberenter", anna.id, null],
      ["memberchange", anna.id, "first"],
    ]);
  }
});

test("several connections of one user are a group: the user is there while one of them is", async () => {
  const cluster = new TestCluster();
  const [a, b] = await cluster.joinAll(["a", "b"]);
  const [phone, desk] = [await a.enter(), await b.enter()];
  const user = (node: typeof a) => node.node.group("user:anna");
  user(a).add(phone.remote);
  user(b).add(desk.remote);
  a.node.setPresence(phone.remote, "phone");
  b.node.setPresence(desk.remote, "desk");
  const offline: string[] = [];
  a.node.on("memberleave", async (_, group) => {
    if ((await a.node.group(group).members({ timeout: 0 })).members.length === 0) offline.push(group);
  });
  const { members } = await membersOf(cluster, a, "user:anna");
  expect(members.map(({ presence }) => presence).toSorted()).toEqual(["desk", "phone"]);
  user(a).broadcast(News, "to all of hers");
  await cluster.settle();
  expect([phone.news, desk.news]).toEqual([["to all of hers"], ["to all of hers"]]);
  // Out everywhere but here.
  for (const { id } of members) if (id !== phone.id) void a.node.kick(id, "elsewhere");
  await cluster.settle();
  expect([desk.client.waitForClose !== undefined, offline]).toEqual([true, []]);
  expect((await desk.client.waitForClose()).reason).toBe("elsewhere");
  await phone.client.close();
  await cluster.settle();
  expect(offline).toEqual(["user:anna"]);
});

test("while nobody asks, nothing goes over the bus for it", async () => {
  const cluster = new TestCluster();
  const [a, b] = await cluster.joinAll(["a", "b"]);
  const [anna, ben] = [await a.enter(), await b.enter()];
  b.node.group("room").add(ben.remote);
  a.node.group("room").add(anna.remote);
  await cluster.settle();
  const { passages } = cluster.bus;
  const second = await a.enter();
  a.node.group("room").add(second.remote);
  a.node.setPresence(second.remote, "she");
  a.node.group("room").delete(second.remote);
  await cluster.settle();
  expect(cluster.bus.passages).toBe(passages);
  // Nor for groups of the server alone, where somebody asks.
  await membersOf(cluster, b, "room");
  const watched = cluster.bus.passages;
  a.server.group("area").add(second.remote);
  a.server.group("area").delete(second.remote);
  await cluster.settle();
  expect(cluster.bus.passages).toBe(watched);
  // Nor is anything published by the only node that asks.
  const { messagesOut } = b.node.metrics;
  b.node.setPresence(ben.remote, "he");
  await cluster.settle();
  expect([b.node.metrics.messagesOut, await known(b, "room")]).toEqual([
    messagesOut,
    { [anna.id]: null, [ben.id]: "he" },
  ]);
});

test("what cannot be told is refused, with what to do", async () => {
  const cluster = new TestCluster();
  const [a, b] = await cluster.joinAll(["a", "b"]);
  const anna = await a.enter();
  expect(() => a.node.setPresence(anna.remote, "x".repeat(1022))).toThrow(/1024 bytes at most.*1025/);
  expect(() => a.node.setPresence(anna.remote, [[[[[[[[[[[[]]]]]]]]]]]])).toThrow();
  expect(() => a.node.setPresence(anna.remote, new Array(300).fill(0))).toThrow();
  expect(() => a.node.setPresence(anna.remote, Symbol("no"))).toThrow();
  expect(a.node.setPresence(anna.remote, "x".repeat(1021))).toBe(true);
  // Clients that are not there, be it that they are another node's, which has one with the same cid.
  const ben = await b.enter();
  expect(ben.remote.cid).toBe(anna.remote.cid);
  expect(b.node.setPresence(anna.remote, 1)).toBe(false);
  expect(a.node.setPresence(77, 1)).toBe(false);
  await anna.client.close();
  await cluster.settle();
  expect(a.node.setPresence(anna.remote, 1)).toBe(false);
  expect(await settled(a.node.group("room").members({ timeout: -1 }))).toMatchObject({
    code: "P3D_ERR_CONFIG",
  });
  const bad = { bus: cluster.bus, maxMembers: 0 };
  expect(await settled(joinCluster(a.server, bad))).toMatchObject({ key: "maxMembers" });
});

test("what is said of clients once a node has left keeps none of them", async () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const cluster = new TestCluster();
  const a = await cluster.join("a");
  await membersOf(cluster, a, "room");
  await a.node.leave();
  const play = async () => {
    const { client, remote } = await a.enter();
    expect(a.node.setPresence(remote, "Anna")).toBe(true);
    await client.close();
    await cluster.settle();
    return new WeakRef(remote);
  };
  const gone = await play();
  // The server remembers the last ones that left.
  await play();
  await cluster.turn(10);
  collect();
  expect(gone.deref()).toBeUndefined();
});

test.each([Number.POSITIVE_INFINITY, 1e7])("a query waits for %p seconds if it has to", async (timeout) => {
  const cluster = new TestCluster();
  const [a] = await cluster.joinAll(["a", "b"]);
  cluster.bus.drop(({ from }) => from === "b");
  const set = jest.spyOn(cluster.net.clock, "setTimeout");
  let found = false;
  void a.node
    .group("room")
    .members({ timeout })
    .then(() => (found = true));
  await cluster.turn(3);
  expect(found).toBe(false);
  // Longer ones fire at once.
  for (const [, milliseconds] of set.mock.calls) expect(milliseconds).toBeLessThan(2 ** 31);
  await cluster.turn(5);
  expect(found).toBe(true);
});

test("a node that has left knows its own members, at once", async () => {
  const cluster = new TestCluster();
  const [a, b] = await cluster.joinAll(["a", "b"]);
  const [anna, ben] = [await a.enter(), await b.enter()];
  a.node.group("room").add(anna.remote);
  b.node.group("room").add(ben.remote);
  a.node.setPresence(anna.remote, "Anna");
  const events = hear(a, "room");
  await cluster.settle();
  const heard = events.length;
  await a.node.leave();
  expect(await a.node.group("room").members()).toEqual({
    members: [{ id: anna.id, node: a.node.id, presence: "Anna" }],
    incomplete: [],
  });
  await cluster.turn(8);
  expect(events).toHaveLength(heard);
  expect(Object.keys(await known(b, "room"))).toEqual([ben.id]);
});

test.each(["1", undefined, null, {}, 1.5])("%p names no client of a node", async (client) => {
  const cluster = new TestCluster();
  const [a] = await cluster.joinAll(["a"]);
  await a.enter();
  const told = "given as the client itself, or by its cid, a number";
  expect(() => a.node.idOf(client as never)).toThrow(told);
  expect(() => a.node.setPresence(client as never, "here")).toThrow(told);
  expect(a.node.setPresence(99, "gone")).toBe(false);
});
