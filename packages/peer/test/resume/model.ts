// What may happen to a session and its lines, as a list of steps; and what has to have arrived then.

import type { Client, ClientOnServer, CloseInfo } from "@peng3dnet/peer";
import type { Direction } from "@peng3dnet/peer/testing";
import fc from "fast-check";
import { Double, Filled, Number_, openScene, type Scene } from "./scene.js";

type Side = "client" | "server";
const WINDOW = 60;
/** `net.resume.bytes` of both sides. */
const KEPT = 300_000;

export type Step =
  | { readonly what: "send"; readonly by: Side; readonly count: number; readonly size: number }
  | { readonly what: "ask"; readonly by: Side }
  | { readonly what: "cutAfter"; readonly from: Side; readonly bytes: number }
  | { readonly what: "half"; readonly by: Side }
  | { readonly what: "end"; readonly by: Side }
  | { readonly what: "freeze" | "thaw" | "pause" | "go"; readonly by: Side }
  | { readonly what: "slice"; readonly from: Side; readonly bytes: number }
  | { readonly what: "cut" | "proxy" | "offline" | "online" | "settle" | "expire" | "shutdown" | "drain" }
  | { readonly what: "refuse"; readonly how: "false" | "throws" }
  | { readonly what: "pass"; readonly seconds: number }
  | { readonly what: "close" | "stop"; readonly by: Side };

const side = fc.constantFrom<Side>("client", "server");
const size = fc.oneof(
  { weight: 5, arbitrary: fc.constant(0) },
  fc.constantFrom(300, 1000, 5000, 70_000, 280_000),
);
/** Steps after which a session may well go on. */
const ordinary: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      what: fc.constant("send" as const),
      by: side,
      count: fc.integer({ min: 1, max: 8 }),
      size,
    }),
  },
  { weight: 1, arbitrary: fc.record({ what: fc.constant("ask" as const), by: side }) },
  {
    weight: 3,
    arbitrary: fc.record({
      what: fc.constant("cutAfter" as const),
      from: side,
      bytes: fc.oneof(fc.nat(60), fc.nat(3000), fc.nat(400_000)),
    }),
  },
  { weight: 2, arbitrary: fc.record({ what: fc.constantFrom("half" as const, "end" as const), by: side }) },
  {
    weight: 2,
    arbitrary: fc.record({
      what: fc.constantFrom("freeze" as const, "thaw" as const, "pause" as const, "go" as const),
      by: side,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      what: fc.constant("slice" as const),
      from: side,
      bytes: fc.constantFrom(1, 7, 1000, 50_000, Number.POSITIVE_INFINITY),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      what: fc.constantFrom(
        "cut" as const,
        "proxy" as const,
        "offline" as const,
        "online" as const,
        "settle" as const,
        "settle" as const,
      ),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({ what: fc.constant("pass" as const), seconds: fc.constantFrom(0.001, 0.3, 1, 4) }),
  },
);
/** Steps that end one, sooner or later. */
const last: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ what: fc.constantFrom("expire" as const, "shutdown" as const, "drain" as const) }),
  fc.record({
    what: fc.constant("refuse" as const),
    how: fc.constantFrom("false" as const, "throws" as const),
  }),
  fc.record({ what: fc.constantFrom("close" as const, "stop" as const), by: side }),
);
/** Sequences of steps: most of them end the session with a step, too. */
export const sequences: fc.Arbitrary<readonly Step[]> = fc
  .tuple(
    fc.array(ordinary, { minLength: 1, maxLength: 25 }),
    fc.array(last, { maxLength: 1 }),
    fc.array(ordinary, { maxLength: 6 }),
  )
  .map((parts) => parts.flat());

/** One direction. */
class Flow {
  /** Numbers that were accepted for sending. */
  accepted = 0;
  /** How many that were when a close of this side began; `undefined`: none did. */
  closedAt: number | undefined = undefined;
}

