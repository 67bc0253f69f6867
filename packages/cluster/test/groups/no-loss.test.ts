// Nothing is lost unnoticed: what does not arrive is a gap, and what arrives is no false one.

import type { Passage } from "@peng3dnet/cluster/testing";
import { News, TestCluster } from "../support/cluster.js";

/** Whether a passage is a broadcast to a group. */
const toGroup = ({ subject }: Passage): boolean => subject.includes(".g.");

async function two() {
  const cluster = new TestCluster();
  const [a, b] = await cluster.joinAll(["a", "b"]);
  const guest = await b.enter();
  const room = a.node.group("room");
  b.node.group("room").add(guest.remote);
  await cluster.settle();
  const send = async (...texts: unknown[]): Promise<void> => {
    for (const text of texts) room.broadcast(News, text);
    await cluster.settle();
  };
  const gap = (missed: number | undefined) => ({ group: "room", from: a.node.id, missed });
  return { cluster, a, b, guest, room, send, gap };
}

test("what is missing in between is told by the next that comes, before that", async () => {
  const { cluster, b, guest, send, gap } = await two();
  await send(1);
  cluster.bus.drop(toGroup);
  await send(2, 3);
  cluster.bus.heal();
  const seen: unknown[] = [];
  b.node.on("gap", ({ missed }) => seen.push([missed, guest.news.length]));
  await send(4);
  expect([guest.news, b.gaps, seen]).toEqual([[1, 4], [gap(2)], [[2, 1]]]);
  expect(b.node.metrics).toMatchObject({ gaps: 1, missed: 2 });
});

test("the very first one is missed as well as any other", async () => {
  const { cluster, b, guest, send, gap } = await two();
  cluster.bus.drop(toGroup);
  await send(1);
  cluster.bus.heal();
  await send(2);
  expect([guest.news, b.gaps]).toEqual([[2], [gap(1)]]);
});

test("a loss at the end is noticed within two beats, and told once", async () => {
  const { cluster, b, guest, send, gap } = await two();
  await send(1);
  cluster.bus.drop(toGroup);
  await send(2, 3);
  cluster.bus.heal();
  expect(b.gaps).toEqual([]);
  await cluster.turn(2);
  expect([guest.news, b.gaps]).toEqual([[1], [gap(2)]]);
  await cluster.turn(20);
  await send(4);
  expect([guest.news, b.gaps]).toEqual([[1, 4], [gap(2)]]);
});

test("a loss at the end is noticed where the first words about it were lost, too", async () => {
  const { cluster, b, send, gap } = await two();
  await send(1);
  cluster.bus.drop(() => true);
  await send(2);
  await cluster.turn(3);
  cluster.bus.heal();
  await cluster.turn(2);
  expect(b.gaps).toEqual([gap(1)]);
});

test("a loss at the end is noticed before the sender's farewell, and none where nothing was lost", async () => {
  const { cluster, a, b, send, gap } = await two();
  await send(1);
  const c = await cluster.join("c");
  c.node.group("room").add((await c.enter()).remote);
  await cluster.turn(3);
  const seen: unknown[] = [];
  b.node.on("gap", () => seen.push("gap")).on("nodeleave", (_, { lost }) => seen.push(lost));
  cluster.bus.drop((passage) => toGroup(passage) && passage.to === "b");
  await send(2, 3);
  cluster.bus.heal();
  await a.node.leave();
  await cluster.settle();
  expect([b.gaps, seen, c.gaps]).toEqual([[gap(2)], ["gap", false], []]);
});

test.each([2, 30])(
  "so it is where the sender leaves as soon as a bus is back after %i seconds",
  async (seconds) => {
    const { cluster, a, b, send, gap } = await two();
    await send(1);
    cluster.bus.disconnect("b");
    await send(2, 3);
    await cluster.turn(seconds);
    cluster.bus.reconnect("b");
    await a.node.leave();
    await cluster.settle();
    expect(b.gaps).toEqual([gap(2)]);
  },
);

test("whoever joins late starts there: there is no gap", async () => {
  const { cluster, a, b, guest, send } = await two();
  const early = await a.enter();
  a.node.group("room").add(early.remote);
  await send(1, 2, 3);
  const c = await cluster.join("c");
  const late = await c.enter();
  c.node.group("room").add(late.remote);
  await send(4);
  await cluster.turn(1);
  await send(5);
  await cluster.turn(5);
  expect(guest.news).toEqual([1, 2, 3, 4, 5]);
  expect(late.news).toEqual([4, 5]);
  expect([b.gaps, c.gaps]).toEqual([[], []]);
});

