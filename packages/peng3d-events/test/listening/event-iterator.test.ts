import { AbortedError, Client, EVENT_SIZE, Packet, Server } from "@peng3dnet/core";
import { EventOverflowError, events, HeadlessPeng, NoEventBusError } from "@peng3dnet/peng3d-events";

interface Events {
  readonly "test:tick": { readonly n: number };
  readonly "test:end": { readonly n: number };
}

function setUp() {
  const bus = new HeadlessPeng<Events>();
  const tick = (...numbers: number[]): void => {
    for (const n of numbers) bus.sendEvent("test:tick", { n });
  };
  return { bus, tick };
}

test("yields events that came before and while it waits, in order", async () => {
  const { bus, tick } = setUp();
  const iterator = events(bus, "test:tick");
  tick(1, 2);
  expect(iterator.buffered).toBe(2);
  expect(await iterator.next()).toEqual({ done: false, value: { n: 1 } });
  expect(await iterator.next()).toEqual({ done: false, value: { n: 2 } });
  const waiting = [iterator.next(), iterator.next()];
  tick(3, 4);
  expect((await Promise.all(waiting)).map(({ value }) => value?.n)).toEqual([3, 4]);
  await iterator.return();
  expect(bus.listenerCount()).toBe(0);
});

test("a loop that is left takes its listener along", async () => {
  const { bus, tick } = setUp();
  const iterator = events(bus, "test:tick");
  tick(1, 2, 3);
  for await (const { n } of iterator) if (n === 2) break;
  expect(bus.listenerCount()).toBe(0);
  expect(await iterator.next()).toEqual({ done: true, value: undefined });
});

test("using ends it, with and without await", async () => {
  const { bus } = setUp();
  let waiting: Promise<unknown>;
  {
    using iterator = events(bus, "test:tick");
    waiting = iterator.next();
  }
  expect(await waiting).toEqual({ done: true, value: undefined });
  {
    await using _iterator = events(bus, "test:tick");
    expect(bus.listenerCount()).toBe(1);
  }
  expect(bus.listenerCount()).toBe(0);
});

test("a signal ends it with AbortedError, and leaves nothing on the signal", async () => {
  const { bus, tick } = setUp();
  const controller = new AbortController();
  const removed = jest.spyOn(controller.signal, "removeEventListener");
  const iterator = events(bus, "test:tick", { signal: controller.signal });
  const waiting = iterator.next();
  controller.abort(new Error("enough"));
  await expect(waiting).rejects.toThrow(AbortedError);
  expect(await iterator.next()).toEqual({ done: true, value: undefined });
  expect(bus.listenerCount()).toBe(0);
  expect(removed).toHaveBeenCalledTimes(1);
  const buffered = events(bus, "test:tick", { signal: AbortSignal.abort() });
  tick(1);
  await expect(buffered.next()).rejects.toMatchObject({ code: "P3D_ERR_ABORTED" });
  expect(bus.listenerCount()).toBe(0);
});

test("a signal drops what was buffered", async () => {
  const { bus, tick } = setUp();
  const controller = new AbortController();
  const iterator = events(bus, "test:tick", { signal: controller.signal });
  tick(1);
  controller.abort();
  expect(iterator.buffered).toBe(0);
  await expect(iterator.next()).rejects.toThrow(AbortedError);
});

test("past the limit it ends with an error behind what was buffered", async () => {
  const { bus, tick } = setUp();
  const iterator = events(bus, "test:tick", { limit: 2 });
  tick(1, 2, 3, 4);
  expect(bus.listenerCount()).toBe(0);
  const seen: number[] = [];
  const loop = (async () => {
    for await (const { n } of iterator) seen.push(n);
  })();
  await expect(loop).rejects.toThrow(EventOverflowError);
  expect(seen).toEqual([1, 2]);
  expect(() => events(bus, "test:tick", { limit: 0 })).toThrow(RangeError);
});

test.each([
  ["dropoldest", [3, 4]],
  ["dropnewest", [1, 2]],
] as const)("with %s it goes on and counts", async (overflow, left) => {
  const { bus, tick } = setUp();
  const iterator = events(bus, "test:tick", { limit: 2, overflow, until: "test:end" });
  tick(1, 2, 3, 4);
  bus.sendEvent("test:end", { n: 0 });
  const seen: number[] = [];
  for await (const { n } of iterator) seen.push(n);
  expect([seen, iterator.dropped]).toEqual([left, 2]);
  expect(bus.listenerCount()).toBe(0);
});

