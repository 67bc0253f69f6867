// How a node begins, what it knows of others, and how it ends.

import {
  type Bus,
  type BusFactory,
  type ClusterGroup,
  type ClusterNode,
  type ClusterOptions,
  joinCluster,
  memoryBus,
  type NodeInfo,
} from "@peng3dnet/cluster";
import { InvalidStateError, type NodeObserver, observe, Server } from "@peng3dnet/peer";
import { TestNetwork } from "@peng3dnet/peer/testing";
import { Confirm, News, Say, settled, TestCluster } from "../support/cluster.js";

test.each<[string, Partial<ClusterOptions>]>([
  ["bus", { bus: {} as never }],
  ["bus", { bus: undefined as never }],
  ["name", { name: "" }],
  ["name", { name: "a.b" }],
  ["name", { name: "a~b" }],
  ["name", { name: "x".repeat(65) }],
  ["prefix", { prefix: "" }],
  ["prefix", { prefix: "a..b" }],
  ["prefix", { prefix: "a.>" }],
  ["prefix", { prefix: "x".repeat(65) }],
  ["advertised", { advertised: 7 as never }],
  ["interval", { interval: 0 }],
  ["interval", { interval: Number.NaN }],
  ["timeout", { timeout: 2.9 }],
  ["timeout", { timeout: Number.POSITIVE_INFINITY }],
  ["maxNodes", { maxNodes: 0 }],
  ["maxGroups", { maxGroups: 1.5 }],
  ["maxRequests", { maxRequests: "5" as never }],
])("the option %s is checked: %j", async (key, options) => {
  const net = new TestNetwork();
  const promise = joinCluster(net.server(), { bus: memoryBus(), ...options });
  expect(await settled(promise)).toMatchObject({ code: "P3D_ERR_CONFIG", key });
  expect(net.clock.timers).toBe(0);
});

test.each([0.05, 0.1, 0.2, 1])("three times an interval of %d s is enough of a timeout", async (interval) => {
  const cluster = new TestCluster();
  const timeout = Number((3 * interval).toFixed(2));
  const { node } = await cluster.join("a", { join: { interval, timeout } });
  await node.leave();
});

test("an interval that is too long is told the longest one", async () => {
  const joining = joinCluster(new TestNetwork().server(), {
    bus: memoryBus(),
    interval: 4000,
    timeout: 12_000,
  });
  expect(await settled(joining)).toMatchObject({
    key: "interval",
    message: 'the option "interval" is a number of seconds from 0.05 to 1200',
  });
});

test.each([undefined, null, {}, 5])("%j is no server", async (server) => {
  const error = await settled(joinCluster(server as never, { bus: memoryBus() }));
  expect(error).toEqual(new TypeError("joinCluster takes a Server, and then its options"));
});

test("a server that is stopped cannot join, be it that it stops meanwhile", async () => {
  const net = new TestNetwork();
  const server = net.server();
  const joining = settled(joinCluster(server, { bus: memoryBus() }));
  server.stop();
  expect(await joining).toBeInstanceOf(InvalidStateError);
  expect(await settled(joinCluster(server, { bus: memoryBus() }))).toBeInstanceOf(InvalidStateError);
  expect(net.clock.timers).toBe(0);
});

test("a server is one node at a time: else its clients would hear all twice", async () => {
  const cluster = new TestCluster();
  const a = await cluster.join("a");
  const b = await cluster.join("b");
  const again = (): Promise<unknown> => settled(joinCluster(a.server, { bus: cluster.bus, name: "again" }));
  expect(await again()).toMatchObject({
    code: "P3D_ERR_INVALID_STATE",
    message: expect.stringContaining("leave()") as string,
  });
  await cluster.turn(3);
  expect([...b.node.nodes.keys()]).toEqual([a.node.id]);
  // Two at once: the first one does.
  await a.node.leave();
  const [one, two] = await Promise.all([again(), again()]);
  expect([one, two]).toEqual([
    expect.objectContaining({ id: expect.any(String) }),
    expect.any(InvalidStateError),
  ]);
  await cluster.turn(3);
  expect([...b.node.nodes.keys()]).toEqual([(one as ClusterNode).id]);
  const guest = await a.enter();
  (one as ClusterNode).group("room").add(guest.remote);
  await cluster.settle();
  b.node.group("room").broadcast(News, 1);
  await cluster.settle();
  expect(guest.news).toEqual([1]);
});

