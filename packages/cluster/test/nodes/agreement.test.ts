// Nodes agree on who wants to hear what, and from where on, whichever of their messages is lost.

import { joinCluster } from "@peng3dnet/cluster";
import type { Passage } from "@peng3dnet/cluster/testing";
import { Server } from "@peng3dnet/peer";
import { ManualClock } from "@peng3dnet/peer/testing";
import { readMessage } from "../../src/wire/form.js";
import { INTEREST, POSITIONS, STATE, WANT } from "../../src/wire/messages.js";
import { News, TestCluster } from "../support/cluster.js";

/** Loses messages of some kinds that one node sends, each kind as often as is said. */
function lose(cluster: TestCluster, sender: string, kinds: ReadonlyMap<number, number>): void {
  const left = new Map(kinds);
  cluster.bus.drop(({ from, to, payload }: Passage) => {
    if (from !== sender || to === sender) return false;
    const { kind } = readMessage(payload);
    const count = left.get(kind) ?? 0;
    left.set(kind, count - 1);
    return count > 0;
  });
}

async function two() {
  const cluster = new TestCluster();
  const [a, b] = await cluster.joinAll(["a", "b"]);
  const guest = await b.enter();
  const send = async (...texts: unknown[]): Promise<void> => {
    for (const text of texts) a.node.group("room").broadcast(News, text);
    await cluster.settle();
  };
  return { cluster, a, b, guest, send };
}

test("a node of which it was not heard that it has members is asked, and gets what is sent from then on", async () => {
  const { cluster, a, b, guest, send } = await two();
  lose(cluster, "b", new Map([[INTEREST.kind, 1]]));
  b.node.group("room").add(guest.remote);
  await cluster.settle();
  await send("too early");
  expect(guest.news).toEqual([]);
  await cluster.turn(2);
  await send("heard");
  expect([guest.news, b.gaps]).toEqual([["heard"], []]);
  const { broadcastsKept } = a.node.metrics;
  a.node.group("other").broadcast(News, "not heard");
  expect(a.node.metrics.broadcastsKept).toBe(broadcastsKept + 1);
});

test.each([
  ["the question who has members is lost for long", false, 2],
  ["both were silent to each other for so long that they were lost", true, 6],
])("what is missed is known, also where %s", async (_where, both, seconds) => {
  const cluster = new TestCluster();
  const [a, b, c] = await cluster.joinAll(["a", "b", "c"]);
  const guest = await b.enter();
  // What b says of its member does not come to a.
  cluster.bus.disconnect("a");
  b.node.group("room").add(guest.remote);
  await cluster.settle();
  cluster.bus.reconnect("a");
  a.node.group("room").broadcast(News, "heard");
  await cluster.settle();
  // Nor do questions about it come to b.
  cluster.bus.drop(({ from, to }) => (from === "a" && to === "b") || (both && from === "b" && to === "a"));
  await cluster.turn(seconds);
  for (const text of ["lost", "lost, too"]) a.node.group("room").broadcast(News, text);
  await cluster.turn(2);
  // That another node leaves is when sequences are forgotten that nobody needs.
  c.server.stop();
  await cluster.settle();
  cluster.bus.heal();
  await cluster.turn(4);
  a.node.group("room").broadcast(News, "heard again");
  await cluster.settle();
  expect([guest.news, b.gaps.map(({ missed }) => missed)]).toEqual([["heard", "heard again"], [2]]);
});

test.each([1, 2, 3])(
  "the answer to a new member is given again, however often it is lost: %i times",
  async (times) => {
    const { cluster, b, guest, send } = await two();
    lose(cluster, "a", new Map([[POSITIONS.kind, times]]));
    b.node.group("room").add(guest.remote);
    await cluster.turn(times + 3);
    cluster.bus.drop(({ subject }) => subject.includes(".g."));
    await send("lost");
    cluster.bus.heal();
    await send("heard");
    expect([guest.news, b.gaps.map(({ missed }) => missed)]).toEqual([["heard"], [1]]);
  },
);

test("an answer that came does not stand for one before it that was lost", async () => {
  const { cluster, b, guest, send } = await two();
  const second = await b.enter();
  lose(cluster, "a", new Map([[POSITIONS.kind, 1]]));
  b.node.group("room").add(guest.remote);
  await cluster.settle();
  b.node.group("other").add(second.remote);
  await cluster.turn(3);
  cluster.bus.drop(({ subject }) => subject.includes(".g."));
  await send("lost");
  cluster.bus.heal();
  await send("heard");
  expect([guest.news, b.gaps.map(({ missed }) => missed)]).toEqual([["heard"], [1]]);
});

test.each([
  ["a", "b"],
  ["b", "a"],
])("after a long silence from %s to %s, a beat is enough to find out what is missing", async (from, to) => {
  const { cluster, b, guest, send } = await two();
  b.node.group("room").add(guest.remote);
  await cluster.settle();
  cluster.bus.drop((passage) => passage.from === from && passage.to === to);
  await cluster.turn(10);
  await send("lost");
  await cluster.turn(10);
  cluster.bus.heal();
  await cluster.turn(1);
  expect(b.gaps.map(({ missed }) => missed)).toEqual([1]);
});

test("so is it a little later where the first words about it are lost as well", async () => {
  const { cluster, b, guest, send } = await two();
  b.node.group("room").add(guest.remote);
  await cluster.settle();
  cluster.bus.drop((passage) => passage.from === "b");
  await cluster.turn(10);
  await send("lost");
  await cluster.turn(10);
  lose(cluster, "a", new Map([[WANT.kind, 1]]));
  await cluster.turn(4);
  expect(b.gaps.map(({ missed }) => missed)).toEqual([1]);
});