/** Runs a sequence, and compares what came of it with what had to. @throws an error that says what is wrong. */
export async function runSequence(steps: readonly Step[]): Promise<void> {
  let refusal: "false" | "throws" | undefined;
  const scene = await openScene({
    cfg: {
      "net.resume.window": WINDOW,
      "net.resume.bytes": KEPT,
      "net.heartbeat.interval": 1,
      "net.heartbeat.timeout": 3,
    },
    clientCfg: { "net.heartbeat.interval": 1, "net.heartbeat.timeout": 3, "net.resume.bytes": KEPT },
    server: {
      authorizeResume: () => {
        if (refusal === "throws") throw new Error("the data base is away");
        return refusal === undefined;
      },
    },
  });
  await new Run(scene, steps, (how) => {
    refusal = how;
  }).run();
}

class Run {
  readonly #scene: Scene;
  readonly #steps: readonly Step[];
  readonly #refuse: (how: "false" | "throws") => void;
  readonly #flows: Record<Side, Flow> = { client: new Flow(), server: new Flow() };
  readonly #asked: Promise<string>[] = [];
  readonly #closes: { by: Side; info: Promise<CloseInfo> }[] = [];
  readonly #holds: Record<Side, number> = { client: 0, server: 0 };
  /** Reasons for which the session may end. */
  readonly #mayEnd = new Set<string | null>();
  /** The longest time for which one of the sides could not be heard, in seconds. */
  #ran = 0;

  constructor(scene: Scene, steps: readonly Step[], refuse: (how: "false" | "throws") => void) {
    this.#scene = scene;
    this.#steps = steps;
    this.#refuse = refuse;
    const { server, client } = scene;
    server.answer(Double, (number: number) => 2 * number);
    client.answer(Double, (number: number) => 2 * number);
  }

