// A broker that takes short messages only: what a program sends is refused where it is longer, and what nodes say to each other is
// divided.

import { Confirm, News, settled, TestCluster } from "../support/cluster.js";
import { membersOf } from "../support/presence.js";

const MAX_PAYLOAD = 8192;
/** Names of groups as long as may be. */
const names = Array.from({ length: 200 }, (_, n) => `${n} `.padEnd(128, "x"));

async function two() {
  const cluster = new TestCluster(undefined, { maxPayload: MAX_PAYLOAD });
  const [a, b] = await cluster.joinAll(["a", "b"]);
  const [here, guest] = [await a.enter(), await b.enter()];
  return { cluster, a, b, here, guest };
}

test("what is longer is refused with the name of the broker's option, sent to nobody, and no gap", async () => {
  const { cluster, a, b, here, guest } = await two();
  const room = a.node.group("room");
  room.add(here.remote);
  b.node.group("room").add(guest.remote);
  await cluster.settle();
  guest.client.answer(Confirm, (what) => what);
  const long = "x".repeat(MAX_PAYLOAD);
  const refused = expect.objectContaining({
    code: "P3D_ERR_BUS_PAYLOAD",
    message: expect.stringContaining('"max_payload"'),
  });
  expect(() => room.broadcast(News, long)).toThrow(refused);
  expect(() => a.node.send(guest.id, News, long)).toThrow(refused);
  expect(await settled(a.node.request(guest.id, Confirm, long))).toEqual(refused);
  expect(a.node.metrics.requestsWaiting).toBe(0);
  room.broadcast(News, "short");
  await cluster.turn(4);
  expect([here.news, guest.news, b.gaps]).toEqual([["short"], ["short"], []]);
});

test("nodes with many groups agree as ever: a loss is a gap, who is there is known, and flush resolves", async () => {
  const { cluster, a, b, guest } = await two();
  for (const name of names) b.node.group(name).add(guest.remote);
  await cluster.turn(4);
  const flushed = b.node.flush({ timeout: 5 });
  await cluster.turn(1);
  await flushed;
  const some = names.filter((_name, n) => n % 50 === 7);
  cluster.bus.drop(({ subject }) => subject.includes(".g."));
  for (const name of names) a.node.group(name).broadcast(News, "lost");
  await cluster.settle();
  cluster.bus.heal();
  await cluster.turn(2);
  expect(b.gaps.map(({ group, missed }) => [group, missed])).toEqual(names.map((name) => [name, 1]));
  for (const name of some) {
    const { members, incomplete } = await membersOf(cluster, a, name);
    // What does not fit one message is left out, and said.
    expect([members.length <= 1, incomplete]).toEqual([true, []]);
  }
  expect((await membersOf(cluster, a, names[0]!)).members).toMatchObject([{ id: guest.id }]);
  expect(b.warnings.filter((text) => text.includes("as many as one message holds"))).toHaveLength(1);
  expect([a.node.metrics.unpublished, b.node.metrics.unpublished]).toEqual([0, 0]);
});

test("the presence of many clients is told in as many messages as it takes", async () => {
  const { cluster, a, b } = await two();
  const guests = [];
  for (let n = 0; n < 20; n++) guests.push(await b.enter());
  for (const { remote } of guests) {
    b.node.group("room").add(remote);
    b.node.setPresence(remote, "y".repeat(1000));
  }
  const { members, incomplete } = await membersOf(cluster, a, "room");
  expect([members.map(({ id }) => id).toSorted(), incomplete]).toEqual([
    guests.map(({ id }) => id).toSorted(),
    [],
  ]);
  for (const { remote } of guests) b.node.setPresence(remote, "z".repeat(1000));
  await cluster.settle();
  const later = await membersOf(cluster, a, "room");
  expect(new Set(later.members.map(({ presence }) => presence))).toEqual(new Set(["z".repeat(1000)]));
  expect([a.node.metrics.unpublished, b.node.metrics.unpublished]).toEqual([0, 0]);
});

test("what the bus did not take of what nodes say is counted, and warned of once", async () => {
  const cluster = new TestCluster(undefined, { offline: "refuse" });
  const a = await cluster.join("a");
  const guest = await a.enter();
  cluster.bus.disconnect("a");
  for (const name of ["room", "hall"]) {
    a.node.group(name).add(guest.remote);
    await cluster.settle();
  }
  expect(a.node.metrics.unpublished).toBe(2);
  expect(a.warnings).toEqual([
    expect.stringMatching(/did not take a message: .* in node\.metrics\.unpublished$/),
  ]);
});