test("from when the others know of a member, nothing is missing, also if the first that it should hear is lost", async () => {
  const { cluster, a, send } = await two();
  await send(1, 2);
  const c = await cluster.join("c");
  await cluster.turn(3);
  const late = await c.enter();
  c.node.group("room").add(late.remote);
  await cluster.settle();
  cluster.bus.drop((passage) => passage.to === "c" && toGroup(passage));
  await send(3);
  cluster.bus.heal();
  await send(4);
  expect([late.news, c.gaps]).toEqual([[4], [{ group: "room", from: a.node.id, missed: 1 }]]);
});

test("the same where the answer to a new member is lost, and comes only when more has come", async () => {
  const { cluster, a, send } = await two();
  const c = await cluster.join("c");
  await cluster.turn(3);
  await send(1);
  const late = await c.enter();
  cluster.bus.drop((passage) => passage.to === "c" && passage.subject.includes(".n."));
  c.node.group("room").add(late.remote);
  await cluster.settle();
  cluster.bus.drop((passage) => passage.to === "c");
  await send(2);
  cluster.bus.heal();
  await send(3);
  expect([late.news, c.gaps]).toEqual([[3], []]);
  await cluster.turn(4);
  const gap = { group: "room", from: a.node.id, missed: 1 };
  expect([late.news, c.gaps]).toEqual([[3], [gap]]);
  await send(4);
  await cluster.turn(4);
  expect([late.news, c.gaps]).toEqual([[3, 4], [gap]]);
});

test("the same where nothing has come at all", async () => {
  const { cluster, a, send } = await two();
  const c = await cluster.join("c");
  await cluster.turn(3);
  await send(1);
  const late = await c.enter();
  cluster.bus.drop((passage) => passage.to === "c");
  c.node.group("room").add(late.remote);
  await cluster.settle();
  await send(2, 3);
  cluster.bus.heal();
  await cluster.turn(4);
  expect([late.news, c.gaps]).toEqual([[], [{ group: "room", from: a.node.id, missed: 2 }]]);
});

test("who leaves and comes back while words are lost has no false gap", async () => {
  const { cluster, a, b, guest, send } = await two();
  const other = await a.enter();
  const c = await cluster.join("c");
  const third = await c.enter();
  c.node.group("room").add(third.remote);
  await cluster.turn(3);
  await send(1);
  cluster.bus.drop((passage) => passage.from === "b");
  b.node.group("room").delete(guest.remote);
  await cluster.settle();
  await send(2, 3);
  b.node.group("room").add(guest.remote);
  await cluster.settle();
  cluster.bus.heal();
  await cluster.turn(4);
  expect(b.gaps).toEqual([]);
  cluster.bus.drop((passage) => passage.to === "b");
  await send(4);
  cluster.bus.heal();
  await send(5);
  expect([guest.news, third.news, other.news]).toEqual([[1, 5], [1, 2, 3, 4, 5], []]);
  expect(b.gaps).toEqual([{ group: "room", from: a.node.id, missed: 1 }]);
});

test("what a node sends as soon as its bus is back reaches members that have come meanwhile", async () => {
  const { cluster, a, b } = await two();
  cluster.bus.disconnect("a");
  const late = await b.enter();
  b.node.group("new").add(late.remote);
  await cluster.turn(10);
  cluster.bus.reconnect("a");
  expect(a.node.nodes.size).toBe(1);
  a.node.group("new").broadcast(News, "at once");
  await cluster.settle();
  expect(late.news).toEqual(["at once"]);
});

test("others have their time from when a bus is back: it was not they who were silent", async () => {
  const { cluster, a } = await two();
  const gone: unknown[] = [];
  a.node.on("nodeleave", (node) => gone.push(node));
  cluster.bus.disconnect("a");
  await cluster.turn(10);
  cluster.bus.drop(({ from }) => from === "b");
  cluster.bus.reconnect("a");
  await cluster.turn(2);
  cluster.bus.heal();
  await cluster.turn(2);
  expect(gone).toEqual([]);
});

