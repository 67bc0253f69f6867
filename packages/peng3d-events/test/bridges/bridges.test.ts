import { EventEmitter } from "node:events";
import { Client, ConfigError, type EngineLike, Server } from "@peng3dnet/core";
import {
  type EmitterEvents,
  fromEventEmitter,
  fromEventTarget,
  gather,
  HeadlessPeng,
  listen,
  NoEventBusError,
  PENG_EVENTS,
  PengEvent,
  type PengEventName,
  toEventEmitter,
  toEventTarget,
} from "@peng3dnet/peng3d-events";

const CLOSE = "peng3dnet:client.close";
const RECV = "peng3dnet:client.recv";

function setUp() {
  const bus = new HeadlessPeng();
  const client = new Client({ peng: bus });
  const close = (reason: string) => ({ peng: bus, client, reason });
  return { bus, client, close, heard: [] as unknown[] };
}

describe("toEventEmitter", () => {
  test("emits each event until it is disposed of, and leaves nothing", () => {
    const { bus, close, heard } = setUp();
    const emitter = new EventEmitter<EmitterEvents>();
    emitter.on(CLOSE, (data) => heard.push(data.reason));
    const dispose = toEventEmitter(bus, emitter);
    expect(bus.listenerCount()).toBe(PENG_EVENTS.length);
    bus.sendEvent(CLOSE, close("one"));
    dispose();
    dispose();
    bus.sendEvent(CLOSE, close("two"));
    expect(heard).toEqual(["one"]);
    expect(bus.listenerCount()).toBe(0);
    expect(emitter.listenerCount(CLOSE)).toBe(1);
  });

  test("wants only what the emitter has a listener for", () => {
    const { bus } = setUp();
    const emitter = new EventEmitter();
    using _bridge = toEventEmitter(bus, emitter, { events: [RECV] });
    expect(bus.hasListeners(RECV)).toBe(false);
    const fn = (): void => {};
    emitter.on(RECV, fn);
    expect(bus.hasListeners(RECV)).toBe(true);
    emitter.removeAllListeners();
    expect(bus.hasListeners(RECV)).toBe(false);
  });

  test("ends with using", () => {
    const { bus } = setUp();
    {
      using _bridge = toEventEmitter(bus, new EventEmitter());
      expect(bus.listenerCount()).toBeGreaterThan(0);
    }
    expect(bus.listenerCount()).toBe(0);
  });

  test("goes on when a listener of the emitter throws", () => {
    const { bus, close, heard } = setUp();
    const emitter = new EventEmitter();
    emitter.on(CLOSE, ({ reason }) => {
      heard.push(reason);
      throw new Error("emitter's mistake");
    });
    toEventEmitter(bus, emitter);
    bus.addEventListener(CLOSE, () => heard.push("other"));
    expect(() => bus.sendEvent(CLOSE, close("one"))).toThrow("emitter's mistake");
    expect(() => bus.sendEvent(CLOSE, close("two"))).toThrow("emitter's mistake");
    expect(heard).toEqual(["one", "other", "two", "other"]);
  });

  test("takes only a peer's own events from a bus that it shares", async () => {
    const { bus, heard } = setUp();
    const servers = [1, 2].map(() => new Server({ peng: bus, addr: "127.0.0.1:0" }));
    const [first] = servers as [Server, Server];
    const emitter = new EventEmitter();
    emitter.on("peng3dnet:server.bind", ({ server }) => heard.push(server));
    using _bridge = toEventEmitter(first, emitter, { events: ["peng3dnet:server.bind"] });
    for (const server of servers) await server.start();
    for (const server of servers) await server.shutdown();
    expect(heard).toEqual([first]);
  });
});

describe("fromEventEmitter", () => {
  test("sends what is emitted until it is disposed of, and leaves nothing", () => {
    const { bus, close, heard } = setUp();
    const emitter = new EventEmitter<EmitterEvents>();
    bus.addEventListener(CLOSE, (event, data) => heard.push([event, data.reason]));
    const dispose = fromEventEmitter(emitter, bus);
    emitter.emit(CLOSE, close("one"));
    dispose();
    emitter.emit(CLOSE, close("two"));
    expect(heard).toEqual([[CLOSE, "one"]]);
    expect(emitter.eventNames()).toEqual([]);
  });

  test("with the other direction makes no ring", () => {
    const { bus, close, heard } = setUp();
    const emitter = new EventEmitter<EmitterEvents>();
    using _to = toEventEmitter(bus, emitter);
    using _from = fromEventEmitter(emitter, bus);
    bus.addEventListener(CLOSE, (_event, data) => heard.push(`bus ${data.reason}`));
    emitter.on(CLOSE, (data) => heard.push(`emitter ${data.reason}`));
    bus.sendEvent(CLOSE, close("one"));
    emitter.emit(CLOSE, close("two"));
    expect(heard).toEqual(["emitter one", "bus one", "bus two", "emitter two"]);
  });
});