test("a state of which a part was lost counts as none", async () => {
  const { cluster, a, b, guest, send } = await two();
  const names = Array.from({ length: 1200 }, (_, n) => `room ${n}`);
  // The first time, each kind of words about it is lost in part.
  let states = 0;
  let faulty = true;
  cluster.bus.drop(({ from, payload }) => {
    if (from !== "b") return false;
    const { kind } = readMessage(payload);
    if (kind === STATE.kind) states++;
    // Whoever has not heard of a change asks for all.
    return faulty && (kind === INTEREST.kind || (kind === STATE.kind && (states === 2 || states > 3)));
  });
  for (const name of [...names, "room"]) b.node.group(name).add(guest.remote);
  while (states < 3) await cluster.turn(1);
  a.node.group("room 700").broadcast(News, "of the lost part");
  await cluster.settle();
  expect(guest.news.splice(0)).toEqual(["of the lost part"]);
  faulty = false;
  states = 0;
  await cluster.turn(4);
  expect(states).toBeGreaterThan(2);
  await send(1);
  a.node.group("room 1199").broadcast(News, 2);
  await cluster.settle();
  a.node.group("no room").broadcast(News, 3);
  expect([guest.news, b.gaps, a.node.metrics.broadcastsKept]).toEqual([[1, 2], [], 1]);
  for (const name of names) b.node.group(name).delete(guest.remote);
  await cluster.turn(3);
  a.node.group("room 5").broadcast(News, 4);
  expect([a.node.metrics.broadcastsKept, b.node.metrics.groups]).toEqual([2, 1]);
});

test("an answer of which a part was lost is given again", async () => {
  const { cluster, a, b, guest } = await two();
  let answers = 0;
  cluster.bus.drop(
    ({ from, payload }) => from === "a" && readMessage(payload).kind === POSITIONS.kind && ++answers === 2,
  );
  for (let n = 0; n < 1200; n++) b.node.group(`room ${n}`).add(guest.remote);
  await cluster.turn(4);
  expect(answers).toBeGreaterThan(3);
  // Of each part one.
  const names = ["room 1", "room 700", "room 1199"];
  cluster.bus.drop(({ subject }) => subject.includes(".g."));
  for (const name of names) a.node.group(name).broadcast(News, "lost");
  await cluster.settle();
  cluster.bus.heal();
  for (const name of names) a.node.group(name).broadcast(News, "heard");
  await cluster.settle();
  expect(b.gaps.map(({ group, missed }) => [group, missed])).toEqual(names.map((name) => [name, 1]));
});

test("an answer to what was wanted before is none to what is wanted now", async () => {
  const { cluster, a, b, guest } = await two();
  const c = await cluster.join("c");
  const other = await c.enter();
  c.node.group("room").add(other.remote);
  await cluster.turn(3);
  cluster.bus.delay("a", "b", 0.5);
  const settle = (): Promise<void> => cluster.net.settle();
  b.node.group("room").add(guest.remote);
  await settle();
  b.node.group("room").delete(guest.remote);
  await settle();
  for (let n = 0; n < 3; n++) a.node.group("room").broadcast(News, n);
  await settle();
  b.node.group("room").add(guest.remote);
  await settle();
  for (let step = 0; step < 20; step++) {
    cluster.net.clock.advance(0.1);
    await settle();
  }
  expect([other.news, guest.news, b.gaps]).toEqual([[0, 1, 2], [], []]);
});

test("where one change was not heard and the next one is, everything is sent until all is known", async () => {
  const { cluster, a, b, guest, send } = await two();
  lose(cluster, "b", new Map([[INTEREST.kind, 1]]));
  b.node.group("room").add(guest.remote);
  await cluster.settle();
  b.node.group("other").add(guest.remote);
  await cluster.net.settle();
  await send("heard");
  expect([guest.news, b.gaps, a.node.metrics.broadcastsKept]).toEqual([["heard"], [], 0]);
  await cluster.settle();
  a.node.group("no room").broadcast(News, "not heard");
  expect(a.node.metrics.broadcastsKept).toBe(1);
});

/** A clock that can leap, as where a process stood still. */
class LeapingClock extends ManualClock {
  #leapt = 0;
  override now(): number {
    return super.now() + this.#leapt;
  }
  leap(seconds: number): void {
    this.#leapt += seconds * 1000;
  }
}

test("who stood still takes nobody for dead", async () => {
  const { cluster, b } = await two();
  const clock = new LeapingClock();
  const server: Server = cluster.net.run(new Server({ packets: [News], clock }));
  const node = await joinCluster(server, { bus: cluster.bus, name: "still" });
  const left: unknown[] = [];
  node.on("nodeleave", (gone) => left.push(gone));
  const turn = async (): Promise<void> => {
    clock.advance(1);
    await cluster.turn(1);
  };
  for (let second = 0; second < 3; second++) await turn();
  expect(node.nodes.size).toBe(2);
  clock.leap(60);
  for (let second = 0; second < 3; second++) await turn();
  expect([left, node.nodes.size]).toEqual([[], 2]);
  // It is another thing where others are silent while it does not stand still.
  cluster.bus.drop(({ from }) => from === "b");
  for (let second = 0; second < 7; second++) await turn();
  expect(left).toMatchObject([{ id: b.node.id }]);
});