test("where the bus cannot be opened, or breaks at once, nothing stays behind", async () => {
  const net = new TestNetwork();
  const refused = new Error("no broker");
  const none: BusFactory = { connect: () => Promise.reject(refused) };
  expect(await settled(joinCluster(net.server(), { bus: none }))).toBe(refused);
  const real = memoryBus();
  let closed = false;
  const broken: BusFactory = {
    connect: async (context) => {
      const bus = await real.connect(context);
      return Object.create(bus, {
        publish: { value: bus.publish.bind(bus) },
        subscribe: { value: bus.subscribe.bind(bus) },
        watch: { value: bus.watch.bind(bus) },
        connected: { value: true },
        flush: { value: () => Promise.reject(refused) },
        close: {
          value: () => {
            closed = true;
            return bus.close();
          },
        },
      }) as Bus;
    },
  };
  expect(await settled(joinCluster(net.server(), { bus: broken }))).toBe(refused);
  expect([closed, net.clock.timers]).toEqual([true, 0]);
});

test("nodes know of each other: names, epochs, advertised addresses", async () => {
  const cluster = new TestCluster();
  const a = await cluster.join("same");
  const joined: NodeInfo[] = [];
  a.node.on("nodejoin", (info) => joined.push(info));
  const b = await cluster.join("same", { join: { advertised: "play.example.org:8080" } });
  await cluster.turn(1);
  expect(a.node.id).toMatch(/^same~[A-Za-z0-9_-]{12}$/);
  expect(a.node.id).not.toBe(b.node.id);
  expect(joined).toEqual([{ id: b.node.id, name: "same", advertised: "play.example.org:8080", clients: 0 }]);
  expect(a.node.name).toBe("same");
  expect([...a.node.nodes.values()]).toEqual([
    { id: b.node.id, name: "same", advertised: "play.example.org:8080", clients: 0 },
  ]);
  expect([...b.node.nodes.values()]).toEqual([
    { id: a.node.id, name: "same", advertised: undefined, clients: 0 },
  ]);
});

test("clusters with different prefixes do not hear each other", async () => {
  const cluster = new TestCluster();
  const a = await cluster.join("a", { join: { prefix: "game.one" } });
  const b = await cluster.join("b", { join: { prefix: "game.two" } });
  const guest = await b.enter();
  b.node.group("room").add(guest.remote);
  await cluster.settle();
  a.node.group("room").broadcast(News, 1);
  await cluster.turn(3);
  expect([guest.news, a.node.nodes.size, b.node.nodes.size]).toEqual([[], 0, 0]);
});

test.each(["leave", "stop", "dispose"])(
  "by %s a node leaves at once, and nothing of it stays",
  async (way) => {
    const cluster = new TestCluster();
    const [a, b] = await cluster.joinAll(["a", "b"]);
    const guest = await a.enter();
    a.node.group("room").add(guest.remote);
    const told: unknown[] = [];
    b.node.on("nodeleave", ({ id }, info) => told.push([id, info]));
    await cluster.settle();
    if (way === "stop") a.server.stop();
    else if (way === "leave") await Promise.all([a.node.leave(), a.node.leave()]);
    else await a.node[Symbol.asyncDispose]();
    await cluster.settle();
    expect(told).toEqual([[a.node.id, { lost: false }]]);
    expect([a.node.left, a.node.metrics.groups, b.node.nodes.size]).toEqual([true, 0, 0]);
    b.node.group("room").broadcast(News, 1);
    expect(b.node.metrics.broadcastsOut).toBe(0);
    if (way === "stop") return;
    // Its groups are those of its server now.
    const { messagesOut } = a.node.metrics;
    const other = await a.enter();
    expect(a.node.group("room").add(other.remote)).toBe(true);
    expect(a.node.group("room").broadcast(News, 2)).toBe(2);
    await cluster.turn(3);
    expect([guest.news, other.news, a.node.metrics.messagesOut]).toEqual([[2], [2], messagesOut]);
  },
);

test("a node that leaves as it hears of another one says nothing more behind its farewell", async () => {
  const cluster = new TestCluster();
  const a = await cluster.join("a");
  const guest = await a.enter();
  // What this node says of its group is answered where it is heard.
  a.node.group("room").add(guest.remote);
  await cluster.settle();
  const b = await cluster.join("b");
  b.node.on("nodejoin", () => b.node.leave());
  await cluster.settle();
  expect([b.node.left, b.node.metrics.unpublished, b.warnings]).toEqual([true, 0, []]);
  expect(a.node.nodes.size).toBe(0);
});