test.each([2, 30])("a partition of %i seconds in both directions is a gap on both sides", async (seconds) => {
  const { cluster, a, b, guest, send, gap } = await two();
  const other = await a.enter();
  a.node.group("room").add(other.remote);
  await cluster.settle();
  await send(1);
  cluster.bus.partition("a", "b");
  await cluster.turn(seconds / 2);
  await send(2, 3);
  b.node.group("room").broadcast(News, "lost");
  await cluster.turn(seconds / 2);
  cluster.bus.heal();
  await cluster.turn(3);
  expect(guest.news).toEqual([1, "lost"]);
  expect(b.gaps).toEqual([gap(2)]);
  expect(a.gaps).toEqual([{ group: "room", from: b.node.id, missed: 1 }]);
  await send(4);
  b.node.group("room").broadcast(News, "back");
  await cluster.settle();
  expect([guest.news, other.news]).toEqual([
    [1, "lost", 4, "back"],
    [1, 2, 3, 4, "back"],
  ]);
  expect([a.gaps.length, b.gaps.length]).toEqual([1, 1]);
});

test.each([
  ["a", "b"],
  ["b", "a"],
])("so is one in one direction: what %s says does not reach %s", async (from, to) => {
  const { cluster, b, guest, send, gap } = await two();
  await send(1);
  cluster.bus.drop((passage) => passage.from === from && passage.to === to);
  await cluster.turn(10);
  await send(2);
  await cluster.turn(10);
  await send(3);
  cluster.bus.heal();
  await cluster.turn(3);
  await send(4);
  const lost = 4 - guest.news.length;
  expect(guest.news.at(-1)).toBe(4);
  expect(lost).toBe(2);
  expect(b.gaps).toEqual([gap(2)]);
});

test("what comes twice or too late is dropped", async () => {
  const { cluster, a, b, guest } = await two();
  const { GROUP_MESSAGE } = await import("../../src/wire/messages.js");
  const bus = await cluster.bus.connect({ name: "echo", clock: cluster.net.clock, logger: console });
  const seen: Uint8Array[] = [];
  bus.subscribe("peng3dnet.g.room", (payload) => void seen.push(payload));
  a.node.group("room").broadcast(News, 1);
  a.node.group("room").broadcast(News, 2);
  await cluster.settle();
  expect(GROUP_MESSAGE.kind).toBe(1);
  for (const payload of seen.slice()) bus.publish("peng3dnet.g.room", payload);
  await cluster.settle();
  expect([guest.news, b.gaps]).toEqual([[1, 2], []]);
  expect(b.node.metrics.duplicates).toBe(2);
  await bus.close();
});

test("a node that starts again begins a new sequence: no gap, and nothing of the old one counts", async () => {
  const { cluster, a, b, guest, send } = await two();
  await send(1, 2, 3);
  await a.node.leave();
  const again = await cluster.join("a");
  expect(again.node.id).not.toBe(a.node.id);
  again.node.group("room").broadcast(News, "anew");
  await cluster.settle();
  await cluster.turn(5);
  expect([guest.news, b.gaps]).toEqual([[1, 2, 3, "anew"], []]);
});

test("before a node knows who else is there, it sends everything", async () => {
  const { cluster, guest } = await two();
  const c = await cluster.join("c");
  // Nothing has arrived yet that the others say.
  expect(c.node.nodes.size).toBe(0);
  c.node.group("room").broadcast(News, "at once");
  await cluster.settle();
  expect(guest.news).toEqual(["at once"]);
});

test("order holds for each sender while links are slow, and slow is no gap", async () => {
  const { cluster, a, b, guest } = await two();
  const c = await cluster.join("c");
  await cluster.turn(3);
  cluster.bus.delay("a", "b", 0.7);
  for (let n = 0; n < 5; n++) {
    a.node.group("room").broadcast(News, `a${n}`);
    c.node.group("room").broadcast(News, `c${n}`);
  }
  await cluster.net.settle();
  expect(guest.news).toEqual(["c0", "c1", "c2", "c3", "c4"]);
  for (let step = 0; step < 30; step++) {
    cluster.net.clock.advance(0.1);
    await cluster.net.settle();
  }
  expect(guest.news.slice(5)).toEqual(["a0", "a1", "a2", "a3", "a4"]);
  expect(b.gaps).toEqual([]);
});

