// What OpenTelemetry is told of servers and clients, over links in memory.

import timers from "node:timers";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { type Client, definePacket, InvalidStateError, payload, Server } from "@peng3dnet/peer";
import { MemoryLink, TestNetwork } from "@peng3dnet/peer/testing";
import { instrument } from "@peng3dnet/telemetry";
import { meterInMemory, type Values } from "./support/otel.js";

const Say = definePacket({ name: "test:say", schema: payload<string>() });
const Shout = definePacket({ name: "test:shout", schema: payload<string>() });
const Whisper = definePacket({ name: "test:whisper", schema: payload<string>() });
const packets = [Say, Shout, Whisper];

const SERVER = "peng3dnet.side=server";
const [IN, OUT] = ["network.io.direction=receive", "network.io.direction=transmit"];
const typed = (name: string, direction: string | undefined, type: string) =>
  `${name}{${direction},peng3dnet.packet.type=${type},${SERVER}}`;

function setUp(options: { packetTypes?: number } = {}) {
  const otel = meterInMemory();
  const net = new TestNetwork();
  const server: Server = net.server({ packets });
  const end = instrument(server, { meter: otel.meter, ...options });
  for (const packet of packets) server.on(packet, () => {});
  const join = async (): Promise<Client> => {
    const client: Client = net.client({ packets });
    for (const packet of packets) client.on(packet, () => {});
    net.connect(client, server);
    await client.waitForConnection();
    await net.settle();
    return client;
  };
  return { ...otel, net, server, end, join };
}

test("connections and handshakes, by what became of them", async () => {
  const { net, server, values, join } = setUp();
  const client = await join();
  const link = new MemoryLink();
  server.accept(link.server);
  await net.settle();
  expect(await values("peng3dnet.connections")).toEqual({
    [`peng3dnet.connections{peng3dnet.connection.state=active,${SERVER}}`]: 1,
    [`peng3dnet.connections{peng3dnet.connection.state=handshake,${SERVER}}`]: 1,
    [`peng3dnet.connections{peng3dnet.connection.state=suspended,${SERVER}}`]: 0,
  });
  // The one that says nothing has its time.
  net.clock.advance(60);
  await net.settle();
  await client.close();
  await net.settle();
  expect(await values("peng3dnet.connections")).toMatchObject({
    [`peng3dnet.connections{peng3dnet.connection.state=active,${SERVER}}`]: 0,
  });
  expect(await values("peng3dnet.handshakes")).toEqual({
    [`peng3dnet.handshakes{peng3dnet.handshake.outcome=complete,${SERVER}}`]: 1,
    [`peng3dnet.handshakes{peng3dnet.handshake.outcome=handshaketimeout,${SERVER}}`]: 1,
  });
  expect(await values("peng3dnet.rejections")).toEqual({
    [`peng3dnet.rejections{error.type=handshaketimeout,${SERVER}}`]: 1,
  });
});

test("packets and bytes by direction and type; with the rest they make up the server's own counts", async () => {
  const { net, server, values, join } = setUp();
  const client = await join();
  for (let n = 0; n < 3; n++) client.sendMessage(Say, "hello");
  server.broadcast(Shout, "hi");
  await net.settle();
  const counts = await values("peng3dnet.packets");
  expect(counts[typed("peng3dnet.packets", IN, "test:say")]).toBe(3);
  expect(counts[typed("peng3dnet.packets", OUT, "test:shout")]).toBe(1);
  const sumOf = (direction: string | undefined) =>
    Object.entries(counts).reduce(
      (sum, [key, value]) => sum + (key.includes(direction ?? "") ? value : 0),
      0,
    );
  expect([sumOf(IN), sumOf(OUT)]).toEqual([server.metrics.packetsIn, server.metrics.packetsOut]);
  const bytes = await values("peng3dnet.packet.io");
  // Length prefix 4, header 6, and "hello" with a byte before it.
  expect(bytes[typed("peng3dnet.packet.io", IN, "test:say")]).toBe(3 * 16);
  expect(bytes[typed("peng3dnet.packet.io", OUT, "test:shout")]).toBe(13);
  expect(await values("peng3dnet.network.io")).toEqual({
    [`peng3dnet.network.io{${IN},${SERVER}}`]: server.metrics.bytesIn,
    [`peng3dnet.network.io{${OUT},${SERVER}}`]: server.metrics.bytesOut,
  });
});

