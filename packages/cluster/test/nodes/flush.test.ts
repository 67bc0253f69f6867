// `node.flush`: from when on the members on a node hear what others send.

import { joinCluster } from "@peng3dnet/cluster";
import type { Passage } from "@peng3dnet/cluster/testing";
import { Server } from "@peng3dnet/core";
import { readMessage } from "../../src/wire/form.js";
import { INTEREST, POSITIONS } from "../../src/wire/messages.js";
import { News, settled, TestCluster } from "../support/cluster.js";

async function two() {
  const cluster = new TestCluster();
  const [a, b] = await cluster.joinAll(["a", "b"]);
  return { cluster, a, b, guest: await b.enter() };
}

/** Loses what one node says of a kind, for as long as there is a fault. */
const lost =
  (sender: string, lostKind: number) =>
  ({ from, to, payload }: Passage): boolean =>
    from === sender && to !== sender && readMessage(payload).kind === lostKind;

test("members hear what other nodes send after it, and may miss what they send before", async () => {
  const { cluster, a, b, guest } = await two();
  const room = a.node.group("room");
  b.node.group("room").add(guest.remote);
  room.broadcast(News, "too early");
  await b.node.flush();
  room.broadcast(News, "heard");
  await cluster.settle();
  expect([guest.news, b.gaps]).toEqual([["heard"], []]);
});

test.each([
  ["b", INTEREST.kind, 2],
  ["a", POSITIONS.kind, 4],
])("it waits until what is lost was said again: kind of %s", async (sender, kind, seconds) => {
  const { cluster, a, b, guest } = await two();
  let times = 0;
  cluster.bus.drop((passage) => lost(sender, kind)(passage) && ++times === 1);
  b.node.group("room").add(guest.remote);
  let flushed = false;
  const flush = b.node.flush().then(() => {
    flushed = true;
  });
  await cluster.settle();
  expect([times, flushed]).toEqual([1, false]);
  await cluster.turn(seconds);
  await flush;
  a.node.group("room").broadcast(News, "heard");
  await cluster.settle();
  expect(guest.news).toEqual(["heard"]);
});

test("an answer to members that were there before is not one to those of now", async () => {
  const { cluster, a, b, guest } = await two();
  let times = 0;
  cluster.bus.drop((passage) => lost("a", POSITIONS.kind)(passage) && ++times === 2);
  b.node.group("before").add(guest.remote);
  await Promise.resolve();
  b.node.group("room").add(guest.remote);
  let flushed = false;
  const flush = b.node.flush().then(() => {
    flushed = true;
  });
  await cluster.settle();
  expect([times, flushed]).toEqual([2, false]);
  await cluster.turn(3);
  await flush;
  a.node.group("room").broadcast(News, "heard");
  await cluster.settle();
  expect(guest.news).toEqual(["heard"]);
});

test("a node that has heard all is not asked again, and one without others waits for nobody", async () => {
  const { cluster, b } = await two();
  await b.node.flush();
  const before = cluster.bus.passages;
  await b.node.flush();
  expect(cluster.bus.passages).toBe(before);
  const alone = await new TestCluster().join("alone");
  await alone.node.flush();
});

test.each([
  ["is silent until it is taken for dead", 7],
  ["leaves", 0],
])("another node that %s holds it up no longer", async (how, seconds) => {
  const { cluster, a, b, guest } = await two();
  cluster.bus.drop(lost("a", POSITIONS.kind));
  b.node.group("room").add(guest.remote);
  await cluster.settle();
  const inTime = settled(b.node.flush({ timeout: 1 }));
  const flush = b.node.flush();
  await cluster.turn(1);
  expect(await inTime).toMatchObject({ code: "P3D_ERR_TIMED_OUT" });
  if (how === "leaves") await a.node.leave();
  else cluster.bus.partition("a", "b");
  await cluster.turn(seconds);
  await cluster.settle();
  await flush;
  expect(b.node.nodes.size).toBe(0);
});

test("while the bus is away it waits, as long as it was told", async () => {
  const { cluster, a, b, guest } = await two();
  cluster.bus.disconnect("b");
  b.node.group("room").add(guest.remote);
  const abort = new AbortController();
  const aborted = settled(b.node.flush({ signal: abort.signal }));
  abort.abort();
  expect(await aborted).toMatchObject({ code: "P3D_ERR_ABORTED" });
  expect(await settled(b.node.flush({ timeout: 0 }))).toMatchObject({ code: "P3D_ERR_TIMED_OUT" });
  expect(await settled(b.node.flush({ timeout: -1 }))).toMatchObject({ code: "P3D_ERR_CONFIG" });
  const flush = b.node.flush();
  await cluster.turn(2);
  cluster.bus.reconnect("b");
  await cluster.turn(3);
  await flush;
  a.node.group("room").broadcast(News, "heard");
  await cluster.settle();
  expect(guest.news).toEqual(["heard"]);
});

test("where the connection to the broker breaks before that has answered, nobody knows", async () => {
  const { cluster, b } = await two();
  const away = Object.assign(new Error("broke"), { code: "P3D_ERR_BUS_AWAY" });
  const server = new Server({ addr: "127.0.0.1:0" });
  const node = await joinCluster(server, {
    name: "c",
    bus: {
      async connect(context) {
        const bus = await cluster.bus.connect(context);
        let first = true;
        const flush: typeof bus.flush = (options) => {
          if (!first) return Promise.reject(away);
          first = false;
          return bus.flush(options);
        };
        return new Proxy(bus, {
          get: (target, key) => {
            if (key === "flush") return flush;
            const value: unknown = Reflect.get(target, key);
            return typeof value === "function" ? value.bind(target) : value;
          },
        });
      },
    },
  });
  expect(await settled(node.flush())).toBe(away);
  await node.leave();
  expect(b.node.left).toBe(false);
});

test("a node that leaves, or has left, says so", async () => {
  const { cluster, b, guest } = await two();
  cluster.bus.drop(lost("a", POSITIONS.kind));
  b.node.group("room").add(guest.remote);
  const flush = settled(b.node.flush());
  await cluster.settle();
  await b.node.leave();
  expect(await flush).toMatchObject({ code: "P3D_ERR_BUS_CLOSED" });
  expect(await settled(b.node.flush())).toMatchObject({ code: "P3D_ERR_BUS_CLOSED" });
});

test.each(["has members that others have not heard of", "is known as it is"])(
  "a node that leaves before the bus has answered says so, too, where it %s",
  async (how) => {
    const { cluster, b, guest } = await two();
    cluster.bus.drop(lost("a", POSITIONS.kind));
    if (how.startsWith("has")) b.node.group("room").add(guest.remote);
    await cluster.settle();
    const flush = settled(Promise.race([b.node.flush(), b.node.flush({ timeout: 60 })]));
    await b.node.leave();
    await cluster.turn(1);
    cluster.net.clock.advance(60_000);
    expect(await flush).toMatchObject({ code: "P3D_ERR_BUS_CLOSED" });
  },
);
