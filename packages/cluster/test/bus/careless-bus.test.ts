// Nodes over a bus that breaks its promises: it delivers twice, or in another order. What members get is in order and comes once, what
// does not come is a gap, and nothing is left open.

import type { Bus, BusFactory, BusReceiver } from "@peng3dnet/cluster";
import { Confirm, News, settled, TestCluster } from "../support/cluster.js";
import { hear, membersOf } from "../support/presence.js";

/** What a subscription of a careless bus does with what comes. */
type Twist = (receive: BusReceiver) => BusReceiver;

const twice: Twist = (receive) => (payload, subject) => {
  receive(payload.slice(), subject);
  receive(payload, subject);
};

/** Of three in a row, the second comes after the third. */
const swapped: Twist = (receive) => {
  let count = 0;
  let held: (() => void) | undefined;
  return (payload, subject) => {
    if (++count % 3 === 2) {
      held = () => receive(payload, subject);
      return;
    }
    receive(payload, subject);
    held?.();
    held = undefined;
  };
};

function careless(factory: BusFactory, twist: Twist): BusFactory {
  const wrapped = (bus: Bus): Bus => ({
    get maxPayload() {
      return bus.maxPayload;
    },
    get connected() {
      return bus.connected;
    },
    publish: (subject, payload) => bus.publish(subject, payload),
    subscribe: (subject, receive) => bus.subscribe(subject, twist(receive)),
    watch: (listener) => bus.watch(listener),
    flush: (options) => bus.flush(options),
    close: () => bus.close(),
  });
  return { connect: async (context) => wrapped(await factory.connect(context)) };
}

async function three(twist: Twist) {
  const cluster = new TestCluster();
  const [a, b, c] = await cluster.joinAll(["a", "b", "c"], { join: { bus: careless(cluster.bus, twist) } });
  return { cluster, a, b, c, guest: await b.enter() };
}

test("what comes twice counts once: messages, requests, closes, and who is there", async () => {
  const { cluster, a, b, c, guest } = await three(twice);
  const events = hear(c, "room");
  await cluster.turn(2);
  b.node.group("room").add(guest.remote);
  await cluster.settle();
  const sent = Array.from({ length: 20 }, (_, n) => n);
  for (const n of sent) a.node.group("room").broadcast(News, n);
  let asked = 0;
  guest.client.answer(Confirm, () => ++asked);
  const answers = sent.map(() => a.node.request(guest.id, Confirm, null));
  await cluster.turn(2);
  expect(guest.news).toEqual(sent);
  expect(await Promise.all(answers)).toEqual(sent.map((n) => n + 1));
  expect([asked, b.gaps, a.node.metrics.requestsWaiting]).toEqual([20, [], 0]);
  expect(b.node.metrics.duplicates).toBe(20);
  const kicked = a.node.kick(guest.id);
  await cluster.turn(2);
  expect(await kicked).toBe(true);
  expect(events.map(([event, id]) => [event, id])).toEqual([
    ["memberenter", guest.id],
    ["memberleave", guest.id],
  ]);
});

test("where the order is another one, messages and gaps are all that was sent, and requests end", async () => {
  const { cluster, a, b, c, guest } = await three(swapped);
  await cluster.turn(3);
  b.node.group("room").add(guest.remote);
  await cluster.turn(4);
  for (let n = 1; n <= 30; n++) a.node.group("room").broadcast(News, n);
  const requests = Array.from({ length: 10 }, () =>
    settled(a.node.request(guest.id, Confirm, null, { timeout: 60 })),
  );
  let asked = 0;
  guest.client.answer(Confirm, () => ++asked);
  await cluster.turn(20);
  const news = guest.news as number[];
  expect(news).toEqual(news.toSorted((one, other) => one - other));
  const missed = b.gaps.reduce((sum, gap) => sum + (gap.missed ?? Number.NaN), 0);
  expect([new Set(news).size, news.length + missed]).toEqual([news.length, 30]);
  const outcomes = await Promise.all(requests);
  for (const outcome of outcomes)
    if (typeof outcome !== "number") expect(outcome).toMatchObject({ code: "P3D_ERR_REQUEST_CLOSED" });
  expect(outcomes.filter((outcome) => typeof outcome === "number").length).toBeLessThanOrEqual(asked);
  expect([a.node.metrics.requestsWaiting, b.node.metrics.requestsRunning]).toEqual([0, 0]);
  const { members } = await membersOf(cluster, c, "room", 8);
  expect(members).toMatchObject([{ id: guest.id }]);
});

test("while nodes are replaced one after the other, each who watches knows who is there, and hears of each once", async () => {
  const cluster = new TestCluster();
  let nodes = [...(await cluster.joinAll(["a", "b", "c"]))];
  const watcher = await cluster.join("watcher");
  const events = hear(watcher, "room");
  await cluster.turn(2);
  const ids: string[] = [];
  const enter = async (node: (typeof nodes)[number]): Promise<void> => {
    const { remote, id } = await node.enter();
    ids.push(id);
    node.node.group("room").add(remote);
  };
  for (const node of nodes) await enter(node);
  await cluster.turn(1);
  for (const [place, name] of ["a", "b", "c"].entries()) {
    const old = nodes[place]!;
    // The new one is there before the old one goes, by the same name.
    const next = await cluster.join(name);
    await enter(next);
    old.server.stop();
    nodes = nodes.with(place, next);
    await cluster.turn(2);
    const { members, incomplete } = await membersOf(cluster, watcher, "room");
    expect([members.map(({ node }) => node).toSorted(), incomplete]).toEqual([
      nodes.map(({ node }) => node.id).toSorted(),
      [],
    ]);
  }
  const of = (what: string) => events.filter(([event]) => event === what).map(([, id]) => id);
  expect(of("memberenter")).toEqual(ids);
  expect(of("memberleave")).toEqual(ids.slice(0, 3));
});