test("packets have their bytes also where they wait for process()", async () => {
  const { meter, values } = meterInMemory();
  const net = new TestNetwork();
  const late: Server = new Server({ packets, clock: net.clock });
  instrument(late, { meter });
  late.on(Say, () => {});
  const other = net.client({ packets });
  net.connect(other, late);
  await other.waitForConnection();
  other.sendMessage(Say, "hello");
  await net.settle();
  expect((await values("peng3dnet.unprocessed.packets"))[`peng3dnet.unprocessed.packets{${SERVER}}`]).toBe(1);
  expect(late.process()).toBe(1);
  expect((await values("peng3dnet.packet.io"))[typed("peng3dnet.packet.io", IN, "test:say")]).toBe(16);
});

test("only so many types of packets have series of their own, those that come first", async () => {
  const { net, values, join } = setUp({ packetTypes: 1 });
  const client = await join();
  for (const packet of [Say, Shout, Whisper]) client.sendMessage(packet, "hello");
  await net.settle();
  const received = Object.entries(await values("peng3dnet.packet.io")).filter(([key]) =>
    key.includes(`${IN}`),
  );
  expect(Object.fromEntries(received)).toEqual({
    [typed("peng3dnet.packet.io", IN, "test:say")]: 16,
    [typed("peng3dnet.packet.io", IN, "other")]: 32,
  });
  // The handshake's two count there, too.
  expect((await values("peng3dnet.packets"))[typed("peng3dnet.packets", IN, "other")]).toBe(4);
});

test("no connection has a series of its own", async () => {
  const { net, collect, join } = setUp();
  const series = async () => {
    const metrics = (await collect()).filter(({ descriptor }) => descriptor.name.includes("peng3dnet"));
    return metrics.reduce((sum, { dataPoints }) => sum + dataPoints.length, 0);
  };
  (await join()).sendMessage(Say, "hello");
  await net.settle();
  const before = await series();
  for (let n = 0; n < 20; n++) (await join()).sendMessage(Say, "hello");
  await net.settle();
  expect(await series()).toBe(before);
});

test("a collection of many values lets the loop turn, and one of few does not", async () => {
  const otel = meterInMemory();
  const net = new TestNetwork();
  let servers = 0;
  const instrumentMore = (count: number): void => {
    for (let n = 0; n < count; n++) {
      instrument(net.server({ packets }), { meter: otel.meter, attributes: { server: servers++ } });
    }
  };
  const collecting = async () => {
    let turned = false;
    const turn = setImmediate(() => {
      turned = true;
    });
    const series = Object.keys(await otel.values("peng3dnet.unsent")).length;
    clearImmediate(turn);
    return { series, turned };
  };
  instrumentMore(1);
  expect(await collecting()).toEqual({ series: 1, turned: false });
  instrumentMore(9);
  expect(await collecting()).toEqual({ series: 10, turned: true });
});

test("a collection of many values ends also where a test has taken the timers", async () => {
  const otel = meterInMemory();
  const net = new TestNetwork();
  for (let server = 0; server < 10; server++)
    instrument(net.server({ packets }), { meter: otel.meter, attributes: { server } });
  jest.useFakeTimers();
  try {
    expect(Object.keys(await otel.values("peng3dnet.unsent"))).toHaveLength(10);
  } finally {
    jest.useRealTimers();
  }
});

