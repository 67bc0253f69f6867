// Requests in both directions while links are cut and closed, callers give up and time passes, in any order: each is settled
// exactly once, with something that can have happened to it, and nothing is left of it.
//
// PENG3DNET_REQUESTS=1000000 makes so many of them.

import {
  AbortedError,
  type Client,
  type ClientOnServer,
  RequestClosedError,
  RequestError,
  type Server,
  TimedOutError,
  TooManyRequestsError,
} from "@peng3dnet/peer";
import { type MemoryLink, TestNetwork } from "@peng3dnet/peer/testing";
import fc from "fast-check";
import { Add, packets } from "./shop.js";

const REQUESTS = Number(process.env.PENG3DNET_REQUESTS ?? 20_000);
/** Requests of one connection on average. */
const EACH = 33;
const LIMIT = 24;

/** What the numbers of a request tell its handler to do. */
const HOW = ["at once", "soon", "refuse", "fail", "when told", "never", "when aborted"] as const;

/** A signal that counts who listens. */
class CountedController extends AbortController {
  listeners = 0;

  constructor() {
    super();
    const { signal } = this;
    const { addEventListener, removeEventListener } = signal;
    signal.addEventListener = (...args: Parameters<typeof addEventListener>) => {
      this.listeners++;
      addEventListener.apply(signal, args);
    };
    signal.removeEventListener = (...args: Parameters<typeof removeEventListener>) => {
      this.listeners--;
      removeEventListener.apply(signal, args);
    };
  }
}

interface Asked {
  readonly how: (typeof HOW)[number];
  readonly aborts: boolean;
  readonly timeout: number | undefined;
  settled: number;
  result: unknown;
}

/** What happens to one connection. */
class Scene {
  readonly net = new TestNetwork();
  readonly server: Server;
  readonly client: Client;
  readonly link: MemoryLink;
  readonly asked: Asked[] = [];
  readonly controllers: CountedController[] = [];
  /** Ids of requests that reached a handler. */
  readonly handled = new Set<number>();
  readonly signals: AbortSignal[] = [];
  #waiting: (() => void)[] = [];

