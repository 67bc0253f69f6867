// Requests in both directions over one connection, while its link is frozen, cut or closed, callers give up and time passes.

import assert from "node:assert/strict";
import {
  AbortedError,
  type Client,
  type ClientOnServer,
  defineRequest,
  payload,
  RequestClosedError,
  RequestError,
  type Server,
  TimedOutError,
  TooManyRequestsError,
} from "@peng3dnet/core";
import { type MemoryLink, TestNetwork } from "@peng3dnet/core/testing";
import { CountedController } from "./counted-controller.js";
import { type Act, HOW, type RequestPlan, SIGNALS } from "./plan.js";

/** Requests that may be under way in each direction. */
const LIMIT = 24;
const DEFAULT_TIMEOUT = 10;
/** Longer than anything waits for the end of a connection, in seconds. */
const PATIENCE = 6;

/** Answered by both sides. What is asked is the request's number, and what its handler does. */
const Ask = defineRequest({
  name: "faults:ask",
  request: payload<readonly number[]>(),
  response: payload<number>(),
});

interface Asked {
  readonly how: (typeof HOW)[number];
  readonly aborts: boolean;
  readonly timeout: number;
  settled: number;
  result: unknown;
}

class Scene {
  readonly net = new TestNetwork();
  readonly server: Server;
  readonly client: Client;
  readonly link: MemoryLink;
  readonly asked: Asked[] = [];
  readonly controllers = Array.from({ length: SIGNALS }, () => new CountedController());
  /** Numbers of requests that reached a handler. */
  readonly handled = new Set<number>();
  /** Numbers of those that reached one twice. */
  readonly doubled: number[] = [];
  readonly signals: AbortSignal[] = [];
  readonly #waiting: (() => void)[] = [];

  constructor() {
    const cfg = { "net.limits.requests": LIMIT };
    const packets = [Ask];
    const server = this.net.server({ packets, cfg });
    const client = this.net.client({ packets, cfg });
    server.on("handlerError", () => {});
    client.on("handlerError", () => {});
    server.answer(Ask, (numbers, { signal }) => this.#handle(numbers, signal));
    client.answer(Ask, (numbers, { signal }) => this.#handle(numbers, signal));
    this.server = server;
    this.client = client;
    this.link = this.net.connect(client, server);
  }

  get remote(): ClientOnServer | undefined {
    return this.server.clients.get(1);
  }

  #handle([index = 0, how = 0]: readonly number[], signal: AbortSignal): number | Promise<number> {
    if (this.handled.has(index)) this.doubled.push(index);
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
      default:
        this.signals.push(signal);
        return new Promise((_resolve, reject) => {
          signal.addEventListener("abort", () => reject(signal.reason as Error));
        });
    }
  }

  ask({ fromServer, how, timeout, aborts }: Act & { readonly do: "ask" }): void {
    const { client, remote } = this;
    // The connection is gone.
    if (fromServer && remote === undefined) return;
    const index = this.asked.length;
    const asked: Asked = {
      how: HOW[how] ?? "never",
      aborts,
      timeout: timeout ?? DEFAULT_TIMEOUT,
      settled: 0,
      result: undefined,
    };
    this.asked.push(asked);
    const signal = aborts ? this.controllers[index % SIGNALS]?.signal : undefined;
    const done = (result: unknown): void => {
      asked.settled++;
      asked.result = result;
    };
    const options = { timeout, signal };
    const answer = fromServer
      ? remote?.request(Ask, [index, how], options)
      : client.request(Ask, [index, how], options);
    answer?.then(done, done);
  }

  tell(): void {
    for (const answer of this.#waiting.splice(0)) answer();
  }

  async act(act: Act): Promise<void> {
    const { net, link } = this;
    if (act.do === "ask") for (let count = 0; count < act.count; count++) this.ask(act);
    else if (act.do === "abort") this.controllers[act.which]?.abort();
    else if (act.do === "wait") net.clock.advance(act.seconds);
    else if (act.do === "tell") this.tell();
    else if (act.do === "freeze") link.toServer.freeze();
    else if (act.do === "thaw") link.toServer.thaw();
    else await net.settle();
  }

  end(how: RequestPlan["end"]): void {
    if (how === "client closes") void this.client.close();
    else if (how === "server closes") void this.remote?.close();
    else if (how === "client stops") this.client.stop();
    else if (how === "server stops") this.server.stop();
    else this.link.cut();
  }
}

/** Whether a request can have come to this. */
function checkOne({ result, how, aborts, timeout }: Asked, index: number, reached: boolean): void {
  if (typeof result === "number") {
    assert.deepEqual({ result, reached }, { result: index, reached: true });
    assert.ok(["at once", "soon", "when told"].includes(how), `one that is to be answered "${how}" was`);
  } else if (result instanceof RequestError) {
    const codes: Readonly<Record<string, string>> = { refused: "refuse", internalerror: "fail" };
    if (result.code === "busy") assert.ok(!reached, "refused as busy, and handled");
    else assert.equal(codes[result.code], how);
  } else if (result instanceof RequestClosedError) {
    if (result.outcome === "notsent") assert.ok(!reached, "not sent, and handled");
  } else if (result instanceof AbortedError) assert.ok(aborts, "aborted by nobody");
  else if (result instanceof TooManyRequestsError) assert.ok(!reached, "one too many, and handled");
  else {
    assert.ok(result instanceof TimedOutError, `it came to ${String(result)}`);
    assert.ok(timeout < Number.POSITIVE_INFINITY, "the time of one was over that had no end");
  }
}

/** Throws if a request was not settled once, or with what cannot be, or if something is left. */
function check({ net, asked, handled, doubled, controllers, signals }: Scene): void {
  assert.deepEqual(doubled, [], "handled twice");
  for (const [index, one] of asked.entries()) {
    assert.equal(one.settled, 1, `request ${index} was settled so many times`);
    checkOne(one, index, handled.has(index));
  }
  assert.equal(net.clock.timers, 0, "timers that are left");
  // A signal that has fired takes its listener off by itself.
  for (const { signal, listeners } of controllers)
    assert.ok(signal.aborted || listeners === 0, `${listeners} listeners are left`);
  for (const signal of signals) assert.ok(signal.aborted, "a handler was not told that nobody waits");
}

/**
 * Plays a plan over a link in memory.
 *
 * @returns what each request came to.
 * @throws if one was not settled once, or with what cannot be, or if something is left.
 */
export async function playRequests({ acts, end, at }: RequestPlan): Promise<unknown[]> {
  const scene = new Scene();
  const { net, client, link } = scene;
  await client.waitForConnection();
  await net.settle();
  if (end === "cut within") link[at % 2 === 0 ? "toServer" : "toClient"].cutAfter(200 + at);
  for (const act of acts) await scene.act(act);
  scene.end(end);
  link.toServer.thaw();
  await net.settle();
  net.clock.advance(PATIENCE);
  await net.settle();
  scene.tell();
  await net.settle();
  check(scene);
  return scene.asked.map(({ result }) => result);
}

/** What a request came to, for counting. */
export function nameOf(result: unknown): string {
  if (!(result instanceof Error)) return "answered";
  if (result instanceof RequestClosedError) return `${result.name}, ${result.outcome}`;
  return result instanceof RequestError ? `${result.name}, ${result.code}` : result.name;
}