test.each<[string, (leave: () => void) => NodeObserver]>([
  ["arrives", (leave) => ({ arrived: leave })],
  ["is the first of another node", (leave) => ({ joined: leave })],
])("one whose observer has it leave as a message %s says and tells nothing more", async (_, observer) => {
  const cluster = new TestCluster();
  const a = await cluster.join("a");
  const guest = await a.enter();
  a.node.group("room").add(guest.remote);
  await cluster.settle();
  const b = await cluster.join("b");
  const joined: unknown[] = [];
  b.node.on("nodejoin", (info) => joined.push(info));
  observe(
    b.node,
    observer(() => void b.node.leave()),
  );
  await cluster.turn(3);
  expect([b.node.left, b.node.metrics.unpublished, b.warnings, joined]).toEqual([true, 0, [], []]);
  expect(a.node.nodes.size).toBe(0);
});

test("one whose observer has it leave as it loses another one loses no others", async () => {
  const cluster = new TestCluster();
  const [a] = await cluster.joinAll(["a", "b", "c"]);
  const told: string[] = [];
  a.node.on("nodeleave", ({ name }) => told.push(name));
  observe(a.node, { gone: () => void a.node.leave() });
  cluster.bus.partition("a", "b");
  cluster.bus.partition("a", "c");
  await cluster.turn(8);
  expect([a.node.left, told, a.node.metrics.unpublished, a.warnings]).toEqual([true, [], 0, []]);
});

test("a node that has left tells of no other nodes any more, and counts its own clients alone", async () => {
  const cluster = new TestCluster();
  const [a, b] = await cluster.joinAll(["a", "b"]);
  await a.enter();
  await b.enter();
  await cluster.turn(1);
  const told = (): unknown => [b.node.nodes.size, b.node.clientCount, b.node.metrics.nodes];
  expect(told()).toEqual([1, 2, 1]);
  await b.node.leave();
  expect(told()).toEqual([0, 1, 0]);
});

test("after all have left, no timer and no listener is left", async () => {
  const cluster = new TestCluster();
  const nodes = await cluster.joinAll(["a", "b", "c"]);
  const guest = await nodes[0].enter();
  const asked = settled(nodes[1].node.request(guest.id, Confirm, null, { timeout: 100 }));
  for (const { node, server } of nodes) {
    await node.leave();
    server.stop();
  }
  await asked;
  await cluster.settle();
  await guest.client.waitForClose();
  guest.client.stop();
  expect(cluster.net.clock.timers).toBe(0);
});

test("a bus that closes by itself is an end, too", async () => {
  const cluster = new TestCluster();
  const buses: Bus[] = [];
  const bus: BusFactory = {
    connect: async (context) => {
      const opened = await cluster.bus.connect(context);
      buses.push(opened);
      return opened;
    },
  };
  const a = await cluster.join("a", { join: { bus } });
  await buses[0]!.close();
  expect(a.node.left).toBe(true);
  expect(a.node.group("room").broadcast(News, 1)).toBe(0);
});

test("listeners that throw are reported as those of the server are, and can be taken away", async () => {
  const cluster = new TestCluster();
  const a = await cluster.join("a");
  const errors: unknown[] = [];
  a.server.on("handlerError", (error) => void errors.push(error));
  const mistake = new Error("mistake");
  let calls = 0;
  const listener = (): void => {
    calls++;
    throw mistake;
  };
  a.node.on("nodejoin", listener);
  await cluster.join("b");
  await cluster.settle();
  a.node.off("nodejoin", listener).off("nodejoin", listener);
  await cluster.join("c");
  await cluster.settle();
  expect([calls, errors, a.node.nodes.size]).toEqual([1, [mistake], 2]);
  expect(() => a.node.on("gap", undefined as never)).toThrow(TypeError);
  expect(() => a.node.on("gaps" as "gap", () => {})).toThrow(
    'a node has no event "gaps"; did you mean "gap"?',
  );
  // As `on` of Node's events does, of whatever it is given.
  expect(a.node.on("error" as "gap", () => {})).toBe(a.node);
});

test("types: what a server declared is what its node takes", async () => {
  const server = new Server({ packets: [News, Say, Confirm] });
  const node = await joinCluster(server, { bus: memoryBus() });
  expect(node.nodes.size).toBe(0);
  const room: ClusterGroup = node.group("room");
  expect(room.name).toBe("room");
  node.group("room").broadcast("test:news", 1);
  // @ts-expect-error no such packet
  expect(() => node.group("room").broadcast("test:other", 1)).toThrow();
  // @ts-expect-error only the server receives it
  expect(() => node.group("room").broadcast(Say, "x")).toThrow();
  await node.leave();
  server.stop();
});
