// Groups that have members on several nodes: whom a broadcast reaches, and what it costs.

import type { BusFactory } from "@peng3dnet/cluster";
import type { ClientOnServer } from "@peng3dnet/peer";
import { News, Say, TestCluster } from "../support/cluster.js";

async function two() {
  const cluster = new TestCluster();
  const [a, b] = await cluster.joinAll(["a", "b"]);
  return { cluster, a, b, here: await a.enter(), there: await b.enter() };
}

test("a broadcast reaches the members on all nodes, and nobody else, in order", async () => {
  const { cluster, a, b, here, there } = await two();
  const stranger = await b.enter();
  a.node.group("room").add(here.remote);
  b.node.group("room").add(there.remote);
  b.node.group("other").add(stranger.remote);
  await cluster.settle();
  for (const text of ["one", "two", "three"]) expect(a.node.group("room").broadcast(News, text)).toBe(1);
  expect(b.node.group("room").broadcast(News, { back: true })).toBe(1);
  await cluster.settle();
  expect(there.news).toEqual([{ back: true }, "one", "two", "three"]);
  expect(here.news).toEqual(["one", "two", "three", { back: true }]);
  expect(stranger.news).toEqual([]);
  expect([a.gaps, b.gaps]).toEqual([[], []]);
});

test("nodes that have no members of a group can send to it", async () => {
  const { cluster, a, b, there } = await two();
  b.node.group("room").add(there.remote);
  await cluster.settle();
  expect(a.node.group("room").broadcast(News, "from outside")).toBe(0);
  await cluster.settle();
  expect(there.news).toEqual(["from outside"]);
});

test("it has the interface of a server's group, of whose members it is those of this node", async () => {
  const { cluster, a, b, here, there } = await two();
  const room = a.node.group("room");
  const told: unknown[] = [];
  const tell = (client: ClientOnServer): void => void told.push(client.cid);
  room.on("enter", tell).on("leave", tell);
  room.once("enter", () => void told.push("once"));
  expect(room.name).toBe("room");
  expect(room.add(here.remote)).toBe(true);
  expect(room.add(here.remote.cid)).toBe(false);
  b.node.group("room").add(there.remote);
  await cluster.settle();
  expect([room.size, room.has(here.remote), [...room]]).toEqual([1, true, [here.remote]]);
  expect(a.server.group("room").has(here.remote)).toBe(true);
  expect(room.delete(here.remote)).toBe(true);
  expect(room.delete(here.remote)).toBe(false);
  room.off("enter", tell);
  room.add(here.remote);
  expect(told).toEqual([1, "once", 1]);
});

test("what nobody else wants to hear does not go over the bus, and what others want goes once for each node", async () => {
  const cluster = new TestCluster();
  const [a, b, c] = await cluster.joinAll(["a", "b", "c"]);
  const guests = await Promise.all([a.enter(), a.enter(), b.enter(), b.enter(), c.enter()]);
  for (const { remote } of guests.slice(0, 2)) a.node.group("alone").add(remote);
  for (const { remote } of guests.slice(2, 4)) b.node.group("room").add(remote);
  await cluster.settle();
  const before = cluster.bus.passages;
  a.node.group("alone").broadcast(News, "nobody else");
  a.node.group("empty").broadcast(News, "nobody at all");
  await cluster.settle();
  expect(cluster.bus.passages).toBe(before);
  expect(a.node.metrics).toMatchObject({ broadcastsOut: 0, broadcastsKept: 2 });
  a.node.group("room").broadcast(News, "for two clients of one node");
  await cluster.settle();
  expect(cluster.bus.passages).toBe(before + 1);
  expect(guests.map(({ news }) => news.length)).toEqual([1, 1, 1, 1, 0]);
  expect([b.node.metrics.broadcastsIn, c.node.metrics.broadcastsIn]).toEqual([1, 0]);
});

test("a node hears a group no more once its last member is gone, be it by a close", async () => {
  const { cluster, a, b, there } = await two();
  const second = await b.enter();
  b.node.group("room").add(there.remote);
  b.node.group("room").add(second.remote);
  await cluster.settle();
  b.node.group("room").delete(second.remote);
  await cluster.settle();
  a.node.group("room").broadcast(News, 1);
  await cluster.settle();
  expect([a.node.metrics.broadcastsOut, b.node.metrics.groups]).toEqual([1, 1]);
  await there.client.close();
  await cluster.settle();
  const { broadcastsOut } = a.node.metrics;
  a.node.group("room").broadcast(News, 2);
  await cluster.settle();
  expect([a.node.metrics.broadcastsOut, b.node.metrics.groups]).toEqual([broadcastsOut, 0]);
  b.node.group("room").add(second.remote);
  await cluster.settle();
  a.node.group("room").broadcast(News, 3);
  await cluster.settle();
  expect([second.news, b.gaps]).toEqual([[3], []]);
});

