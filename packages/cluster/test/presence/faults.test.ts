// Presence is the same on all nodes a stated time after any fault, and queries never hang.

import { PRESENCE, PRESENCE_AT, PRESENT, WATCH, WATCH_ALL } from "../../src/wire/messages.js";
import { TestCluster } from "../support/cluster.js";
import { hear, known, loseNext, membersOf } from "../support/presence.js";

async function two() {
  const cluster = new TestCluster();
  const [a, b] = await cluster.joinAll(["a", "b"]);
  const [anna, ben] = [await a.enter(), await b.enter()];
  a.node.group("room").add(anna.remote);
  b.node.group("room").add(ben.remote);
  return { cluster, a, b, anna, ben };
}

test.each([
  ["a change", "b", PRESENCE.kind, 1, 1],
  ["what was asked for", "b", PRESENT.kind, 1, 3],
  ["the question", "a", WATCH_ALL.kind, 1, 3],
])("where %s is lost, all is known within two beats after that", async (_, sender, kind, times, beats) => {
  const { cluster, a, b, anna, ben } = await two();
  const events = hear(a, "room");
  await membersOf(cluster, a, "room");
  if (kind !== PRESENCE.kind) {
    // A change is lost as well, so that there is something to ask for.
    loseNext(cluster, "b", PRESENCE.kind, 1);
    b.node.setPresence(ben.remote, "lost");
    await cluster.settle();
  }
  const lost = loseNext(cluster, sender, kind, times);
  b.node.setPresence(ben.remote, "new");
  if (kind === PRESENCE.kind) b.node.group("room").delete(ben.remote);
  await cluster.turn(beats);
  expect(lost.sent).toBeGreaterThanOrEqual(times);
  expect(await known(a, "room")).toEqual({
    [anna.id]: null,
    ...(kind === PRESENCE.kind ? {} : { [ben.id]: "new" }),
  });
  expect(events.filter(([event, id]) => event === "memberenter" && id === ben.id)).toHaveLength(1);
});

test("a part of all that is lost makes none of it count", async () => {
  const { cluster, a, b } = await two();
  const guests = await Promise.all(Array.from({ length: 200 }, () => b.enter()));
  for (const { remote } of guests) {
    b.node.setPresence(remote, "x".repeat(1000));
    b.node.group("room").add(remote);
  }
  await cluster.settle();
  let parts = 0;
  cluster.bus.drop(({ from, payload }) => from === "b" && payload.length > 10_000 && ++parts === 2);
  const asked = await a.node.group("room").members({ timeout: 0 });
  await cluster.settle();
  expect([asked.members.length, asked.incomplete, parts]).toEqual([1, [b.node.id], 4]);
  expect((await a.node.group("room").members({ timeout: 0 })).members).toHaveLength(1);
  const found = await membersOf(cluster, a, "room");
  expect([found.members.length, found.incomplete]).toEqual([202, []]);
});

test("the members of a node that dies leave once it is found out, a timeout and a beat later at most", async () => {
  const { cluster, a, b, anna, ben } = await two();
  const events = hear(a, "room");
  const order: unknown[] = [];
  a.node.on("memberleave", ({ id }) => order.push(id));
  a.node.on("nodeleave", ({ id }, { lost }) => order.push(["nodeleave", id, lost]));
  a.node.on("nodelost", ({ id, name }) => order.push(["nodelost", id, name]));
  await membersOf(cluster, a, "room");
  cluster.bus.disconnect("b");
  await cluster.turn(6);
  expect(order).toEqual([ben.id, ["nodeleave", b.node.id, true], ["nodelost", b.node.id, "b"]]);
  expect(await known(a, "room")).toEqual({ [anna.id]: null });
  expect(events.map(([event]) => event)).toEqual(["memberenter", "memberleave"]);
  // Another process takes its name: a new epoch, and other clients.
  const again = await cluster.join("b");
  const cleo = await again.enter();
  again.node.group("room").add(cleo.remote);
  await cluster.turn(2);
  expect(again.node.id).not.toBe(b.node.id);
  expect(Object.keys(await known(a, "room")).toSorted()).toEqual([anna.id, cleo.id].toSorted());
  // One that leaves is not lost.
  await again.node.leave();
  await cluster.settle();
  expect(order.slice(3)).toEqual([cleo.id, ["nodeleave", again.node.id, false]]);
});

test("a node that was taken for dead by one side, by the other, or by both is known again", async () => {
  for (const [from, to] of [
    ["a", "b"],
    ["b", "a"],
    ["both", "both"],
  ]) {
    const { cluster, a, b, anna, ben } = await two();
    const [onA, onB] = [hear(a, "room"), hear(b, "room")];
    await membersOf(cluster, a, "room");
    cluster.bus.drop(
      (passage) =>
        passage.from !== passage.to && (from === "both" || (passage.from === from && passage.to === to)),
    );
    await cluster.turn(10);
    // It changes unseen.
    a.node.group("room").delete(anna.remote);
    b.node.setPresence(ben.remote, "changed");
    const cleo = await a.enter();
    a.node.group("room").add(cleo.remote);
    await cluster.turn(10);
    cluster.bus.heal();
    await cluster.turn(2);
    const all = { [cleo.id]: null, [ben.id]: "changed" };
    expect([await known(a, "room"), await known(b, "room")]).toEqual([all, all]);
    for (const [own, events] of [
      [anna.id, onA],
      [ben.id, onB],
    ] as const) {
      // Who enters was not there, and who changes or leaves was.
      const inside = new Set([own]);
      for (const [event, id] of events) {
        if (event === "memberenter") expect(inside.has(id)).toBe(false);
        else expect(inside.has(id)).toBe(true);
        if (event === "memberleave") inside.delete(id);
        else inside.add(id);
      }
      expect(inside.has(cleo.id)).toBe(true);
    }
  }
});