  #peer(by: Side): Client | ClientOnServer {
    return by === "client" ? this.#scene.client : this.#scene.remote;
  }

  #from(by: Side): Direction {
    const { link } = this.#scene;
    return by === "client" ? link.toServer : link.toClient;
  }

  async run(): Promise<void> {
    for (const step of this.#steps) await this.#step(step);
    await this.#finish();
  }

  async #step(step: Step): Promise<void> {
    const scene = this.#scene;
    const { link } = scene;
    switch (step.what) {
      case "send":
        this.#send(step.by, step.count, step.size);
        break;
      case "ask":
        this.#ask(step.by);
        break;
      case "cutAfter": {
        const direction = this.#from(step.from);
        direction.cutAfter(direction.delivered + step.bytes);
        break;
      }
      case "half": {
        // Nothing passes any more, and one side alone learns that.
        link.toClient.freeze();
        link.toServer.freeze();
        const error = Object.assign(new Error("read ETIMEDOUT"), { code: "ETIMEDOUT" });
        const end = step.by === "client" ? link.client : link.server;
        queueMicrotask(() => end.takeClose(error));
        break;
      }
      case "end": {
        const direction = this.#from(step.by);
        direction.endAfter(direction.delivered);
        break;
      }
      case "freeze":
        this.#from(step.by).freeze();
        break;
      case "thaw":
        this.#from(step.by).thaw();
        break;
      case "pause":
        this.#holds[step.by]++;
        this.#peer(step.by).conn?.pause();
        break;
      case "go":
        if (this.#holds[step.by] === 0) break;
        this.#holds[step.by]--;
        this.#peer(step.by).conn?.resume();
        break;
      case "slice":
        this.#from(step.from).slice = step.bytes;
        break;
      case "cut":
        link.cut();
        break;
      case "proxy":
        // What is under way is gone, and both sides see an end in order.
        for (const direction of [link.toClient, link.toServer]) {
          direction.endAfter(direction.delivered);
          direction.thaw();
        }
        break;
      case "offline":
        scene.online = false;
        break;
      case "online":
        scene.online = true;
        break;
      case "settle":
        await scene.settle();
        break;
      case "pass":
        await this.#pass(step.seconds);
        break;
      case "expire":
        this.#mayEnd.add("resumeexpired").add("resumeunknown");
        scene.online = false;
        await scene.cut();
        await this.#pass(WINDOW + 1, 5);
        break;
      case "refuse":
        // Who was refused may have been somebody else: the session waits on.
        this.#mayEnd.add("resumerefused").add("resumeexpired").add("resumeunknown");
        this.#refuse(step.how);
        break;
      case "close":
        this.#close(step.by);
        break;
      case "stop":
        // Nobody is told: the other side waits for it, as long as it does for anybody.
        this.#mayEnd.add("socketclose").add("resumeunknown").add("resumeexpired");
        if (step.by === "client") scene.client.stop();
        else scene.server.stop();
        break;
      case "shutdown":
        this.#mayEnd.add("servershutdown").add("resumeexpired").add("resumeunknown");
        this.#flows.server.closedAt ??= this.#flows.server.accepted;
        void scene.server.shutdown();
        break;
      case "drain":
        void scene.server.drain();
        break;
    }
  }

  async #pass(seconds: number, step = Math.min(seconds, 0.5)): Promise<void> {
    this.#ran += seconds;
    await this.#scene.pass(seconds, step);
  }

  #send(by: Side, count: number, size: number): void {
    const flow = this.#flows[by];
    for (let i = 0; i < count; i++) {
      const number = flow.accepted;
      const { client, remote } = this.#scene;
      const filled: [number, Uint8Array] = [number, new Uint8Array(size)];
      try {
        const [packet, data] =
          size === 0 ? ([Number_.name, number] as const) : ([Filled.name, filled] as const);
        if (by === "client") client.sendMessage(packet, data);
        else remote.sendMessage(packet, data);
      } catch (error) {
        if ((error as { code?: string }).code === "P3D_ERR_CONNECTION_CLOSED") return;
        throw error;
      }
      flow.accepted++;
    }
  }

  #ask(by: Side): void {
    const { client, server, remote } = this.#scene;
    const number = this.#asked.length;
    const options = { timeout: 500 };
    const asked =
      by === "client"
        ? client.request(Double, number, options)
        : server.request(Double, number, remote, options);
    this.#asked.push(
      asked.then(
        (answer) => (answer === 2 * number ? "answered" : `answered ${answer}`),
        (error: { code?: string }) => error.code ?? String(error),
      ),
    );
  }

  #close(by: Side): void {
    const flow = this.#flows[by];
    const open = this.#scene[by === "client" ? "atClient" : "atServer"].closes.length === 0;
    if (open) flow.closedAt ??= flow.accepted;
    this.#mayEnd.add("enough").add("resumeunknown").add("resumeexpired");
    this.#closes.push({ by, info: this.#peer(by).close("enough") });
  }

  /** Lets the network be well, and looks at what came of it. */
  async #finish(): Promise<void> {
    const scene = this.#scene;
    const { client, remote, atClient, atServer } = scene;
    scene.online = true;
    for (const by of ["client", "server"] as const) {
      for (; this.#holds[by] > 0; this.#holds[by]--) this.#peer(by).conn?.resume();
      const direction = this.#from(by);
      direction.slice = Number.POSITIVE_INFINITY;
      direction.cutAfter(Number.POSITIVE_INFINITY);
      direction.endAfter(Number.POSITIVE_INFINITY);
      direction.thaw();
    }
    await scene.settle();
    await this.#pass(20, 0.5);
    const ended = atClient.closes.length > 0 || atServer.closes.length > 0;
    if (ended) {
      // Whoever waits for the other one does not for longer than that.
      await this.#pass(WINDOW + 15, 5);
      this.#check(atClient.closes.length === 1, "the client did not end");
      this.#check(atServer.closes.length === 1, "the session on the server did not end");
      this.#checkReason(atClient.closes[0] as CloseInfo);
      this.#checkReason(atServer.closes[0] as CloseInfo);
      this.#checkFlow("client", atServer.numbers, false);
      this.#checkFlow("server", atClient.numbers, false);
    } else {
      this.#check(!client.suspended && !remote.suspended, "the session is still suspended");
      this.#checkFlow("client", atServer.numbers, true);
      this.#checkFlow("server", atClient.numbers, true);
      const closing = client.close("over");
      await scene.settle();
      const { clean } = await this.#settled(closing, "the last close");
      this.#check(clean, "a close at the end was not clean");
      await scene.settle();
      this.#check(atServer.closes.length === 1, "the server was not told of the close");
    }
    for (const { by, info } of this.#closes) {
      const { clean } = await this.#settled(info, "a close");
      if (clean) this.#checkFlow(by, by === "client" ? atServer.numbers : atClient.numbers, true);
    }
    await this.#pass(500, 250);
    for (const asked of this.#asked) {
      const outcome = await this.#settled(asked, "a request");
      const fits =
        outcome === "answered" ||
        (ended &&
          ["P3D_ERR_REQUEST_CLOSED", "P3D_ERR_CONNECTION_CLOSED", "P3D_ERR_REQUEST"].includes(outcome));
      this.#check(fits, `a request ended with ${outcome}`);
    }
    this.#checkEvents(atClient.events);
    this.#checkEvents(atServer.events);
    const faults = scene.faults.filter((fault) => (fault as Error).message !== "the data base is away");
    this.#check(faults.length === 0, `something threw: ${faults.map(String).join()}`);
    scene.server.stop();
    client.stop();
    await scene.settle();
    this.#check(scene.net.clock.timers === 0, `${scene.net.clock.timers} timers are left`);
  }

  /** What a promise came to that has to be settled by now. */
  async #settled<T>(promise: Promise<T>, what: string): Promise<T> {
    let done = false;
    void promise.then(() => {
      done = true;
    });
    await this.#scene.settle();
    this.#check(done, `${what} was never settled`);
    return promise;
  }

  #checkReason({ reason }: CloseInfo): void {
    this.#check(this.#mayEnd.has(reason) || this.#mayOverflow(reason), `the session ended with ${reason}`);
  }

  /** Whether so much was sent that a session may end for that. */
  #mayOverflow(reason: string | null): boolean {
    const most = this.#steps.reduce(
      (sum, step) => (step.what === "send" ? sum + step.count * (step.size + 100) : sum),
      0,
    );
    return (
      most > KEPT && ["resumeoverflow", "resumeunknown", "resumegap", "resumeexpired"].includes(reason ?? "")
    );
  }

  /** Each number came once, and in order; all of those that had to. */
  #checkFlow(by: Side, numbers: readonly number[], all: boolean): void {
    const { accepted, closedAt = accepted } = this.#flows[by];
    const wrong = numbers.findIndex((number, i) => number !== i);
    this.#check(wrong < 0, `from the ${by}: number ${numbers[wrong]} came where ${wrong} had to`);
    this.#check(numbers.length <= accepted, `from the ${by}: ${numbers.length} came of ${accepted}`);
    if (all) this.#check(numbers.length >= closedAt, `from the ${by}: ${numbers.length} came of ${closedAt}`);
  }

  /** A break and its end alternate, and there is one close, which is last. */
  #checkEvents(events: readonly string[]): void {
    const text = events.map((event) => event[0]).join("");
    this.#check(/^(sr)*s?c$/.test(text), `events came as ${events.join()}`);
  }

  #check(fits: boolean, what: string): void {
    if (fits) return;
    const { atClient, atServer, attempts } = this.#scene;
    const told = JSON.stringify({ atClient, atServer, attempts }, (_, value) =>
      value instanceof Error ? String(value) : value,
    );
    throw new Error(`${what}; ${told.slice(0, 2000)}`);
  }
}
