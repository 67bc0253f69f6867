import { Client, ConfigError, type Logger, Server, silentLogger } from "@peng3dnet/core";
import { HeadlessPeng, UnknownListenerError } from "@peng3dnet/peng3d-events";

interface Events {
  readonly "test:one": { readonly n: number };
  readonly "test:two": { readonly n: number };
}

function setUp(cfg = {}) {
  const errors: string[] = [];
  const debug: string[] = [];
  const logger: Logger = {
    ...silentLogger,
    error: (text) => void errors.push(text),
    debug: (text) => void debug.push(text),
  };
  return { bus: new HeadlessPeng<Events>({ cfg, logger }), errors, debug, heard: [] as string[] };
}

describe("listeners", () => {
  test("are called in order, with name and data, at once", () => {
    const { bus, heard } = setUp();
    const data = { n: 1 };
    bus.addEventListener("test:one", (event, given) => void heard.push(`first ${event} ${given === data}`));
    bus.addEventListener("test:one", () => void heard.push("second"));
    bus.addEventListener("test:two", () => void heard.push("other"));
    bus.sendEvent("test:one", data);
    expect(heard).toEqual(["first test:one true", "second"]);
  });

  test("of an event without data get none", () => {
    const bus = new HeadlessPeng<{ readonly "test:tick": undefined }>();
    const heard: unknown[] = [];
    bus.addEventListener("test:tick", (...given) => heard.push(given));
    bus.sendEvent("test:tick");
    expect(heard).toEqual([["test:tick", undefined]]);
  });

  test("that are added twice are called twice and removed one at a time", () => {
    const { bus, heard } = setUp();
    const fn = (): void => void heard.push("called");
    bus.addEventListener("test:one", fn);
    bus.addEventListener("test:one", fn);
    bus.sendEvent("test:one", { n: 1 });
    bus.delEventListener("test:one", fn);
    bus.sendEvent("test:one", { n: 2 });
    expect(heard).toHaveLength(3);
    bus.delEventListener("test:one", fn);
    expect(bus.listenerCount()).toBe(0);
  });

  test("that are unknown cannot be removed", () => {
    const { bus } = setUp();
    const fn = (): void => {};
    bus.addEventListener("test:one", fn);
    expect(() => bus.delEventListener("test:two", fn)).toThrow(UnknownListenerError);
    expect(() => bus.delEventListener("test:one", () => {})).toThrow(/does not listen to "test:one"/);
    bus.delEventListener("test:one", fn);
    expect(() => bus.delEventListener("test:one", fn)).toThrow(
      expect.objectContaining({ name: "UnknownListenerError", code: "P3D_ERR_UNKNOWN_LISTENER" }),
    );
  });

  test("are functions, and names are strings", () => {
    const { bus } = setUp();
    expect(() => bus.addEventListener("test:one", "no function" as never)).toThrow(
      new TypeError('the listener for "test:one" has to be a function'),
    );
    expect(() => bus.addEventListener(7 as never, () => {})).toThrow(
      new TypeError("the name of an event has to be a string"),
    );
  });

  test("may add and remove listeners while an event runs", () => {
    const { bus, heard } = setUp();
    const added = (): void => void heard.push("added");
    const removed = (): void => void heard.push("removed");
    const self = (): void => {
      heard.push("self");
      bus.delEventListener("test:one", self);
      bus.delEventListener("test:one", removed);
      bus.addEventListener("test:one", added);
    };
    bus.addEventListener("test:one", self);
    bus.addEventListener("test:one", removed);
    bus.addEventListener("test:one", () => void heard.push("last"));
    bus.sendEvent("test:one", { n: 1 });
    expect(heard.splice(0)).toEqual(["self", "last"]);
    bus.sendEvent("test:one", { n: 2 });
    expect(heard).toEqual(["last", "added"]);
  });

  test("may send events while one runs", () => {
    const { bus, heard } = setUp();
    bus.addEventListener("test:one", (_event, { n }) => {
      heard.push(`one ${n}`);
      if (n < 3) bus.sendEvent("test:one", { n: n + 1 });
    });
    bus.addEventListener("test:one", (_event, { n }) => void heard.push(`also ${n}`));
    bus.sendEvent("test:one", { n: 1 });
    expect(heard).toEqual(["one 1", "one 2", "one 3", "also 3", "also 2", "also 1"]);
  });

  test("count only if they want the event", () => {
    const { bus } = setUp();
    expect(bus.hasListeners("test:one")).toBe(false);
    let wanted = false;
    bus.addEventListener("test:one", () => {}, { wanted: () => wanted });
    expect(bus.hasListeners("test:one")).toBe(false);
    wanted = true;
    expect(bus.hasListeners("test:one")).toBe(true);
    expect(bus.hasListeners("test:two")).toBe(false);
    bus.addEventListener("test:two", () => {});
    expect(bus.hasListeners("test:two")).toBe(true);
    expect([bus.listenerCount("test:one"), bus.listenerCount("test:two"), bus.listenerCount()]).toEqual([
      1, 1, 2,
    ]);
  });
});