test("a query says who does not answer, and does not wait longer than it is told", async () => {
  const { cluster, a, b, anna, ben } = await two();
  await membersOf(cluster, a, "room");
  cluster.bus.partition("a", "b");
  await cluster.turn(3);
  let found: unknown;
  void a.node
    .group("room")
    .members({ timeout: 1.5 })
    .then((members) => (found = members));
  await cluster.turn(1);
  expect(found).toBeUndefined();
  await cluster.turn(1);
  // What was known is still known.
  expect(found).toMatchObject({ incomplete: [b.node.id], members: [{ id: anna.id }, { id: ben.id }] });
  // Whoever waits learns of its death.
  const waiting = membersOf(cluster, a, "room", 10, { timeout: Number.POSITIVE_INFINITY });
  expect(await waiting).toMatchObject({ incomplete: [], members: [{ id: anna.id }] });
  cluster.bus.heal();
});

test("one that answers later is waited for", async () => {
  const { cluster, a, anna, ben } = await two();
  cluster.bus.delay("b", "a", 0.9);
  let found: unknown;
  void a.node
    .group("room")
    .members()
    .then((members) => (found = members));
  for (let step = 0; step < 8; step++) {
    cluster.net.clock.advance(0.1);
    await cluster.net.settle();
  }
  expect(found).toBeUndefined();
  for (let step = 0; step < 3; step++) {
    cluster.net.clock.advance(0.1);
    await cluster.net.settle();
  }
  expect(found).toMatchObject({ incomplete: [], members: [{ id: anna.id }, { id: ben.id }] });
});

test("while the bus is away a query is answered at once, and afterwards it waits until nothing is missing", async () => {
  const { cluster, a, b, anna, ben } = await two();
  await membersOf(cluster, a, "room");
  cluster.bus.disconnect("a");
  expect(await a.node.group("room").members()).toMatchObject({
    incomplete: [b.node.id],
    members: [{ id: anna.id }, { id: ben.id }],
  });
  b.node.group("room").delete(ben.remote);
  await cluster.turn(3);
  cluster.bus.reconnect("a");
  const found = await membersOf(cluster, a, "room");
  expect(found).toMatchObject({ incomplete: [], members: [{ id: anna.id }] });
});

test("right after the bus is back it is not said that nothing is missing", async () => {
  const { cluster, a, b, ben } = await two();
  await membersOf(cluster, a, "room");
  cluster.bus.disconnect("a");
  b.node.group("room").delete(ben.remote);
  await cluster.settle();
  cluster.bus.reconnect("a");
  expect(await a.node.group("room").members({ timeout: 0 })).toMatchObject({ incomplete: [b.node.id] });
});

test("what changed while a node took those who watch for dead is told", async () => {
  const cluster = new TestCluster();
  const a = await cluster.join("a");
  // Their beats are half a second apart.
  cluster.net.clock.advance(0.5);
  const b = await cluster.join("b");
  const ben = await b.enter();
  b.node.group("room").add(ben.remote);
  const half = async (): Promise<void> => {
    cluster.net.clock.advance(0.5);
    await cluster.settle();
  };
  for (let n = 0; n < 4; n++) await half();
  await membersOf(cluster, a, "room");
  let lost = false;
  b.node.on("nodelost", () => (lost = true));
  cluster.bus.drop(({ from, to }) => from === "a" && to === "b");
  for (let n = 0; n < 20 && !lost; n++) await half();
  expect(lost).toBe(true);
  b.node.setPresence(ben.remote, "unseen");
  await cluster.settle();
  // The first answer is lost, so that only the number tells that there was a change.
  const answers = loseNext(cluster, "b", PRESENT.kind, 1);
  for (let n = 0; n < 6; n++) await half();
  expect(answers.sent).toBe(2);
  expect(await known(a, "room")).toMatchObject({ [ben.id]: "unseen" });
});

test("a query that waits is settled when its node leaves", async () => {
  const { cluster, a, anna } = await two();
  cluster.bus.partition("a", "b");
  const waiting = a.node.group("room").members({ timeout: Number.POSITIVE_INFINITY });
  await a.node.leave();
  expect(await waiting).toMatchObject({ members: [{ id: anna.id }] });
});

test("who watches is known although its first words are lost", async () => {
  const { cluster, a, ben } = await two();
  loseNext(cluster, "a", WATCH.kind, 1);
  const events = hear(a, "room");
  await cluster.turn(1);
  expect(events.map(([event, id]) => [event, id])).toEqual([["memberenter", ben.id]]);
});

test("with the number of the last change lost for long, all is asked for, and nothing is told twice", async () => {
  const { cluster, a } = await two();
  const events = hear(a, "room");
  await membersOf(cluster, a, "room");
  const lost = loseNext(cluster, "b", PRESENCE_AT.kind, 10);
  await cluster.turn(8);
  expect([lost.sent >= 8, events.length]).toEqual([true, 1]);
  expect((await a.node.group("room").members({ timeout: 0 })).incomplete).toEqual([]);
});