test("what waits: unsent, unprocessed, and groups with their members", async () => {
  const { net, server, values, join } = setUp();
  const [one, two] = [await join(), await join()];
  for (const client of server.clients.values()) server.group("all").add(client);
  server.group("one").add(1);
  expect(await values("peng3dnet.group")).toEqual({
    [`peng3dnet.groups{${SERVER}}`]: 2,
    [`peng3dnet.group.memberships{${SERVER}}`]: 3,
  });
  server.clients.get(1)?.sendMessage(Say, "hello");
  expect(await values("peng3dnet.unsent")).toEqual({ [`peng3dnet.unsent{${SERVER}}`]: 16 });
  await net.settle();
  expect(await values("peng3dnet.unsent")).toEqual({ [`peng3dnet.unsent{${SERVER}}`]: 0 });
  await one.close();
  await two.close();
  await net.settle();
  expect(await values("peng3dnet.group")).toMatchObject({ [`peng3dnet.group.memberships{${SERVER}}`]: 0 });
});

test("packets that an iterator has no room for are unprocessed", async () => {
  const { net, server, values, join } = setUp();
  const client = await join();
  const stream = server.messages(Say, { limit: 1 });
  for (let n = 0; n < 3; n++) client.sendMessage(Say, "hello");
  await net.settle();
  const key = `peng3dnet.unprocessed{${SERVER}}`;
  expect((await values("peng3dnet.unprocessed"))[key]).toBeGreaterThan(0);
  for (let n = 0; n < 3; n++) await stream.next();
  await net.settle();
  expect((await values("peng3dnet.unprocessed"))[key]).toBe(0);
});

test("round trips of heartbeats", async () => {
  const { values, join } = setUp();
  await join();
  const trips = await values("peng3dnet.connection.rtt");
  expect(trips).toEqual({ [`peng3dnet.connection.rtt{${SERVER}}`]: 1 });
});

test("what was counted before is not told; what was counted stays after the end", async () => {
  const net = new TestNetwork();
  const { meter, values } = meterInMemory();
  const server: Server = net.server({ packets });
  server.on(Say, () => {});
  const client: Client = net.client({ packets });
  net.connect(client, server);
  await client.waitForConnection();
  const say = async () => {
    client.sendMessage(Say, "hello");
    await net.settle();
  };
  await say();
  const end = instrument(server, { meter });
  const other: Server = net.server({ packets });
  instrument(other, { meter });
  const [own, rest] = [typed("peng3dnet.packets", IN, "test:say"), typed("peng3dnet.packets", IN, "other")];
  const told = async () => {
    const all = await values("peng3dnet");
    return [all[own], all[rest], all[`peng3dnet.network.io{${IN},${SERVER}}`]];
  };
  expect(await told()).toEqual([undefined, 0, 0]);
  await say();
  expect(await told()).toEqual([1, 0, 16]);
  end();
  await say();
  end();
  expect(await told()).toEqual([1, 0, 16]);
  expect(await values("peng3dnet.connections")).toMatchObject({
    [`peng3dnet.connections{peng3dnet.connection.state=active,${SERVER}}`]: 0,
  });
});

test("an end that is called again leaves alone who looks on since then", async () => {
  const net = new TestNetwork();
  const { meter, values } = meterInMemory();
  const server: Server = net.server({ packets });
  const end = instrument(server, { meter });
  end();
  instrument(server, { meter });
  end();
  const client: Client = net.client({ packets });
  net.connect(client, server);
  await client.waitForConnection();
  expect(await values("peng3dnet.connections")).toMatchObject({
    [`peng3dnet.connections{peng3dnet.connection.state=active,${SERVER}}`]: 1,
  });
  expect(() => instrument(server, { meter })).toThrow(InvalidStateError);
});

test("a reason that nothing was rejected for since then has no series", async () => {
  const net = new TestNetwork();
  const { meter, values } = meterInMemory();
  const server: Server = net.server({ packets });
  const saysNothing = async (): Promise<void> => {
    server.accept(new MemoryLink().server);
    await net.settle();
    net.clock.advance(60);
    await net.settle();
  };
  await saysNothing();
  expect(Object.values(server.metrics.rejectedBy)).toEqual([1]);
  instrument(server, { meter });
  expect(await values("peng3dnet.rejections")).toEqual({});
  await saysNothing();
  expect(Object.values(await values("peng3dnet.rejections"))).toEqual([1]);
});

