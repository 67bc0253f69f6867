// Nodes over a real nats-server, with clients over TCP: the same as over a bus in memory, and what a restart of the broker does.

import { Socket } from "node:net";
import {
  type Bus,
  type BusFactory,
  type ClusterNode,
  type Gap,
  joinCluster,
  type NodeConflictError,
  natsBus,
} from "@peng3dnet/cluster";
import { Client, type ClientOnServer, Server, ticker } from "@peng3dnet/core";
import type { NatsServer } from "@peng3dnet-internal/nats-server";
import { onCleanup } from "../../../core/test/support/cleanup.js";
import { hear, openNats, startNats, text } from "../support/buses.js";
import { Confirm, News, Say } from "../support/cluster.js";
import { describeWithNats } from "../support/with-nats.js";

jest.setTimeout(60_000);

const original = Socket.prototype.write;

const packets = [News, Confirm, Say];

/** Something that is waited for, as often as it changes. */
class Changes {
  #look: (() => void)[] = [];
  readonly changed = (): void => {
    for (const look of this.#look.splice(0)) look();
  };
  readonly until = async (holds: () => boolean): Promise<void> => {
    while (!holds()) await new Promise<void>((resolve) => this.#look.push(resolve));
  };
}

async function begin(broker: NatsServer, name: string) {
  const server = new Server({ addr: "127.0.0.1:0", packets });
  onCleanup(() => server.shutdown({ timeout: 5 }));
  // Of short beats, so that the test is short: what it waits for comes with a beat.
  const node: ClusterNode = await joinCluster(server, {
    bus: natsBus({ servers: broker.url }),
    name,
    interval: 0.2,
    timeout: 2,
  });
  await server.start();
  const changes = new Changes();
  const news: unknown[] = [];
  const client = new Client({ addr: server.addr, packets });
  onCleanup(() => client.close());
  client.on(News, (msg) => {
    news.push(msg);
    changes.changed();
  });
  const entered = new Promise<ClientOnServer>((resolve) => server.once("handshakecomplete", resolve));
  await client.start();
  const remote = await entered;
  const gaps: Gap[] = [];
  node.on("gap", (gap) => {
    gaps.push(gap);
    changes.changed();
  });
  node.on("nodejoin", () => changes.changed());
  const { changed, until } = changes;
  return { server, node, client, remote, id: node.idOf(remote), news, gaps, changed, until };
}

describeWithNats("nodes", () => {
  test.each<[string, (node: Awaited<ReturnType<typeof begin>>, broadcast: () => void) => unknown]>([
    // As handlers are: called by the event loop, and not by a promise.
    ["in a turn of its own", (_, broadcast) => setImmediate(broadcast)],
    [
      "after something else in a turn",
      ({ server, remote }, broadcast) => {
        setImmediate(() => {
          server.sendMessage(News, "something else", remote.cid);
          broadcast();
        });
      },
    ],
    [
      "of a handler, whose client gets it, too",
      ({ server, client }, broadcast) => {
        server.on(Say, broadcast);
        client.sendMessage(Say, "now");
      },
    ],
    [
      "of a step of a game loop",
      ({ server }, broadcast) => {
        const steps = ticker(server, {
          hz: 50,
          onTick: () => {
            steps.stop();
            broadcast();
          },
        });
      },
    ],
  ])("a broadcast %s goes to the broker before it goes to the clients of this node", async (_, call) => {
    const broker = await startNats();
    const [a, b] = [await begin(broker, "a"), await begin(broker, "b")];
    for (const { node, remote } of [a, b]) node.group("the kitchen").add(remote);
    await a.node.flush();
    await b.node.flush();
    const port = Number(broker.url.split(":").at(-1));
    const order: string[] = [];
    const write = jest.spyOn(Socket.prototype, "write").mockImplementation(function (this: Socket, ...args) {
      const [bytes] = args as [Uint8Array];
      if (Buffer.from(bytes).includes("in this order"))
        order.push(this.remotePort === port ? "broker" : "client");
      return original.apply(this, args as Parameters<Socket["write"]>);
    });
    try {
      call(a, () => void a.node.group("the kitchen").broadcast(News, "in this order"));
      await a.until(() => a.news.includes("in this order"));
      await b.until(() => b.news.includes("in this order"));
    } finally {
      write.mockRestore();
    }
    expect(order).toEqual(["broker", "client", "client"]);
  });

  test("groups, packets and requests reach clients of another node", async () => {
    const broker = await startNats();
    const [a, b] = [await begin(broker, "a"), await begin(broker, "b")];
    b.node.group("the kitchen").add(b.remote);
    a.node.group("the kitchen").add(a.remote);
    b.client.answer(Confirm, (what) => what);
    expect(await a.node.request(b.id, Confirm, "first")).toBe("first");
    const long = "abc".repeat(50_000);
    a.node.group("the kitchen").broadcast(News, 1);
    a.node.group("the kitchen").broadcast(News, long, { except: a.id });
    a.node.send(b.id, News, "for one");
    await b.until(() => b.news.length === 3);
    expect(b.news).toEqual([1, long, "for one"]);
    await a.until(() => a.news.length === 1);
    expect([a.news, a.gaps, b.gaps]).toEqual([[1], [], []]);
    const closed = b.client.waitForClose();
    expect(await a.node.kick(b.id, "enough")).toBe(true);
    expect((await closed).reason).toBe("enough");
  });

  test("a member that has just entered hears what others send once its node has flushed", async () => {
    const broker = await startNats();
    const [a, b] = [await begin(broker, "a"), await begin(broker, "b")];
    for (const { node, until } of [a, b]) await until(() => node.nodes.size === 1);
    // What is not heard within the moment in which it is sent is not heard at all.
    for (let round = 0; round < 50; round++) {
      b.node.group(`room ${round}`).add(b.remote);
      await b.node.flush();
      a.node.group(`room ${round}`).broadcast(News, round);
    }
    await b.until(() => b.news.includes(49));
    expect(b.news).toEqual(Array.from({ length: 50 }, (_, round) => round));
    // The broker stands still: it cannot be known what it has.
    broker.freeze();
    const flushed = b.node.flush();
    await expect(b.node.flush({ timeout: 0.05 })).rejects.toMatchObject({ code: "P3D_ERR_TIMED_OUT" });
    await broker.kill();
    await expect(flushed).rejects.toMatchObject({ code: "P3D_ERR_BUS_AWAY" });
    // While it is known to be away, a flush waits.
    const later = b.node.flush();
    await broker.start();
    await later;
  });

  test("what a broker took along is a gap, and what was published while it was away is not", async () => {
    const broker = await startNats();
    const [a, b] = [await begin(broker, "a"), await begin(broker, "b")];
    b.node.group("room").add(b.remote);
    await a.until(() => a.node.nodes.size === 1);
    // An answer of b comes after what b said before: that it wants to hear the group.
    b.client.answer(Confirm, () => true);
    await a.node.request(b.id, Confirm, null);
    const room = a.node.group("room");
    room.broadcast(News, 1);
    await b.until(() => b.news.includes(1));
    // It stands still, has got this, and passes it on to nobody.
    broker.freeze();
    room.broadcast(News, "lost");
    await broker.kill();
    await broker.start();
    // Each of these either arrives or is a part of a gap: it depends on when the nodes are connected again.
    let sent = 2;
    const missed = (): number => b.gaps.reduce((sum, gap) => sum + (gap.missed ?? Number.NaN), 0);
    const sending = setInterval(() => room.broadcast(News, ++sent), 20);
    onCleanup(() => clearInterval(sending));
    await b.until(() => b.news.length > 20);
    clearInterval(sending);
    room.broadcast(News, "last");
    await b.until(() => b.news.includes("last"));
    expect(b.news.length + missed()).toBe(sent + 1);
    expect(missed()).toBeGreaterThan(0);
    expect(b.gaps[0]).toMatchObject({ group: "room", from: a.node.id });
  });

  test("who is in a group is known on all nodes, also after the broker was away", async () => {
    const broker = await startNats();
    const [a, b] = [await begin(broker, "a"), await begin(broker, "b")];
    const onB: string[] = [];
    const inside = new Set<string>();
    for (const event of ["memberenter", "memberleave", "memberchange"] as const)
      b.node.on(event, () => b.changed());
    b.node.group("room").on("memberenter", ({ id }) => void inside.add(id));
    b.node.group("room").on("memberleave", ({ id }) => void inside.delete(id));
    b.node.group("room").on("memberchange", ({ presence }) => void onB.push(String(presence)));
    a.node.group("room").add(a.remote);
    b.node.group("room").add(b.remote);
    await b.until(() => inside.size === 2);
    const found = await a.node.group("room").members();
    expect(found.incomplete).toEqual([]);
    expect(found.members.map(({ id }) => id).toSorted()).toEqual([a.id, b.id].toSorted());
    // What is said now is lost with the broker.
    broker.freeze();
    a.node.setPresence(a.remote, "lost on the way");
    await broker.kill();
    await broker.start();
    await b.until(() => onB.includes("lost on the way"));
    a.node.group("room").delete(a.remote);
    await b.until(() => inside.size === 1);
    expect([...inside]).toEqual([b.id]);
  });

  test("nodes get what others publish, and not what they publish themselves, also where they share what opens the bus", async () => {
    const broker = await startNats();
    const bus = natsBus({ servers: broker.url });
    const got: string[] = [];
    const heard = new Changes();
    const watched = (name: string): BusFactory => ({
      connect: async (context) => {
        const opened = await bus.connect(context);
        opened.subscribe("probe", (bytes) => {
          got.push(`${name} got ${String.fromCharCode(...bytes)}`);
          heard.changed();
        });
        buses.set(name, opened);
        return opened;
      },
    });
    const buses = new Map<string, Bus>();
    for (const name of ["a", "b"]) {
      const server = new Server({ addr: "127.0.0.1:0" });
      onCleanup(() => server.shutdown({ timeout: 5 }));
      await joinCluster(server, { bus: watched(name), name });
    }
    // Each is behind the own one, if that came.
    for (const name of ["a", "b"]) {
      buses.get(name)?.publish("probe", new TextEncoder().encode(name));
      await buses.get(name)?.flush();
    }
    await heard.until(() => got.length >= 2);
    expect(got).toEqual(["b got a", "a got b"]);
    // Who opens a bus and says nothing of that gets them, as any bus has it.
    const plain = await openNats(broker);
    const own = await hear(plain.bus, "own");
    plain.bus.publish("own", text("back"));
    await own.until(1);
    expect(own.texts).toEqual(["back"]);
  });

  test("two under one id both find out, leave, and are nodes of their own once they join again", async () => {
    const broker = await startNats();
    const draw = crypto.getRandomValues.bind(crypto);
    // The epoch alone: the client library draws, too.
    const drawn = jest
      .spyOn(crypto, "getRandomValues")
      .mockImplementation((array) => ((array as Uint8Array).byteLength === 9 ? array : draw(array)));
    const told: unknown[] = [];
    const begun = [1, 2].map(async () => {
      const server = new Server({ addr: "127.0.0.1:0", packets });
      onCleanup(() => server.shutdown({ timeout: 5 }));
      const bus = natsBus({ servers: broker.url });
      const node = await joinCluster(server, { bus, name: "x", interval: 0.2, timeout: 2 });
      return new Promise<NodeConflictError>((resolve) => {
        node.on("conflict", resolve);
      });
    });
    // One may find out before it has joined.
    for (const twin of begun) told.push(await twin.catch((error: unknown) => error));
    drawn.mockRestore();
    expect(told).toMatchObject([{ code: "P3D_ERR_NODE_CONFLICT" }, { code: "P3D_ERR_NODE_CONFLICT" }]);
    const other = await begin(broker, "o");
    const again = await begin(broker, "x");
    await other.until(() => other.node.nodes.has(again.node.id));
    expect(other.node.nodes.size).toBe(1);
  });
});