test("leaves out clients of any node, and groups on all of them", async () => {
  const { cluster, a, b, here, there } = await two();
  const others = [await a.enter(), await b.enter()] as const;
  for (const { remote } of [here, others[0]]) a.node.group("room").add(remote);
  for (const { remote } of [there, others[1]]) b.node.group("room").add(remote);
  a.node.group("deaf").add(here.remote);
  b.node.group("deaf").add(there.remote);
  await cluster.settle();
  const room = a.node.group("room");
  room.broadcast(News, "all but one there", { except: there.id });
  room.broadcast(News, "all but one here", { except: here.remote });
  room.broadcast(News, "all but some", { except: [here.id, others[1].id, there.id] });
  room.broadcast(News, "not the deaf", { except: a.node.group("deaf") });
  await cluster.settle();
  expect(here.news).toEqual(["all but one there"]);
  expect(there.news).toEqual(["all but one here"]);
  expect(others[0].news).toEqual(["all but one there", "all but one here", "all but some", "not the deaf"]);
  expect(others[1].news).toEqual(["all but one there", "all but one here", "not the deaf"]);
});

test("refuses what it cannot send before anything is sent", async () => {
  const { cluster, a, b, here, there } = await two();
  a.node.group("room").add(here.remote);
  b.node.group("room").add(there.remote);
  await cluster.settle();
  const room = a.node.group("room");
  const { messagesOut } = a.node.metrics;
  expect(() => room.broadcast(News, () => {})).toThrow(/test:news/);
  expect(() => room.broadcast("test:unknown" as never, 1 as never)).toThrow(/test:unknown/);
  expect(() => room.broadcast(Say as never, "x" as never)).toThrow(/only the server receives it/);
  expect(() => room.broadcast("peng3dnet:internal.closeconn" as never, {} as never)).toThrow(
    /protocol's own/,
  );
  expect(() => room.broadcast(News, 1, { to: [] } as never)).toThrow(/no option to/);
  expect(() => room.broadcast(News, 1, null as never)).toThrow("group.broadcast takes an object of options");
  expect(() => room.broadcast(News, 1, { exept: here.remote } as never)).toThrow(/did you mean "except"/);
  expect(() => room.broadcast(News, 1, { except: "room" })).toThrow(/no id of a client/);
  expect(() => room.broadcast(News, 1, { except: {} as never })).toThrow(TypeError);
  expect(() => room.broadcast(News, 1, { except: there.remote })).toThrow(/another server/);
  expect(() => room.add(there.remote)).toThrow(/another server/);
  for (const name of ["x".repeat(129), "ä".repeat(65), "\ud800", 7 as never])
    expect(() => a.node.group(name)).toThrow(TypeError);
  await cluster.settle();
  expect([here.news, there.news, a.node.metrics.messagesOut]).toEqual([[], [], messagesOut]);
});

test.each(["", "a.b", "a b", "*", ">", "ä\u{1f600}", "x".repeat(128), "=YQ"])(
  "a group may be called %j",
  async (name) => {
    const { cluster, a, b, there } = await two();
    b.node.group(name).add(there.remote);
    await cluster.settle();
    a.node.group(name).broadcast(News, name);
    await cluster.settle();
    expect(there.news).toEqual([name]);
    expect(b.node.metrics.refused).toBe(0);
  },
);

test("groups of the server that were not shared are this node's alone", async () => {
  const { cluster, a, b, here, there } = await two();
  a.server.group("room").add(here.remote);
  b.server.group("room").add(there.remote);
  await cluster.settle();
  const { passages } = cluster.bus;
  a.node.group("room").broadcast(News, 1);
  await cluster.settle();
  expect([here.news, there.news, cluster.bus.passages]).toEqual([[1], [], passages]);
  // To add one that is in there is enough.
  expect(b.node.group("room").add(there.remote)).toBe(false);
  await cluster.settle();
  a.node.group("room").broadcast(News, 2);
  await cluster.settle();
  expect(there.news).toEqual([2]);
});

test("where the bus does not take that a group is wanted, nobody has entered", async () => {
  const cluster = new TestCluster();
  const refused = new Error("refused");
  const bus: BusFactory = {
    connect: async (context) => {
      const opened = await cluster.bus.connect(context);
      const subscribe = opened.subscribe.bind(opened);
      opened.subscribe = (subject, receive) => {
        if (subject.includes(".g.")) throw refused;
        return subscribe(subject, receive);
      };
      return opened;
    },
  };
  const a = await cluster.join("a", { join: { bus } });
  const guest = await a.enter();
  expect(() => a.node.group("room").add(guest.remote)).toThrow(refused);
  expect([a.node.group("room").size, guest.remote.groups.size]).toEqual([0, 0]);
});