describe("a listener that fails", () => {
  const fail = (): never => {
    throw new Error("listener's mistake");
  };

  test("stops no other one, is reported, and removed", () => {
    const { bus, errors, heard } = setUp();
    bus.addEventListener("test:one", fail);
    bus.addEventListener("test:one", () => void heard.push("after"));
    bus.sendEvent("test:one", { n: 1 });
    bus.sendEvent("test:one", { n: 2 });
    expect(heard).toHaveLength(2);
    expect(errors).toEqual([expect.stringMatching(/"test:one" failed and was removed.*listener's mistake/s)]);
    expect(bus.listenerCount("test:one")).toBe(1);
  });

  test("stays without events.removeonerror", () => {
    const { bus, errors } = setUp({ "events.removeonerror": false });
    bus.addEventListener("test:one", fail);
    for (let n = 1; n <= 25; n++) bus.sendEvent("test:one", { n });
    expect(errors).toEqual([
      expect.stringMatching(/^a listener for "test:one" failed: Error: listener's mistake\n +at /),
      `a listener for "test:one" failed: listener's mistake (happened 10 times so far)`,
    ]);
    expect(bus.listenerCount("test:one")).toBe(1);
  });

  test("is reported once for each kind of its errors, and then at the tenth time", () => {
    const { bus, errors } = setUp({ "events.removeonerror": false });
    bus.addEventListener("test:one", (_event, { n }) => {
      if (n % 2 === 0) throw new RangeError("even");
      throw new TypeError("odd");
    });
    for (let n = 1; n <= 20; n++) bus.sendEvent("test:one", { n });
    expect(errors).toEqual([
      expect.stringContaining("failed: TypeError: odd\n"),
      expect.stringContaining("failed: RangeError: even\n"),
      expect.stringContaining("failed: odd (happened 10 times so far)"),
      expect.stringContaining("failed: even (happened 10 times so far)"),
    ]);
  });

  test("with options that do not say otherwise raises nothing, and is removed", () => {
    const { bus, errors } = setUp();
    bus.addEventListener("test:one", fail, {});
    bus.sendEvent("test:one", { n: 1 });
    expect(errors).toHaveLength(1);
    expect(bus.listenerCount()).toBe(0);
  });

  test("with raiseErrors stays, and sendEvent throws once all were called", () => {
    const { bus, errors, heard } = setUp();
    bus.addEventListener("test:one", fail, true);
    bus.addEventListener("test:one", () => Promise.reject(new TypeError("second")), { raiseErrors: true });
    bus.addEventListener(
      "test:one",
      () => {
        throw new RangeError("third");
      },
      true,
    );
    bus.addEventListener("test:one", () => void heard.push("after"));
    expect(() => bus.sendEvent("test:one", { n: 1 })).toThrow("listener's mistake");
    expect(heard).toEqual(["after"]);
    expect(errors).toEqual([expect.stringContaining("third")]);
    expect(bus.listenerCount("test:one")).toBe(4);
  });

  test("by a promise is reported and removed, too", async () => {
    const { bus, errors } = setUp();
    bus.addEventListener("test:one", async () => {
      await Promise.resolve();
      throw "no error object";
    });
    bus.sendEvent("test:one", { n: 1 });
    bus.sendEvent("test:one", { n: 2 });
    await new Promise(setImmediate);
    expect(errors).toEqual([
      expect.stringContaining("was removed: no error object"),
      expect.not.stringContaining("was removed"),
    ]);
    expect(bus.listenerCount()).toBe(0);
  });

  test("warns once where there is no logger", async () => {
    const warned = jest.spyOn(process, "emitWarning").mockImplementation(() => {});
    const bus = new HeadlessPeng<Events>({ cfg: { "events.removeonerror": false } });
    bus.addEventListener("test:one", fail);
    for (const n of [1, 2, 3]) bus.sendEvent("test:one", { n });
    expect(warned).toHaveBeenCalledTimes(1);
    expect(warned.mock.calls[0]).toEqual([expect.stringContaining("listener's mistake"), "Peng3dnetWarning"]);
    warned.mockRestore();
  });

  test("harms no server, and with raiseErrors becomes its handlerError", async () => {
    const bus = new HeadlessPeng({ logger: silentLogger });
    bus.addEventListener("peng3dnet:server.bind", fail, true);
    bus.addEventListener("peng3dnet:server.start", fail);
    const server = new Server({ peng: bus, addr: "127.0.0.1:0" });
    const failures: [unknown, string][] = [];
    server.on("handlerError", (error, { where }) => void failures.push([error, where]));
    await server.start();
    const client = new Client({ peng: bus, addr: ["127.0.0.1", server.addr[1]] });
    await client.start();
    await client.close();
    await server.shutdown();
    expect(failures).toEqual([
      [expect.objectContaining({ message: "listener's mistake" }), "peng3dnet:server.bind"],
    ]);
  });
});

describe("events without a listener", () => {
  test("are logged up to events.maxignore times each", () => {
    const { bus, debug } = setUp({ "events.maxignore": 2 });
    for (const n of [1, 2, 3, 4]) {
      bus.sendEvent("test:one", { n });
      bus.sendEvent("test:two", { n });
    }
    expect(debug).toHaveLength(4);
    expect(debug[0]).toBe('the event "test:one" has no listener');
  });

  test("by made-up names fill no memory", () => {
    const { bus, debug } = setUp();
    for (let n = 0; n < 5000; n++) bus.sendEvent(`test:${n}` as "test:one", { n });
    expect(debug).toHaveLength(1024);
    // Those that are counted already are counted on.
    for (let n = 0; n < 5; n++) bus.sendEvent("test:7" as "test:one", { n });
    expect(debug).toHaveLength(1026);
  });

  test("are those, too, whose last listener is gone", () => {
    const { bus, debug } = setUp();
    const fn = (): void => {};
    bus.addEventListener("test:one", fn);
    bus.sendEvent("test:one", { n: 1 });
    expect(debug).toEqual([]);
    bus.delEventListener("test:one", fn);
    bus.sendEvent("test:one", { n: 2 });
    expect(debug).toEqual(['the event "test:one" has no listener']);
  });
});

describe("the config", () => {
  test("has the engine's options with their defaults", () => {
    const { cfg } = new HeadlessPeng();
    expect(cfg.get("events.removeonerror")).toBe(true);
    expect(cfg.get("events.maxignore")).toBe(3);
    cfg.set("events.maxignore", 7);
    expect(cfg.get("events.maxignore")).toBe(7);
    cfg.delete("events.maxignore");
    expect(cfg.get("events.maxignore")).toBe(3);
  });

  test("is what servers and clients stack theirs on", () => {
    const peng = new HeadlessPeng({ cfg: { "net.timeout.close": 1, "events.maxignore": 0 } });
    const server = new Server({ peng, cfg: { "net.timeout.idle": 60 } });
    expect(server.cfg.get("net.timeout.close")).toBe(1);
    expect(server.cfg.get("net.timeout.idle")).toBe(60);
    expect(server.cfg.get("net.timeout.handshake")).toBe(10);
    expect(peng.cfg.get("net.timeout.handshake")).toBe(10);
    peng.cfg.set("net.timeout.close", 2);
    expect(server.cfg.get("net.timeout.close")).toBe(2);
  });

  test("refuses unknown keys and wrong values of its own and of peers", () => {
    const refusal = (key: string, value: unknown): unknown => {
      try {
        return new HeadlessPeng({ cfg: { [key]: value } });
      } catch (error) {
        return error;
      }
    };
    for (const [key, value, message] of [
      [
        "events.maxignored",
        1,
        'unknown config option "events.maxignored"; known: events.removeonerror, events.maxignore',
      ],
      ["events.maxignore", -1, 'config option "events.maxignore" has to be an integer from 0'],
      ["events.removeonerror", "no", 'config option "events.removeonerror" has to be true or false'],
    ] as const) {
      expect(refusal(key, value)).toBeInstanceOf(ConfigError);
      expect(refusal(key, value)).toMatchObject({ key, message });
    }
    expect(() => new HeadlessPeng({ cfg: { "net.timeout.close": "soon" as never } })).toThrow(ConfigError);
    expect(() => new HeadlessPeng({ cfg: { "net.no.such": 1 } })).toThrow(ConfigError);
  });

  test.each([null, 5, {}])(
    "is not made with %j as a logger, which would swallow what it is told",
    (logger) => {
      expect(() => new HeadlessPeng({ logger: logger as never })).toThrow(
        'the option "logger" has no error()',
      );
    },
  );

  test("stacks on another, and keeps keys of the application", () => {
    const parent = { "events.maxignore": 9, "net.timeout.close": 4, "chat.motd": "hi" };
    const { cfg } = new HeadlessPeng({
      cfg: { "chat.color": "red", "events.removeonerror": undefined },
      parent,
    });
    expect(
      ["events.maxignore", "net.timeout.close", "chat.motd", "chat.color", "chat.none"].map((key) =>
        cfg.get(key),
      ),
    ).toEqual([9, 4, "hi", "red", undefined]);
    const child = new HeadlessPeng({ parent: cfg });
    expect(child.cfg.get("events.maxignore")).toBe(9);
    const bad = new HeadlessPeng({ parent: { "events.maxignore": "many" } });
    expect(() => bad.cfg.get("events.maxignore")).toThrow(ConfigError);
  });
});

describe("net.events.enable", () => {
  async function eventsWith(enable: boolean | "auto"): Promise<number> {
    const peng = new HeadlessPeng();
    let count = 0;
    peng.addEventListener("peng3dnet:server.initialize", () => count++);
    const server = new Server({ peng, addr: "127.0.0.1:0", cfg: { "net.events.enable": enable } });
    await server.start();
    await server.shutdown();
    return count;
  }

  test("auto and true send events, false sends none", async () => {
    expect(await Promise.all([eventsWith("auto"), eventsWith(true), eventsWith(false)])).toEqual([1, 1, 0]);
  });

  test("true without a bus is an error", () => {
    expect(() => new Server({ cfg: { "net.events.enable": true } })).toThrow(ConfigError);
    expect(() => new Client({ cfg: { "net.events.enable": true } })).toThrow(/no engine or event bus/);
  });
});

test("stop sends its event on each call, but not to a listener that stops within it", async () => {
  const peng = new HeadlessPeng();
  const server = new Server({ peng, addr: "127.0.0.1:0" });
  let stops = 0;
  peng.addEventListener("peng3dnet:server.stop", () => {
    stops++;
    server.stop();
  });
  await server.start();
  server.stop();
  server.stop();
  expect(stops).toBe(2);
});
