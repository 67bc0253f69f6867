import { AbortedError, Client, ConfigError, EVENT_SIZE, Packet, Server } from "@peng3dnet/core";
import {
  EventOverflowError,
  events,
  HeadlessPeng,
  type ListenableEngine,
  NoEventBusError,
} from "@peng3dnet/peng3d-events";
import { movedWhile } from "../../../peer/test/support/steps.js";

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
  expect(await Promise.all(waiting)).toEqual([
    { done: false, value: { n: 3 } },
    { done: false, value: { n: 4 } },
  ]);
  expect(await iterator.return()).toEqual({ done: true, value: undefined });
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
  await expect(waiting).rejects.toMatchObject({
    message: "waiting for events was aborted",
    cause: { message: "enough" },
  });
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
  await expect(loop).rejects.toMatchObject({
    name: "EventOverflowError",
    code: "P3D_ERR_EVENT_OVERFLOW",
    message: "events came faster than they were read; 2 with 0 bytes wait already, see limit and maxBytes",
  });
  expect(seen).toEqual([1, 2]);
});

test("an end after that does not hide the error", async () => {
  const { bus, tick } = setUp();
  const iterator = events(bus, "test:tick", { limit: 1 });
  tick(1, 2);
  iterator.end();
  expect((await iterator.next()).value).toEqual({ n: 1 });
  await expect(iterator.next()).rejects.toThrow(EventOverflowError);
});

test("limit and maxBytes are integers from 1", async () => {
  const { bus, tick } = setUp();
  const iterator = events(bus, "test:tick", { limit: 1, maxBytes: 1 });
  tick(1);
  expect((await iterator.next()).value).toEqual({ n: 1 });
  for (const wrong of [0, 1.5, Number.NaN]) {
    expect(() => events(bus, "test:tick", { limit: wrong })).toThrow(
      new ConfigError("limit", 'the option "limit" has to be an integer from 1'),
    );
    expect(() => events(bus, "test:tick", { maxBytes: wrong })).toThrow(
      new ConfigError("maxBytes", 'the option "maxBytes" has to be an integer from 1'),
    );
  }
});

test.each<[string, object]>([
  ["overflow", { overflow: "dropOldest" }],
  ["overfow", { overfow: "dropoldest" }],
  ["signal", { signal: "stop" }],
])("a wrong %s is refused, and nothing listens: %p", (key, options) => {
  const { bus } = setUp();
  expect(() => events(bus, "test:tick", options as never)).toThrow(
    expect.objectContaining({ code: "P3D_ERR_CONFIG", key }),
  );
  expect(bus.listenerCount()).toBe(0);
});

test("yields events without data, too", async () => {
  const bus = new HeadlessPeng<{ readonly "test:none": undefined; readonly "test:null": null }>();
  const [none, nulls] = [events(bus, "test:none"), events(bus, "test:null")];
  for (let n = 0; n < 2; n++) {
    bus.sendEvent("test:none");
    bus.sendEvent("test:null", null as never);
  }
  expect([none.buffered, nulls.buffered]).toEqual([2, 2]);
  expect(await none.next()).toEqual({ done: false, value: undefined });
  expect(await nulls.next()).toEqual({ done: false, value: null });
});

test("yields nothing after its end, also on an engine that calls those that are removed", async () => {
  const fns: ((event: string, data: unknown) => unknown)[] = [];
  const engine: ListenableEngine = {
    addEventListener: (_event, fn) => void fns.push(fn),
    delEventListener() {},
  };
  const iterator = events(engine, "peng3dnet:client.start", { until: "peng3dnet:client.stop" });
  const [start, stop] = fns;
  start?.("peng3dnet:client.start", 1);
  stop?.("peng3dnet:client.stop", 2);
  start?.("peng3dnet:client.start", 3);
  expect(await iterator.next()).toEqual({ done: false, value: 1 });
  expect(await iterator.next()).toEqual({ done: true, value: undefined });
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

  test("counts no more what was read", async () => {
    const bus = new HeadlessPeng<Events>();
    const iterator = events(bus, "test:tick", { maxBytes: 100 });
    bus.sendEvent("test:tick", sized(0, 40));
    for (let n = 1; n < 10; n++) {
      bus.sendEvent("test:tick", sized(n, 60 - (n % 2) * 20));
      expect((await iterator.next()).value?.n).toBe(n - 1);
    }
    expect(iterator.dropped).toBe(0);
  });

  test("past it, an iteration ends with an error behind what is buffered, and one event has room in any case", async () => {
    const bus = new HeadlessPeng<Events>();
    const iterator = events(bus, "test:tick", { maxBytes: 100 });
    bus.sendEvent("test:tick", sized(1, 500));
    bus.sendEvent("test:tick", sized(2, 1));
    expect((await iterator.next()).value?.n).toBe(1);
    await expect(iterator.next()).rejects.toBeInstanceOf(EventOverflowError);
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

test("an iteration that is ended throws no more that it could not keep up", async () => {
  const { bus, tick } = setUp();
  const iterator = events(bus, "test:tick", { limit: 1 });
  tick(1, 2);
  await iterator.return();
  expect(await iterator.next()).toEqual({ done: true, value: undefined });
});

test("an iteration that cannot begin leaves no listener", () => {
  const { bus } = setUp();
  expect(() => events(bus, "test:tick", { until: 5 as never })).toThrow("has to be a string");
  expect(bus.listenerCount()).toBe(0);
});

test("an event that takes the place of the oldest one moves none of those between, and one that is read neither", async () => {
  const limit = 4000;
  const { bus, tick } = setUp();
  const iterator = events(bus, "test:tick", { limit, overflow: "dropoldest" });
  const got: number[] = [];
  const moved = await movedWhile(async () => {
    for (let n = 0; n < 2 * limit; n++) tick(n);
    for (let n = 0; n < limit; n++) got.push((await iterator.next()).value?.n ?? -1);
  });
  expect([iterator.dropped, got[0], got.at(-1)]).toEqual([limit, limit, 2 * limit - 1]);
  expect(moved).toBeLessThan(10 * limit);
});