test("the order of attributes makes no other series", async () => {
  const net = new TestNetwork();
  const { meter, values } = meterInMemory();
  for (const attributes of [
    { map: "a", mode: "b" },
    { mode: "b", map: "a" },
  ]) {
    const server: Server = net.server({ packets });
    instrument(server, { meter, attributes });
    const client: Client = net.client({ packets });
    net.connect(client, server);
    await client.waitForConnection();
  }
  const active = `map=a,mode=b,peng3dnet.connection.state=active,${SERVER}`;
  expect((await values("peng3dnet.connections"))[`peng3dnet.connections{${active}}`]).toBe(2);
});

test("a type of packets that is called as the rest counts as the rest", async () => {
  const Other = definePacket({ name: "other", schema: payload<string>() });
  const net = new TestNetwork();
  const { meter, values } = meterInMemory();
  const server: Server = net.server({ packets: [Other] });
  server.on(Other, () => {});
  instrument(server, { meter });
  const client: Client = net.client({ packets: [Other] });
  net.connect(client, server);
  await client.waitForConnection();
  await net.settle();
  const rest = typed("peng3dnet.packets", IN, "other");
  const before = Number((await values("peng3dnet.packets"))[rest]);
  client.sendMessage(Other, "hello");
  await net.settle();
  expect((await values("peng3dnet.packets"))[rest]).toBe(before + 1);
  expect((await values("peng3dnet.packet.io"))[typed("peng3dnet.packet.io", IN, "other")]).toBe(16);
});

test("the loop is looked at once, however many peers there are, and not at all after them", () => {
  const begin = jest.spyOn(timers, "setInterval");
  const end = jest.spyOn(timers, "clearInterval");
  const { meter } = meterInMemory();
  const net = new TestNetwork();
  const ends = [1, 2].map(() => instrument(net.server({ packets }), { meter }));
  const looks = begin.mock.results.map(({ value }) => value);
  expect(looks).toHaveLength(1);
  for (const leave of ends) leave();
  expect(end.mock.calls).toEqual([looks]);
  begin.mockRestore();
  end.mockRestore();
});

test("after the last peer, levels are zero; counters stand, and go on with the next one", async () => {
  const { meter, values } = meterInMemory();
  const net = new TestNetwork();
  const play = async () => {
    const server: Server = net.server({ packets });
    server.on(Say, () => {});
    const end = instrument(server, { meter });
    const client: Client = net.client({ packets });
    net.connect(client, server);
    await client.waitForConnection();
    server.group("all").add(1);
    client.sendMessage(Say, "hello");
    await net.settle();
    return end;
  };
  {
    using _ = await play();
    expect(await values("peng3dnet.groups")).toEqual({ [`peng3dnet.groups{${SERVER}}`]: 1 });
  }
  expect(await values("peng3dnet.groups")).toEqual({ [`peng3dnet.groups{${SERVER}}`]: 0 });
  const key = typed("peng3dnet.packets", IN, "test:say");
  expect((await values("peng3dnet.packets"))[key]).toBe(1);
  await play();
  expect((await values("peng3dnet.packets"))[key]).toBe(2);
});

test("a peer that a meter is told of already would count twice", async () => {
  const { meter, server, values, join, end } = setUp();
  await join();
  expect(() => instrument(server, { meter })).toThrow(InvalidStateError);
  expect(await values("peng3dnet.connections")).toMatchObject({
    [`peng3dnet.connections{peng3dnet.connection.state=active,${SERVER}}`]: 1,
  });
  // Each of these counts by itself.
  instrument(server, { meter, attributes: { again: true } });
  instrument(server, { meter: meterInMemory().meter });
  end();
  instrument(server, { meter });
  expect(await values("peng3dnet.connections")).toMatchObject({
    [`peng3dnet.connections{peng3dnet.connection.state=active,${SERVER}}`]: 1,
    [`peng3dnet.connections{again=true,peng3dnet.connection.state=active,${SERVER}}`]: 1,
  });
});