describe("toEventTarget and fromEventTarget", () => {
  test("dispatch events with the data as detail, until disposed of", () => {
    const { bus, close, heard } = setUp();
    const target = new EventTarget();
    target.addEventListener(CLOSE, (event) => {
      const { type, detail } = event as PengEvent<typeof CLOSE>;
      heard.push([type, detail.reason, event instanceof PengEvent]);
    });
    const dispose = toEventTarget(bus, target, { events: [CLOSE] });
    expect(bus.listenerCount()).toBe(1);
    bus.sendEvent(CLOSE, close("one"));
    dispose();
    bus.sendEvent(CLOSE, close("two"));
    expect(heard).toEqual([[CLOSE, "one", true]]);
    expect(bus.listenerCount()).toBe(0);
  });

  test("send the detail of events, and pass over those without", () => {
    const { bus, close, heard } = setUp();
    const target = new EventTarget();
    bus.addEventListener(CLOSE, (_event, { reason }) => heard.push(reason));
    const dispose = fromEventTarget(target, bus);
    target.dispatchEvent(new PengEvent(CLOSE, close("one")));
    target.dispatchEvent(new Event(CLOSE));
    target.dispatchEvent(new CustomEvent(CLOSE, { detail: close("custom") }));
    dispose();
    target.dispatchEvent(new PengEvent(CLOSE, close("two")));
    expect(heard).toEqual(["one", "custom"]);
  });

  test("in both directions make no ring", () => {
    const { bus, close, heard } = setUp();
    const target = new EventTarget();
    using _to = toEventTarget(bus, target);
    using _from = fromEventTarget(target, bus);
    bus.addEventListener(CLOSE, () => heard.push("bus"));
    target.addEventListener(CLOSE, () => heard.push("target"));
    bus.sendEvent(CLOSE, close("one"));
    target.dispatchEvent(new PengEvent(CLOSE, close("two")));
    expect(heard).toEqual(["target", "bus", "bus", "target"]);
  });
});

describe("gather", () => {
  test("brings several peers, each with a bus of its own, to one bus", async () => {
    const own = [new HeadlessPeng(), new HeadlessPeng()];
    const bus = new HeadlessPeng();
    const server = new Server({ peng: own[0], addr: "127.0.0.1:0" });
    await server.start();
    const client = new Client({ peng: own[1], addr: ["127.0.0.1", server.addr[1]] });
    const on = new Client({ peng: bus });
    const heard: string[] = [];
    for (const event of PENG_EVENTS) bus.addEventListener(event, (name) => heard.push(name));
    const dispose = gather([server, client, on, client], bus);
    on.initialize();
    await client.start();
    await client.close();
    dispose();
    await server.shutdown();
    expect(heard.filter((name) => name === "peng3dnet:client.initialize")).toHaveLength(2);
    expect(heard.filter((name) => name === CLOSE)).toHaveLength(1);
    expect(heard).toContain("peng3dnet:server.connection.handshakecomplete");
    expect(heard).not.toContain("peng3dnet:server.shutdown");
    expect(own.map((left) => left.listenerCount())).toEqual([0, 0]);
  });

  test("lets an error through that a listener of the one bus is to raise, and stays", () => {
    const [a, b] = [new HeadlessPeng(), new HeadlessPeng()] as const;
    const { close, heard } = setUp();
    using _ab = gather([a], b);
    b.addEventListener(
      CLOSE,
      () => {
        throw new Error("mistake");
      },
      true,
    );
    b.addEventListener(CLOSE, () => heard.push("b"));
    for (const reason of ["one", "two"]) expect(() => a.sendEvent(CLOSE, close(reason))).toThrow("mistake");
    expect(heard).toEqual(["b", "b"]);
  });

  test("wants only what the one bus has a listener for, and joins rings", () => {
    const [a, b, c] = [new HeadlessPeng(), new HeadlessPeng(), new HeadlessPeng()] as const;
    const { close, heard } = setUp();
    using _ab = gather([a], b);
    using _bc = gather([b], c);
    using _ca = gather([c], a);
    expect([a, b, c].map((bus) => bus.hasListeners(CLOSE))).toEqual([false, false, false]);
    c.addEventListener(CLOSE, () => heard.push("c"));
    expect([a, b, c].map((bus) => bus.hasListeners(CLOSE))).toEqual([true, true, true]);
    a.sendEvent(CLOSE, close("one"));
    c.sendEvent(CLOSE, close("two"));
    expect(heard).toEqual(["c", "c"]);
  });
});

