// A listener that fails in whatever way, and a logger or config that does, harm nobody else.

import { type Logger, silentLogger } from "@peng3dnet/core";
import { HeadlessPeng } from "@peng3dnet/peng3d-events";
import { HORRORS } from "../../../protocol/test/support/horrors.js";

interface Events {
  readonly "test:one": { readonly n: number };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const unhandled: unknown[] = [];
const note = (error: unknown): void => void unhandled.push(error);

beforeAll(() => process.on("unhandledRejection", note));
afterAll(() => process.off("unhandledRejection", note));

const THROWN: typeof HORRORS = [
  ...HORRORS,
  ["a promise that rejects", () => Promise.reject(new Error("of a promise"))],
];

describe.each(THROWN)("%s", (_name, make) => {
  const manners: readonly (() => unknown)[] = [
    () => {
      throw make();
    },
    () => Promise.reject(make()),
    () => make(),
  ];

  test.each([0, 1, 2])("from a listener, in manner %d", async (manner) => {
    const errors: string[] = [];
    const logger: Logger = { ...silentLogger, error: (text) => void errors.push(text) };
    const bus = new HeadlessPeng<Events>({ logger });
    const heard: number[] = [];
    bus.addEventListener("test:one", manners[manner] as () => unknown);
    bus.addEventListener("test:one", (_event, { n }) => void heard.push(n));
    bus.sendEvent("test:one", { n: 1 });
    await turn();
    bus.sendEvent("test:one", { n: 2 });
    await turn();
    expect(heard).toEqual([1, 2]);
    if (manner < 2) {
      expect(errors).toEqual([expect.stringMatching(/^a listener for "test:one" failed and was removed: /)]);
    }
    expect(unhandled).toEqual([]);
  });

  test.each([0, 1, 2])("from the logger, in manner %d", async (manner) => {
    const mean = manners[manner] as () => never;
    const bus = new HeadlessPeng<Events>({ logger: { debug: mean, info: mean, warn: mean, error: mean } });
    bus.sendEvent("test:one", { n: 1 });
    bus.addEventListener("test:one", () => {
      throw new Error("for the log");
    });
    bus.sendEvent("test:one", { n: 2 });
    await turn();
    expect(bus.listenerCount()).toBe(0);
    expect(unhandled).toEqual([]);
  });
});

test("a listener that fails is removed where the config behind the bus makes no sense", () => {
  const bus = new HeadlessPeng<Events>({ parent: { "events.removeonerror": "maybe" }, logger: silentLogger });
  bus.addEventListener("test:one", () => {
    throw new Error("mistake");
  });
  bus.sendEvent("test:one", { n: 1 });
  expect(bus.listenerCount()).toBe(0);
});

test.each<[string, Partial<NodeJS.Process> | undefined]>([
  ["no process", undefined],
  ["a process without warnings", {}],
])("where there is %s, the console tells of a failure", (_what, stand) => {
  const own = globalThis.process;
  const warned = jest.spyOn(console, "warn").mockImplementation(() => {});
  const bus = new HeadlessPeng<Events>();
  bus.addEventListener("test:one", () => {
    throw new Error("mistake");
  });
  try {
    globalThis.process = stand as NodeJS.Process;
    bus.sendEvent("test:one", { n: 1 });
  } finally {
    globalThis.process = own;
  }
  expect(warned.mock.calls).toEqual([
    [expect.stringContaining('"test:one" failed and was removed: Error: mistake')],
  ]);
  warned.mockRestore();
});

test("without a logger, the first failure of each event is warned of, of 20 events", () => {
  const seen: string[] = [];
  const spy = jest
    .spyOn(process, "emitWarning")
    .mockImplementation((warning) => void seen.push(String(warning)));
  const bus = new HeadlessPeng<Record<string, object>>({ cfg: { "events.removeonerror": false } });
  for (let n = 0; n < 30; n++) {
    bus.addEventListener(`test:${n}`, () => {
      throw new Error(`of ${n}`);
    });
  }
  for (let round = 0; round < 3; round++) for (let n = 0; n < 30; n++) bus.sendEvent(`test:${n}`, {});
  spy.mockRestore();
  expect(seen).toHaveLength(20);
  expect(seen[19]).toContain('a listener for "test:19" failed: Error: of 19');
});

test("an event without a listener is no failure where the config behind the bus makes no sense", () => {
  const debug: string[] = [];
  const logger: Logger = { ...silentLogger, debug: (text) => void debug.push(text) };
  const bus = new HeadlessPeng<Events>({ parent: { "events.maxignore": "many" }, logger });
  for (let n = 0; n < 5; n++) bus.sendEvent("test:one", { n });
  expect(debug).toHaveLength(3);
});

test("of a listener that has removed itself and fails then, the log does not say that it was removed", () => {
  const errors: string[] = [];
  const bus = new HeadlessPeng<Events>({
    logger: { ...silentLogger, error: (text) => void errors.push(text) },
  });
  const listener = (): void => {
    bus.delEventListener("test:one", listener);
    throw new Error("mistake");
  };
  bus.addEventListener("test:one", listener);
  bus.sendEvent("test:one", { n: 1 });
  expect(errors).toEqual([expect.stringContaining('"test:one" failed: Error: mistake')]);
});
