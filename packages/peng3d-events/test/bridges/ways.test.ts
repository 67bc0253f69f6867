// Which events take a way, and which way errors take: what bridges and listeners of a peer's own events are made of.

import { EventEmitter } from "node:events";
import { Client, type Logger, silentLogger } from "@peng3dnet/core";
import {
  gather,
  HeadlessPeng,
  listen,
  NoEventBusError,
  type PengEventMap,
  toEventEmitter,
  toEventTarget,
} from "@peng3dnet/peng3d-events";

const CLOSE = "peng3dnet:client.close";
const STOP = "peng3dnet:client.stop";

type Close = PengEventMap[typeof CLOSE];

function ring() {
  const [a, b] = [new HeadlessPeng(), new HeadlessPeng()] as const;
  gather([a], b);
  gather([b], a);
  const client = new Client();
  return { a, b, close: (reason: string): Close => ({ peng: undefined as never, client, reason }) };
}

describe("in a ring of buses, nothing comes back", () => {
  test("but another event with the same data, and the same event with other data, which a listener sends", () => {
    const { a, b, close } = ring();
    const [first, second] = [close("first"), close("second")];
    const heard: unknown[] = [];
    for (const [name, bus] of [
      ["a", a],
      ["b", b],
    ] as const) {
      bus.addEventListener(CLOSE, (_event, { reason }) => heard.push(`${name} close ${reason}`));
      bus.addEventListener(STOP, (_event, data) => heard.push(`${name} stop ${(data as unknown) === first}`));
    }
    b.addEventListener(CLOSE, (_event, { reason }) => {
      if (reason !== "first") return;
      b.sendEvent(STOP, first as never);
      b.sendEvent(CLOSE, second);
    });
    a.sendEvent(CLOSE, first);
    expect(heard.sort()).toEqual(
      [
        "a close first",
        "a close second",
        "a stop true",
        "b close first",
        "b close second",
        "b stop true",
      ].sort(),
    );
  });

  test("the same data may be sent again, also if that failed before", () => {
    const { a, b, close } = ring();
    const data = close("again");
    let failing = true;
    const heard: string[] = [];
    b.addEventListener(
      CLOSE,
      (_event, { reason }) => {
        heard.push(String(reason));
        if (failing) throw new Error("mistake");
      },
      true,
    );
    expect(() => a.sendEvent(CLOSE, data)).toThrow("mistake");
    failing = false;
    a.sendEvent(CLOSE, data);
    a.sendEvent(CLOSE, data);
    expect(heard).toEqual(["again", "again", "again"]);
  });
});

describe("a peer's own events", () => {
  test.each([undefined, null, 5, "text"])("are none with %p for data, and nothing fails of it", (data) => {
    const bus = new HeadlessPeng();
    const heard: unknown[] = [];
    listen(new Client({ peng: bus }), CLOSE, (_event, own) => heard.push(own), true);
    bus.sendEvent(CLOSE, data as never);
    expect(heard).toEqual([]);
  });

  test.each([
    ["neither", {}, /this is neither$/],
    ["half of one", { addEventListener() {} }, /this is neither$/],
    ["the other half", { delEventListener() {} }, /this is neither$/],
    ["a peer without an engine", { peng: null, cfg: new Client().cfg }, /has no addEventListener and del/],
    [
      "one whose engine is half",
      new Client({ peng: { sendEvent() {}, addEventListener() {} } as never }),
      /has no add/,
    ],
    ["or other half", new Client({ peng: { sendEvent() {}, delEventListener() {} } as never }), /has no add/],
  ])("cannot be had of %s", (_what, origin, message) => {
    const had = (): unknown => listen(origin as HeadlessPeng, CLOSE, () => {});
    expect(had).toThrow(NoEventBusError);
    expect(had).toThrow(message);
  });
});

describe("the options of listen", () => {
  const errors: string[] = [];
  const logger: Logger = { ...silentLogger, error: (text) => void errors.push(text) };

  test.each([
    ["true", true, true],
    ["an option", { raiseErrors: true }, true],
    ["false", false, false],
    ["an option that is false", { raiseErrors: false }, false],
    ["none", undefined, false],
    ["others", { wanted: () => true }, false],
  ])("errors with %s", (_name, options, raised) => {
    const bus = new HeadlessPeng({ logger });
    errors.length = 0;
    listen(
      bus,
      CLOSE,
      () => {
        throw new Error("mistake");
      },
      options,
    );
    const send = (): void => bus.sendEvent(CLOSE, ring().close("one"));
    if (raised) expect(send).toThrow("mistake");
    else send();
    expect([errors.length, bus.listenerCount(CLOSE)]).toEqual(raised ? [0, 1] : [1, 0]);
  });

  test("wanted tells whether it counts", () => {
    const bus = new HeadlessPeng();
    let wanted = false;
    listen(bus, CLOSE, () => {}, { wanted: () => wanted });
    expect(bus.hasListeners(CLOSE)).toBe(false);
    wanted = true;
    expect(bus.hasListeners(CLOSE)).toBe(true);
  });
});

test("what a target throws on dispatching reaches the sender, and the bridge stays", () => {
  class Broken extends EventTarget {
    override dispatchEvent(): never {
      throw new Error("broken");
    }
  }
  const bus = new HeadlessPeng();
  toEventTarget(bus, new Broken(), { events: [CLOSE] });
  const { close } = ring();
  for (const reason of ["one", "two"]) expect(() => bus.sendEvent(CLOSE, close(reason))).toThrow("broken");
});

describe("a bridge that cannot be made leaves nothing behind", () => {
  /** An engine that takes so many listeners. */
  function full(room: number) {
    const listeners: unknown[] = [];
    return {
      listeners,
      sendEvent: (): void => {},
      addEventListener(_event: string, fn: unknown): void {
        if (listeners.length === room) throw new Error("full");
        listeners.push(fn);
      },
      delEventListener: (_event: string, fn: unknown): void =>
        void listeners.splice(listeners.indexOf(fn), 1),
    };
  }

  const ways: readonly (readonly [string, (origin: ReturnType<typeof full>) => unknown])[] = [
    ["toEventEmitter", (origin) => toEventEmitter(origin, new EventEmitter())],
    ["toEventTarget", (origin) => toEventTarget(origin, new EventTarget())],
    ["gather", (origin) => gather([origin], new HeadlessPeng())],
  ];

  test.each(ways)("%s", (_name, make) => {
    const engine = full(3);
    expect(() => make(engine)).toThrow("full");
    expect(engine.listeners).toEqual([]);
  });

  test("gather, on those that it had joined already", () => {
    const bus = new HeadlessPeng();
    expect(() => gather([bus, full(3)], new HeadlessPeng())).toThrow("full");
    expect(bus.listenerCount()).toBe(0);
  });
});