test("until ends it behind the events before", async () => {
  const { bus, tick } = setUp();
  const iterator = events(bus, "test:tick", { until: "test:end" });
  tick(1);
  bus.sendEvent("test:end", { n: 0 });
  tick(2);
  const seen: number[] = [];
  for await (const { n } of iterator) seen.push(n);
  expect(seen).toEqual([1]);
});

test("iterates over what one server of several received, and none was lost", async () => {
  const peng = new HeadlessPeng();
  const made = [1, 2].map(() => new Server({ peng, addr: "127.0.0.1:0" }));
  const [server] = made as [Server, Server];
  const until = "peng3dnet:server.shutdown";
  const received = events(server, "peng3dnet:server.connection.recv", { until });
  for (const one of made) {
    one.registerPacket("test:number", new Packet(one.registry, one));
    await one.start();
    const client = new Client({ addr: ["127.0.0.1", one.addr[1]] });
    client.registerPacket("test:number", new Packet(client.registry, client));
    await client.start();
    for (let n = 0; n < 500; n++) client.sendMessage("test:number", n);
    await client.close();
  }
  for (const one of made) await one.shutdown();
  const seen: unknown[] = [];
  for await (const data of received) {
    expect(data.server).toBe(server);
    seen.push(data.msg);
  }
  expect(seen).toEqual(Array.from({ length: 500 }, (_, n) => n));
  expect(peng.listenerCount()).toBe(0);
});

test("a server without a bus is a clear error", () => {
  expect(() => events(new Server(), "peng3dnet:server.connection.recv")).toThrow(NoEventBusError);
});

describe("maxBytes", () => {
  const sized = (n: number, bytes: number) => ({ n, [EVENT_SIZE]: bytes });

  test.each([
    ["dropoldest", [3]],
    ["dropnewest", [1, 2]],
  ] as const)("counts what packets take, and with %s drops as limit does", async (overflow, left) => {
    const bus = new HeadlessPeng<Events>();
    const iterator = events(bus, "test:tick", { maxBytes: 100, overflow, until: "test:end" });
    bus.sendEvent("test:tick", sized(1, 50));
    bus.sendEvent("test:tick", sized(2, 50));
    bus.sendEvent("test:tick", sized(3, 60));
    bus.sendEvent("test:end", { n: 0 });
    const got: number[] = [];
    for await (const { n } of iterator) got.push(n);
    expect(got).toEqual(left);
    expect(iterator.dropped).toBe(3 - left.length);
  });

  test("past it, an iteration ends with an error behind what is buffered, and one event has room in any case", async () => {
    const bus = new HeadlessPeng<Events>();
    const iterator = events(bus, "test:tick", { maxBytes: 100 });
    bus.sendEvent("test:tick", sized(1, 500));
    bus.sendEvent("test:tick", sized(2, 1));
    expect((await iterator.next()).value?.n).toBe(1);
    await expect(iterator.next()).rejects.toBeInstanceOf(EventOverflowError);
    expect(() => events(bus, "test:tick", { maxBytes: 0 })).toThrow(RangeError);
  });

  test("is told of packets of a server and of a client", async () => {
    const bus = new HeadlessPeng();
    const server = new Server({ addr: "127.0.0.1:0", peng: bus });
    server.registerPacket("test:text", new Packet(server.registry, server));
    await server.start();
    const received = events(server, "peng3dnet:server.connection.recv", { maxBytes: 4000 });
    const client = new Client({ addr: server.addr });
    client.registerPacket("test:text", new Packet(client.registry, client));
    await client.start();
    for (let number = 0; number < 3; number++) client.sendMessage("test:text", "x".repeat(1900));
    await client.close();
    await server.shutdown();
    const seen: unknown[] = [];
    const overflow = (async () => {
      for await (const { msg } of received) seen.push(msg);
    })();
    await expect(overflow).rejects.toBeInstanceOf(EventOverflowError);
    expect(seen.length).toBeLessThan(3);
  });
});