test.each<[string, (options: never) => void]>([
  ["toEventEmitter", (options) => toEventEmitter(new HeadlessPeng(), new EventEmitter(), options)],
  ["fromEventEmitter", (options) => fromEventEmitter(new EventEmitter(), new HeadlessPeng(), options)],
  ["toEventTarget", (options) => toEventTarget(new HeadlessPeng(), new EventTarget(), options)],
  ["fromEventTarget", (options) => fromEventTarget(new EventTarget(), new HeadlessPeng(), options)],
  ["gather", (options) => gather([new HeadlessPeng()], new HeadlessPeng(), options)],
])("%s has the options that there are", (_name, make) => {
  expect(() => make({ event: [CLOSE] } as never)).toThrow(
    'a bridge has no option "event"; did you mean "events"?',
  );
  expect(() => make(null as never)).toThrow("a bridge takes an object of options, and not null");
});

describe("where events come from", () => {
  const bridge = (origin: object): void => {
    listen(origin as HeadlessPeng, CLOSE, () => {})();
  };

  test.each([null, 5])("is an error where it is %p", (origin) => {
    expect(() => bridge(origin as never)).toThrow(NoEventBusError);
  });

  test("is an error without a bus, with one that nobody can listen to, or with events off", () => {
    expect(() => bridge(new Client())).toThrow(/pass `peng: new HeadlessPeng\(\)`/);
    expect(() => bridge(new Client({ peng: { sendEvent: () => {} } }))).toThrow(/no addEventListener/);
    const off = new Client({ peng: new HeadlessPeng(), cfg: { "net.events.enable": false } });
    expect(() => bridge(off)).toThrow(/"net.events.enable" is false/);
    expect(() => bridge({})).toThrow(NoEventBusError);
    try {
      bridge(new Server());
    } catch (error) {
      expect(error).toMatchObject({ code: "P3D_ERR_NO_EVENT_BUS", name: "NoEventBusError" });
    }
    expect.assertions(5);
  });

  test("may be an engine that offers the two methods", () => {
    type Fn = (event: string, data: unknown) => unknown;
    const listeners = new Map<string, Fn[]>();
    const engine: EngineLike & { addEventListener: unknown; delEventListener: unknown } = {
      sendEvent: (event, data) => listeners.get(event)?.forEach((fn) => void fn(event, data)),
      addEventListener: (event: string, fn: Fn, raiseErrors: boolean) => {
        expect(raiseErrors).toBe(false);
        listeners.set(event, [...(listeners.get(event) ?? []), fn]);
      },
      delEventListener: (event: string, fn: Fn) => {
        listeners.set(
          event,
          (listeners.get(event) ?? []).filter((one) => one !== fn),
        );
      },
    };
    const client = new Client({ peng: engine });
    const heard: PengEventName[] = [];
    const disposers = [
      listen(client, "peng3dnet:client.initialize", (event) => heard.push(event)),
      listen(engine, "peng3dnet:client.initialize", (event, data) =>
        heard.push(data.client === client ? event : CLOSE),
      ),
    ];
    client.initialize();
    for (const dispose of disposers) dispose();
    expect(heard).toEqual(["peng3dnet:client.initialize", "peng3dnet:client.initialize"]);
    expect([...listeners.values()].flat()).toEqual([]);
  });

  test("a disposer removes its own listener, and is fine where that is gone", () => {
    const { bus, close } = setUp();
    const fn = jest.fn(() => {
      throw new Error("removes itself");
    });
    jest.spyOn(process, "emitWarning").mockImplementation(() => {});
    const dispose = listen(bus, CLOSE, fn);
    bus.addEventListener(CLOSE, () => {});
    bus.sendEvent(CLOSE, close("one"));
    dispose();
    expect(bus.listenerCount(CLOSE)).toBe(1);
    expect(fn).toHaveBeenCalledTimes(1);
    jest.restoreAllMocks();
  });

  test("a server whose engine holds a wrong value for net.events.enable is refused", () => {
    expect(() => new Server({ peng: { sendEvent: () => {}, cfg: { "net.events.enable": "yes" } } })).toThrow(
      ConfigError,
    );
  });
});