/** What is told of the loop's delay as soon as that fits. A collection without a look at the loop tells the values before it. */
async function loopDelays(values: (name: string) => Promise<Values>, fits: (delays: Values) => boolean) {
  for (;;) {
    const delays = await values("nodejs.eventloop.delay");
    if (fits(delays)) return delays;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

test("how late the event loop is", async () => {
  const { values } = setUp();
  const names = ["max", "mean", "min", "p50", "p90", "p99", "stddev"];
  const delays = await loopDelays(values, (told) => Object.keys(told).length > 0);
  expect(Object.keys(delays).sort()).toEqual(names.map((name) => `nodejs.eventloop.delay.${name}{}`));
});

test("what holds the loop is told once, as long as it was", async () => {
  const { values } = setUp();
  const most = (delays: Values) => Number(delays["nodejs.eventloop.delay.max{}"]);
  await loopDelays(values, (delays) => most(delays) >= 0);
  const begun = performance.now();
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500);
  // The loop is looked at every 10 ms: that much of it may be before a look was due.
  const told = await loopDelays(values, (delays) => most(delays) >= 0.49);
  expect(most(told)).toBeLessThan(1.01 * ((performance.now() - begun) / 1000));
  // A machine that is busy may hold it again, and not for ever.
  await loopDelays(values, (delays) => most(delays) < 0.49);
});

test("clients on one meter are told as one, and leave with their connections", async () => {
  const { meter, values } = meterInMemory();
  const net = new TestNetwork();
  const server: Server = net.server({ packets });
  server.on(Say, () => {});
  const clients: Client[] = [];
  for (let n = 0; n < 3; n++) {
    const client: Client = net.client({ packets });
    instrument(client, { meter, attributes: { game: "chess" } });
    net.connect(client, server);
    await client.waitForConnection();
    client.sendMessage(Say, "hello");
    clients.push(client);
  }
  await net.settle();
  const CLIENT = "game=chess";
  const sent = `peng3dnet.packets{${CLIENT},${OUT},peng3dnet.packet.type=test:say,peng3dnet.side=client}`;
  const active = `peng3dnet.connections{${CLIENT},peng3dnet.connection.state=active,peng3dnet.side=client}`;
  expect((await values("peng3dnet.packets"))[sent]).toBe(3);
  expect((await values("peng3dnet.connections"))[active]).toBe(3);
  await clients[0]?.close();
  await net.settle();
  expect((await values("peng3dnet.packets"))[sent]).toBe(3);
  expect((await values("peng3dnet.connections"))[active]).toBe(2);
});

test("a client that connects again by itself is told on, until it is closed", async () => {
  const { meter, values } = meterInMemory();
  const net = new TestNetwork();
  const server: Server = net.server({ packets });
  server.on(Say, () => {});
  const links: MemoryLink[] = [];
  let online = true;
  const client: Client = net.client({
    packets,
    reconnect: { delay: 1 },
    connector: {
      connect: async ({ established }) => {
        if (!online) throw new Error("nobody there");
        const link = new MemoryLink();
        links.push(link);
        server.accept(link.server);
        established(link.client);
      },
    },
  });
  instrument(client, { meter });
  const told = async () => {
    const all = await values("peng3dnet.");
    const sent = `peng3dnet.packets{${OUT},peng3dnet.packet.type=test:say,peng3dnet.side=client}`;
    return [all[sent], all["peng3dnet.connections{peng3dnet.connection.state=active,peng3dnet.side=client}"]];
  };
  await client.start();
  client.sendMessage(Say, "before");
  await net.settle();
  online = false;
  links[0]?.cut();
  await net.settle();
  net.clock.advance(2);
  await net.settle();
  expect(await told()).toEqual([1, 0]);
  online = true;
  net.clock.advance(10);
  await net.settle();
  await client.waitForConnection();
  client.sendMessage(Say, "after");
  await net.settle();
  expect(await told()).toEqual([2, 1]);
  await client.close();
  await net.settle();
  expect(await told()).toEqual([2, 0]);
});

test.each(["is closed", "never was"])("a client whose connection %s is not held", async (what) => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const { meter } = meterInMemory();
  const net = new TestNetwork();
  const server: Server = net.server({ packets });
  const play = async () => {
    const connector = { connect: () => Promise.reject(new Error("nobody there")) };
    const client: Client = net.client({ packets, connector });
    instrument(client, { meter });
    if (what === "never was") await client.start().catch(() => {});
    else {
      net.connect(client, server);
      await client.waitForConnection();
      await client.close();
    }
    await net.settle();
    return new WeakRef(client);
  };
  const gone = await play();
  await net.settle();
  collect();
  expect(gone.deref()).toBeUndefined();
});