test("a bus that was away and keeps what is published loses nothing; others learn what they missed", async () => {
  const { cluster, a, b, guest, send, gap } = await two();
  await send(1);
  cluster.bus.disconnect("a");
  await send(2, 3);
  await cluster.turn(20);
  await send(4);
  cluster.bus.reconnect("a");
  await cluster.turn(3);
  expect([guest.news, b.gaps]).toEqual([[1, 2, 3, 4], []]);
  cluster.bus.disconnect("b");
  await send(5, 6);
  cluster.bus.reconnect("b");
  await cluster.turn(3);
  expect([guest.news, b.gaps]).toEqual([[1, 2, 3, 4], [gap(2)]]);
  await send(7);
  expect(guest.news).toEqual([1, 2, 3, 4, 7]);
  expect(a.node.metrics.nodes).toBe(1);
});

test("what the bus refuses is thrown, sent to nobody, and no gap", async () => {
  const { cluster, a, b, guest, room, send } = await two();
  const here = await a.enter();
  room.add(here.remote);
  await cluster.settle();
  await send(1);
  expect(() => room.broadcast(News, "x".repeat((1 << 20) - 20))).toThrow(
    expect.objectContaining({ code: "P3D_ERR_BUS_PAYLOAD" }),
  );
  await send(2);
  expect([here.news, guest.news, b.gaps]).toEqual([[1, 2], [1, 2], []]);
});

test("more groups than a node keeps sequences of: what may be missing is a gap without a number", async () => {
  const cluster = new TestCluster();
  const [a, b] = await cluster.joinAll(["a", "b"], { join: { maxGroups: 2 } });
  const guest = await b.enter();
  for (const name of ["one", "two", "three"]) b.node.group(name).add(guest.remote);
  await cluster.settle();
  // It has more groups than are kept of it: it gets everything.
  a.node.group("other").broadcast(News, 0);
  expect(a.node.metrics.broadcastsOut).toBe(1);
  for (const name of ["one", "two", "three"]) a.node.group(name).broadcast(News, name);
  await cluster.settle();
  expect(guest.news).toEqual(["one", "two", "three"]);
  // That a sequence has ended is told: then nothing can be missing.
  const before = b.gaps.length;
  for (const name of ["one", "two", "three"]) a.node.group(name).broadcast(News, name);
  await cluster.settle();
  expect([guest.news.length, b.gaps.length]).toEqual([6, before]);
  cluster.bus.drop((passage) => !toGroup(passage));
  for (const name of ["one", "two", "three"]) a.node.group(name).broadcast(News, `${name} again`);
  await cluster.settle();
  expect(guest.news.slice(6)).toEqual(["one again", "two again", "three again"]);
  expect(b.gaps.length).toBeGreaterThan(0);
  for (const { missed } of b.gaps) expect(missed).toBeUndefined();
});

test.each([
  ["the next message", true],
  ["the answer to its members", false],
])(
  "what was not sent to a node whose members were not known, but had heard some, is a gap: by %s",
  async (_by, next) => {
    const { cluster, a, guest, b } = await two();
    const c = await cluster.join("c");
    const third = await c.enter();
    await cluster.turn(3);
    const room = a.node.group("hall");
    const others = c.node.group("hall");
    others.add(third.remote);
    await cluster.settle();
    // The other one does not hear of the new member, which hears what is sent for the sake of others.
    cluster.bus.drop(({ from, to }) => from === "b" && to === "a");
    b.node.group("hall").add(guest.remote);
    await cluster.settle();
    room.broadcast(News, 1);
    await cluster.settle();
    others.delete(third.remote);
    await cluster.settle();
    room.broadcast(News, 2);
    if (next) {
      others.add(third.remote);
      await cluster.settle();
      room.broadcast(News, 3);
      await cluster.settle();
    } else {
      cluster.bus.heal();
      await cluster.turn(3);
      room.broadcast(News, 3);
      await cluster.settle();
    }
    expect(guest.news).toEqual([1, 3]);
    expect(b.gaps).toEqual([{ group: "hall", from: a.node.id, missed: undefined }]);
    cluster.bus.heal();
    await cluster.turn(4);
    expect(b.gaps).toHaveLength(1);
  },
);