  constructor() {
    const cfg = { "net.limits.requests": LIMIT };
    this.server = this.net.server({ packets, cfg });
    this.client = this.net.client({ packets, cfg });
    this.server.on("handlerError", () => {});
    this.client.on("handlerError", () => {});
    this.server.answer(Add, (numbers, context) => this.#handle(numbers, context));
    this.client.answer(Add, (numbers, context) => this.#handle(numbers, context));
    this.link = this.net.connect(this.client, this.server);
  }

  get remote(): ClientOnServer | undefined {
    return this.server.clients.get(1);
  }

  #handle(
    [index = 0, how = 0]: number[],
    context: { readonly signal: AbortSignal },
  ): number | Promise<number> {
    expect(this.handled.has(index)).toBe(false);
    this.handled.add(index);
    switch (HOW[how]) {
      case "at once":
        return index;
      case "soon":
        return Promise.resolve(index);
      case "refuse":
        throw new RequestError("refused", "", index);
      case "fail":
        throw new Error("failed");
      case "when told":
        return new Promise((resolve) => this.#waiting.push(() => resolve(index)));
      case "never":
        return new Promise(() => {});
      default: {
        const { signal } = context;
        this.signals.push(signal);
        return new Promise((_resolve, reject) => {
          signal.addEventListener("abort", () => reject(signal.reason as Error));
        });
      }
    }
  }

  ask(fromServer: boolean, how: number, timeout: number | undefined, aborts: boolean): void {
    const index = this.asked.length;
    const asked: Asked = { how: HOW[how % HOW.length]!, aborts, timeout, settled: 0, result: undefined };
    this.asked.push(asked);
    const controller = aborts ? this.controllers[index % 3] : undefined;
    const options = { timeout, signal: controller?.signal };
    const input = [index, how % HOW.length];
    const { remote } = this;
    if (fromServer && remote === undefined) asked.settled++;
    const promise =
      fromServer && remote !== undefined
        ? remote.request(Add, input, options)
        : fromServer
          ? undefined
          : this.client.request(Add, input, options);
    const done = (result: unknown): void => {
      asked.settled++;
      asked.result = result;
    };
    promise?.then(done, done);
  }

  tell(): void {
    for (const answer of this.#waiting.splice(0)) answer();
  }
}

function check(scene: Scene): void {
  for (const [index, { settled, result, how, aborts, timeout }] of scene.asked.entries()) {
    expect([index, settled]).toEqual([index, 1]);
    if (result === undefined) continue;
    const reached = scene.handled.has(index);
    if (typeof result === "number") {
      expect({ result, reached }).toEqual({ result: index, reached: true });
      expect(["at once", "soon", "when told"]).toContain(how);
    } else if (result instanceof RequestError) {
      const codes = { refused: "refuse", internalerror: "fail" } as Readonly<Record<string, string>>;
      if (result.code === "busy") expect(reached).toBe(false);
      else expect(codes[result.code]).toBe(how);
    } else if (result instanceof RequestClosedError) {
      if (result.outcome === "notsent") expect(reached).toBe(false);
    } else if (result instanceof AbortedError) expect(aborts).toBe(true);
    else if (result instanceof TooManyRequestsError) expect(reached).toBe(false);
    else {
      expect(result).toBeInstanceOf(TimedOutError);
      expect(timeout ?? 10).toBeLessThan(Number.POSITIVE_INFINITY);
    }
  }
}

const act = fc.oneof(
  {
    weight: 20,
    arbitrary: fc.record({
      do: fc.constant("ask" as const),
      count: fc.integer({ min: 1, max: 12 }),
      fromServer: fc.boolean(),
      how: fc.nat(HOW.length - 1),
      timeout: fc.constantFrom(undefined, 0.5, 2, 30, Number.POSITIVE_INFINITY),
      aborts: fc.boolean(),
    }),
  },
  { weight: 16, arbitrary: fc.record({ do: fc.constantFrom("settle", "tell") }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("abort" as const), which: fc.nat(2) }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant("wait" as const), seconds: fc.constantFrom(0.1, 0.5, 3, 12) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom("freeze", "thaw") }) },
);
const end = fc.constantFrom(
  "client closes",
  "server closes",
  "cut",
  "client stops",
  "server stops",
  "cut within",
);

test(`${REQUESTS} requests are settled once each, and nothing is left`, async () => {
  let made = 0;
  let broken = 0;
  const results = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(
      fc.array(act, { minLength: 5, maxLength: 40 }),
      end,
      fc.nat(4000),
      async (acts, how, at) => {
        const scene = new Scene();
        const { net, client, server, link } = scene;
        scene.controllers.push(new CountedController(), new CountedController(), new CountedController());
        await client.waitForConnection();
        await net.settle();
        if (how === "cut within") link[at % 2 === 0 ? "toServer" : "toClient"].cutAfter(200 + at);
        for (const one of acts) {
          if ("fromServer" in one) {
            for (let i = 0; i < one.count; i++) scene.ask(one.fromServer, one.how, one.timeout, one.aborts);
          } else if ("which" in one) scene.controllers[one.which]?.abort();
          else if ("seconds" in one) net.clock.advance(one.seconds);
          else if (one.do === "tell") scene.tell();
          else if (one.do === "freeze") link.toServer.freeze();
          else if (one.do === "thaw") link.toServer.thaw();
          else await net.settle();
        }
        if (how === "client closes") void client.close();
        else if (how === "server closes") void scene.remote?.close();
        else if (how === "client stops") client.stop();
        else if (how === "server stops") server.stop();
        else link.cut();
        link.toServer.thaw();
        await net.settle();
        net.clock.advance(6);
        await net.settle();
        scene.tell();
        await net.settle();
        check(scene);
        expect(net.clock.timers).toBe(0);
        // A signal that has fired takes its listener off by itself.
        for (const one of scene.controllers) if (!one.signal.aborted) expect(one.listeners).toBe(0);
        for (const signal of scene.signals) expect(signal.aborted).toBe(true);
        made += scene.asked.length;
        for (const { result } of scene.asked) {
          const kind = result instanceof Error ? result.name : typeof result;
          results.set(kind, (results.get(kind) ?? 0) + 1);
        }
        if (how.startsWith("cut")) broken++;
      },
    ),
    { numRuns: Math.ceil(REQUESTS / EACH), interruptAfterTimeLimit: 3_600_000 },
  );
  expect(made).toBeGreaterThan(REQUESTS / 2);
  expect(broken).toBeGreaterThan(0);
  // Each way has happened.
  for (const kind of [
    "number",
    "RequestError",
    "RequestClosedError",
    "AbortedError",
    "TimedOutError",
    "TooManyRequestsError",
  ])
    expect([kind, (results.get(kind) ?? 0) > 0]).toEqual([kind, true]);
  if (process.env.PENG3DNET_REQUESTS !== undefined) console.log(made, Object.fromEntries(results));
}, 3_600_000);