test("a client that reaches nobody, and one that a server turns away", async () => {
  const { meter, values } = meterInMemory();
  const net = new TestNetwork();
  const lost: Client = net.client({
    packets,
    connector: { connect: () => Promise.reject(new Error("nobody there")) },
  });
  instrument(lost, { meter });
  await expect(lost.start()).rejects.toThrow("nobody there");
  const server: Server = net.server({ packets });
  void server.drain();
  const refused: Client = net.client({ packets });
  instrument(refused, { meter });
  net.connect(refused, server);
  await expect(refused.waitForConnection()).rejects.toThrow();
  expect(await values("peng3dnet.handshakes")).toEqual({
    "peng3dnet.handshakes{peng3dnet.handshake.outcome=unconnected,peng3dnet.side=client}": 1,
    "peng3dnet.handshakes{peng3dnet.handshake.outcome=serverdraining,peng3dnet.side=client}": 1,
  });
});

test.each<[string, () => unknown, string]>([
  ["no meter and no tracer", () => instrument(new TestNetwork().server(), {}), "meter, tracer"],
  [
    "trustCallers that is text",
    () =>
      instrument(new TestNetwork().server(), { meter: meterInMemory().meter, trustCallers: "no" as never }),
    expect.objectContaining({ code: "P3D_ERR_CONFIG", key: "trustCallers" }),
  ],
  [
    "no server",
    () => instrument({ side: 0 } as never, { meter: meterInMemory().meter }),
    "Server or a Client",
  ],
  [
    "packetTypes that is no number",
    () => instrument(new TestNetwork().server(), { meter: meterInMemory().meter, packetTypes: -1 }),
    expect.objectContaining({ code: "P3D_ERR_CONFIG", key: "packetTypes" }),
  ],
])("refuses %s", (_, call, says) => {
  expect(call).toThrow(says);
});

test.each<[string, object, string]>([
  ["trustCallers", { trustCallers: null }, "the option trustCallers is true or false"],
])("refuses %s that is null", (_, options, says) => {
  const { meter } = meterInMemory();
  expect(() => instrument(new TestNetwork().server(), { meter, ...options })).toThrow(says);
});

test.each([undefined, null, 5, "server"])("%p can be told nothing of", (peer) => {
  expect(() => instrument(peer as never, { meter: meterInMemory().meter })).toThrow(
    new TypeError("observe() takes a Server or a Client, or a node of a cluster"),
  );
});

test("a provider in the place of a meter or tracer is refused by a message that says so", () => {
  const server: Server = new TestNetwork().server({ packets });
  const provider = { getMeter: () => undefined, getTracer: () => undefined };
  for (const meter of [provider, null, 1]) {
    expect(() => instrument(server, { meter: meter as never })).toThrow(
      'the option meter is a Meter, such as provider.getMeter("game")',
    );
  }
  for (const tracer of [provider, null, 1]) {
    expect(() => instrument(server, { tracer: tracer as never })).toThrow(
      'the option tracer is a Tracer, such as provider.getTracer("game")',
    );
  }
});
