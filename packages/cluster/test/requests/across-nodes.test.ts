// Single clients of any node: what is sent to them, what they are asked, and their closes.

import {
  AbortedError,
  ConnectionClosedError,
  defineRequest,
  observe,
  payload,
  RequestClosedError,
  RequestError,
  SIDE_CLIENT,
  SIDE_SERVER,
  silentLogger,
  TimedOutError,
  TooManyRequestsError,
} from "@peng3dnet/peer";
import { z } from "zod";
import { readMessage } from "../../src/wire/form.js";
import { ANSWER, GIVE_UP, REQUEST } from "../../src/wire/messages.js";
import { Confirm, News, settled, TestCluster } from "../support/cluster.js";

const Unknown = defineRequest({ name: "test:elsewhere", side: SIDE_CLIENT });
const OfServer = defineRequest({ name: "test:ofserver", side: SIDE_SERVER });
const Rank = defineRequest({
  name: "test:rank",
  request: payload<string>(),
  response: z.string().transform((text) => ({ rank: Number(text) })),
  errors: { none: z.object({ at: z.number().transform((at) => at + 1) }) },
  side: SIDE_CLIENT,
});

async function two(options: Parameters<TestCluster["joinAll"]>[1] = {}) {
  const cluster = new TestCluster();
  const [a, b] = await cluster.joinAll(["a", "b"], options);
  const guest = await b.enter();
  return { cluster, a, b, guest };
}

/** Lets a request get where it goes, and an answer back. */
async function outcome(cluster: TestCluster, promise: Promise<unknown>): Promise<unknown> {
  const result = settled(promise);
  await cluster.settle();
  return result;
}

test("a packet reaches a client on any node, under an id that all nodes understand", async () => {
  const { cluster, a, b, guest } = await two();
  const here = await a.enter();
  expect(guest.id).toBe(`${b.node.id}~${guest.remote.cid}`);
  expect(b.node.idOf(guest.remote.cid)).toBe(guest.id);
  a.node.send(guest.id, News, "over the bus");
  a.node.send(here.id, News, "at home");
  await cluster.settle();
  expect([guest.news, here.news]).toEqual([["over the bus"], ["at home"]]);
});

test("to send to nobody: known at once where that can be known, and else nothing happens", async () => {
  const { cluster, a, b, guest } = await two();
  const here = await a.enter();
  await here.client.close();
  expect(() => a.node.send(here.id, News, 1)).toThrow(ConnectionClosedError);
  expect(() => a.node.send("kitchen", News, 1)).toThrow(TypeError);
  await guest.client.close();
  a.node.send(guest.id, News, 1);
  await cluster.settle();
  expect(b.node.metrics.refused).toBe(0);
  await b.node.leave();
  await cluster.settle();
  expect(() => a.node.send(guest.id, News, 1)).toThrow(/node of the client is gone/);
});

test("a request is answered by a client of another node, with what its schemas make of it", async () => {
  const { cluster, a, guest } = await two();
  guest.client.answer(Confirm, (what) => ({ said: what, date: new Date(5), bytes: new Uint8Array([1]) }));
  expect(await outcome(cluster, a.node.request(guest.id, Confirm, { sure: ["?"] }))).toEqual({
    said: { sure: ["?"] },
    date: new Date(5),
    bytes: new Uint8Array([1]),
  });
  expect(a.node.metrics.requestsWaiting).toBe(0);
});

test("answers and errors are looked at by the node that asks, once", async () => {
  const cluster = new TestCluster();
  const packets = [News, Rank];
  const [a, b] = await cluster.joinAll(["a", "b"], { packets });
  const guest = await b.enter({ packets });
  guest.client.answer(Rank, (name) => {
    if (name === "nobody") throw new RequestError("none", "no such name", { at: 1 });
    return name === "odd" ? (7 as never) : "12";
  });
  const ask = (name: string): Promise<unknown> => outcome(cluster, a.node.request(guest.id, Rank, name));
  expect(await ask("Anna")).toEqual({ rank: 12 });
  const refused = await ask("nobody");
  expect(Rank.isError(refused, "none") && [refused.message, refused.data]).toEqual([
    "no such name",
    { at: 2 },
  ]);
});

test("an error of the handler, or of the library over there, is told as it is on one node", async () => {
  const { cluster, a, b, guest } = await two({ packets: [News, Confirm, OfServer] });
  const ask = (): Promise<unknown> => outcome(cluster, a.node.request(guest.id, Confirm, null));
  expect(await ask()).toMatchObject({ code: "nohandler" });
  guest.client.on("handlerError", () => {});
  guest.client.answer(Confirm, () => {
    throw new Error("secret");
  });
  expect(await ask()).toMatchObject({
    code: "internalerror",
    message: expect.not.stringContaining("secret"),
  });
  const request = a.node.request.bind(a.node) as (...args: unknown[]) => Promise<unknown>;
  expect(await settled(request(guest.id, OfServer, null))).toBeInstanceOf(TypeError);
  expect(await settled(request(guest.id, Unknown, null))).toMatchObject({ code: "P3D_ERR_NOT_REGISTERED" });
  expect(await settled(request("nobody", Confirm, null))).toBeInstanceOf(TypeError);
  expect(await settled(request(guest.id, Confirm, () => {}))).toMatchObject({ code: "P3D_ERR_ENCODE" });
  expect(await settled(request(guest.id, Confirm, 1, { timeout: -1 }))).toMatchObject({
    code: "P3D_ERR_CONFIG",
  });
  a.server.register(Unknown);
  expect(await outcome(cluster, request(guest.id, Unknown, null))).toMatchObject({
    code: "P3D_ERR_NOT_REGISTERED",
    message: expect.stringContaining("node that has the client"),
  });
  expect(b.node.metrics.requestsRunning).toBe(0);
});

test("where the client is gone, nothing was sent; where it goes meanwhile, nobody knows", async () => {
  const { cluster, a, guest } = await two();
  guest.client.answer(Confirm, () => new Promise(() => {}));
  const waiting = settled(a.node.request(guest.id, Confirm, null));
  await cluster.settle();
  await guest.client.close("enough");
  await cluster.settle();
  expect(await waiting).toMatchObject({ name: "RequestClosedError", outcome: "unknown", reason: "enough" });
  expect(await outcome(cluster, a.node.request(guest.id, Confirm, null))).toMatchObject({
    name: "RequestClosedError",
    outcome: "notsent",
  });
});

test("where the node is gone: notsent before, unknown meanwhile, be it that it left or fell silent", async () => {
  const { cluster, a, b, guest } = await two();
  guest.client.answer(Confirm, () => new Promise(() => {}));
  const left: unknown[] = [];
  a.node.on("nodeleave", ({ id }, { lost }) => left.push([id, lost]));
  const never = { timeout: Number.POSITIVE_INFINITY };
  const waiting = settled(a.node.request(guest.id, Confirm, null, never));
  await cluster.settle();
  cluster.bus.drop(({ from }) => from === "b");
  await cluster.turn(7);
  expect(await waiting).toMatchObject({ name: "RequestClosedError", outcome: "unknown" });
  expect(left).toEqual([[b.node.id, true]]);
  expect(await settled(a.node.request(guest.id, Confirm, null))).toMatchObject({ outcome: "notsent" });
  cluster.bus.heal();
  await cluster.turn(2);
  const again = settled(a.node.request(guest.id, Confirm, null, never));
  await cluster.settle();
  b.server.stop();
  await cluster.settle();
  expect(await again).toMatchObject({ outcome: "unknown" });
  expect(left).toEqual([
    [b.node.id, true],
    [b.node.id, false],
  ]);
  expect([b.node.left, a.node.metrics.requestsWaiting]).toEqual([true, 0]);
});

test("a request that the bus lost is known not to have been sent; one whose answer it lost is not known", async () => {
  const { cluster, a, guest } = await two();
  let asked = 0;
  guest.client.answer(Confirm, () => ++asked);
  expect(await outcome(cluster, a.node.request(guest.id, Confirm, null))).toBe(1);
  const never = { timeout: Number.POSITIVE_INFINITY };
  cluster.bus.drop(({ from, subject }) => from === "a" && subject.includes(".n."));
  const lost = settled(a.node.request(guest.id, Confirm, null, never));
  await cluster.settle();
  cluster.bus.heal();
  await cluster.turn(12);
  expect(await lost).toMatchObject({ name: "RequestClosedError", outcome: "notsent" });
  cluster.bus.drop(({ from, subject }) => from === "b" && subject.includes(".n."));
  const unanswered = settled(a.node.request(guest.id, Confirm, null, never));
  await cluster.settle();
  cluster.bus.heal();
  await cluster.turn(12);
  expect(await unanswered).toMatchObject({ name: "RequestClosedError", outcome: "unknown" });
  expect([asked, a.node.metrics.requestsWaiting]).toEqual([2, 0]);
});

test("one that is under way is left alone, however long it takes", async () => {
  const { cluster, a, b, guest } = await two();
  let answer!: (value: unknown) => void;
  guest.client.answer(Confirm, () => new Promise((resolve) => (answer = resolve)));
  const waiting = settled(a.node.request(guest.id, Confirm, null, { timeout: Number.POSITIVE_INFINITY }));
  await cluster.turn(60);
  expect([a.node.metrics.requestsWaiting, b.node.metrics.requestsRunning]).toEqual([1, 1]);
  answer("at last");
  await cluster.settle();
  expect(await waiting).toBe("at last");
});

test("a caller that gives up, by time or signal, has the handler told", async () => {
  const { cluster, a, b, guest } = await two();
  const aborted: unknown[] = [];
  guest.client.answer(Confirm, (what, { signal }) => {
    signal.addEventListener("abort", () => aborted.push(what));
    return new Promise(() => {});
  });
  const late = settled(a.node.request(guest.id, Confirm, "late", { timeout: 2 }));
  const controller = new AbortController();
  const given = settled(a.node.request(guest.id, Confirm, "given up", { signal: controller.signal }));
  await cluster.settle();
  controller.abort();
  await cluster.turn(3);
  expect(await late).toBeInstanceOf(TimedOutError);
  expect(await given).toMatchObject({ code: "P3D_ERR_ABORTED" });
  expect(aborted.sort()).toEqual(["given up", "late"]);
  expect([a.node.metrics.requestsWaiting, b.node.metrics.requestsRunning]).toEqual([0, 0]);
  expect(await settled(a.node.request(guest.id, Confirm, 1, { signal: controller.signal }))).toMatchObject({
    code: "P3D_ERR_ABORTED",
  });
  expect(await settled(a.node.request(guest.id, Confirm, 1, { timeout: 0 }))).toBeInstanceOf(TimedOutError);
});

test("where the caller's node is gone, the handler is told, too", async () => {
  const { cluster, a, b, guest } = await two();
  let aborted = false;
  guest.client.answer(Confirm, (_, { signal }) => {
    signal.addEventListener("abort", () => {
      aborted = true;
    });
    return new Promise(() => {});
  });
  const waiting = settled(a.node.request(guest.id, Confirm, null));
  await cluster.settle();
  await a.node.leave();
  await cluster.settle();
  expect(await waiting).toBeInstanceOf(RequestClosedError);
  expect([aborted, b.node.metrics.requestsRunning]).toEqual([true, 0]);
  expect(await settled(a.node.request(guest.id, Confirm, null))).toMatchObject({ outcome: "notsent" });
});

test.each(["was taken for dead while it could not be heard", "did not hear that"])(
  "a request that nobody waits for any more ends on a node that %s",
  async (how) => {
    const { cluster, a, b, guest } = await two();
    let aborted = 0;
    guest.client.answer(Confirm, (_, { signal }) => {
      signal.addEventListener("abort", () => aborted++);
      return new Promise(() => {});
    });
    const controller = new AbortController();
    const { signal } = controller;
    const waiting = settled(
      a.node.request(guest.id, Confirm, null, { timeout: Number.POSITIVE_INFINITY, signal }),
    );
    await cluster.settle();
    if (how === "did not hear that") {
      cluster.bus.partition("a", "b");
      controller.abort();
      await cluster.turn(2);
    } else {
      cluster.bus.drop(({ from, to }) => from === "b" && to === "a");
      await cluster.turn(8);
      expect(a.node.metrics.nodes).toBe(0);
    }
    expect(await waiting).toMatchObject({ code: expect.any(String) });
    cluster.bus.heal();
    await cluster.turn(2);
    expect([aborted, b.node.metrics.requestsRunning]).toEqual([1, 0]);
  },
);

test.each(["by time", "by signal", "by signal, and the node leaves"])(
  "that nobody waits any more, %s, is said as often as it may have to be, and no more",
  async (how) => {
    const { cluster, a, b, guest } = await two();
    let said = 0;
    cluster.bus.drop(({ from, to, payload }) => {
      if (from === "a" && to === "b" && readMessage(payload).kind === GIVE_UP.kind) said++;
      return false;
    });
    guest.client.answer(Confirm, () => new Promise(() => {}));
    const controller = new AbortController();
    const options = how === "by time" ? { timeout: 1 } : { signal: controller.signal };
    const waiting = settled(a.node.request(guest.id, Confirm, null, options));
    await cluster.turn(1);
    controller.abort();
    await waiting;
    if (how.endsWith("leaves")) await b.node.leave();
    await cluster.turn(20);
    // The other node counts the time of a request as well, and ends it by itself.
    expect(said).toBe(how === "by signal" ? 6 : 1);
  },
);

test("both sides bound how many are under way", async () => {
  const cluster = new TestCluster();
  const a = await cluster.join("a", { join: { maxRequests: 3 } });
  const b = await cluster.join("b", { join: { maxRequests: 2 } });
  await cluster.turn(3);
  const guest = await b.enter();
  const answers: ((value: unknown) => void)[] = [];
  guest.client.answer(Confirm, () => new Promise((resolve) => answers.push(resolve)));
  const asked = [1, 2, 3, 4].map((n) => settled(a.node.request(guest.id, Confirm, n)));
  await cluster.settle();
  for (const answer of answers) answer("yes");
  await cluster.settle();
  const [first, second, third, fourth] = await Promise.all(asked);
  expect([first, second]).toEqual(["yes", "yes"]);
  expect(third).toMatchObject({ code: "busy" });
  expect(fourth).toBeInstanceOf(TooManyRequestsError);
});

test("an answer that is too long for the bus is told as one that is not known", async () => {
  const { cluster, a, b, guest } = await two();
  guest.client.answer(Confirm, () => "x".repeat((1 << 20) - 30));
  expect(await outcome(cluster, a.node.request(guest.id, Confirm, null))).toMatchObject({
    name: "RequestClosedError",
    outcome: "unknown",
  });
  expect(b.warnings.join()).toMatch(/test:confirm/);
});

test("a client of this node is asked without the bus", async () => {
  const { cluster, a } = await two();
  const here = await a.enter();
  here.client.answer(Confirm, (what) => what);
  const { passages } = cluster.bus;
  expect(await outcome(cluster, a.node.request(here.id, Confirm, "here"))).toBe("here");
  expect(cluster.bus.passages).toBe(passages);
});

test("a client of any node can be closed, with a reason", async () => {
  const { cluster, a, guest } = await two();
  const here = await a.enter();
  const closes = [guest.client.waitForClose(), here.client.waitForClose()];
  expect(await outcome(cluster, a.node.kick(guest.id, "banned"))).toBe(true);
  expect(await outcome(cluster, a.node.kick(here.id))).toBe(true);
  expect((await Promise.all(closes)).map(({ reason }) => reason)).toEqual(["banned", null]);
  expect(await outcome(cluster, a.node.kick(guest.id, "banned"))).toBe(false);
  expect(await outcome(cluster, a.node.kick(here.id))).toBe(false);
  expect(await settled(a.node.kick(guest.id, 7 as never))).toBeInstanceOf(TypeError);
  expect(await settled(a.node.kick("x"))).toBeInstanceOf(TypeError);
});

test.each(["here", "elsewhere"])("a kick of a client %s heeds its options", async (where) => {
  const { cluster, a, guest } = await two();
  const { id, client } = where === "here" ? await a.enter() : guest;
  const kick = (options: object): Promise<unknown> => outcome(cluster, a.node.kick(id, "late", options));
  expect(await kick({ signal: AbortSignal.abort() })).toBeInstanceOf(AbortedError);
  expect(await kick({ timeout: 0 })).toBeInstanceOf(TimedOutError);
  expect(await kick({ timeout: -1 })).toMatchObject({ code: "P3D_ERR_CONFIG", key: "timeout" });
  expect(await kick({ signall: AbortSignal.abort() })).toMatchObject({ code: "P3D_ERR_CONFIG" });
  expect(await kick(null as never)).toBeInstanceOf(TypeError);
  expect(client.active).toBe(true);
  expect(await kick({ timeout: 1 })).toBe(true);
});

test.each([
  ["a long reason", "because ".repeat(1000)],
  ["a reason with half of a character at its end, where it is cut", `${"x".repeat(999)}😀`],
])("a client of another node is closed with %s as one of this node is", async (_, reason) => {
  const { cluster, a, guest } = await two();
  const here = await a.enter();
  const closes = [guest.client.waitForClose(), here.client.waitForClose()];
  for (const { id } of [guest, here]) expect(await outcome(cluster, a.node.kick(id, reason))).toBe(true);
  const [there, own] = (await Promise.all(closes)).map((info) => info.reason);
  expect([there === own, own?.length]).toEqual([true, 256]);
});

test.each<[string, Partial<Parameters<typeof ANSWER.write>[0]>, readonly number[]]>([
  ["a code that no error can have", { outcome: "refused", code: "c".repeat(65) }, [0xc0]],
  ["an error without a code", { outcome: "refused" }, [0xc0]],
  ["an error whose data are none", { outcome: "refused", code: "never" }, [0xc1]],
  ["an answer that is none", {}, [0xc1]],
  ["an outcome that is none", { outcome: "toString" }, []],
  ["the outcome of a kick", { outcome: "kicked", code: "closed" }, []],
])("where another node answers with %s, twice, it is bad data", async (_, parts, bytes) => {
  const { cluster, a, b, guest } = await two();
  guest.client.answer(Confirm, () => new Promise(() => undefined));
  const bus = await cluster.bus.connect({ name: "m", clock: cluster.net.clock, logger: silentLogger });
  const waiting = settled(a.node.request(guest.id, Confirm, null));
  await cluster.settle();
  const answer = ANSWER.write(
    { from: b.node.id, id: 1, outcome: "answered", code: "", message: "m", flags: 0, ...parts },
    new Uint8Array(bytes),
  );
  for (let times = 0; times < 2; times++) bus.publish(`peng3dnet.n.${a.node.id}`, answer);
  await cluster.settle();
  expect(await waiting).toMatchObject({ code: "P3D_ERR_BAD_DATA" });
  expect([a.node.metrics.requestsWaiting, a.warnings]).toEqual([0, []]);
  await bus.close();
});

test("a request that comes twice is carried out once, and an answer counts from the node that was asked", async () => {
  const { cluster, a, b, guest } = await two();
  const bus = await cluster.bus.connect({ name: "m", clock: cluster.net.clock, logger: silentLogger });
  const seen: Uint8Array[] = [];
  bus.subscribe(`peng3dnet.n.${b.node.id}`, (payload) => {
    if (readMessage(payload).kind === REQUEST.kind) seen.push(payload.slice());
  });
  const asked: unknown[] = [];
  let answer!: (value: unknown) => void;
  guest.client.answer(Confirm, (what) => {
    asked.push(what);
    return new Promise((resolve) => (answer = resolve));
  });
  const waiting = settled(a.node.request(guest.id, Confirm, "once"));
  await cluster.settle();
  bus.publish(`peng3dnet.n.${b.node.id}`, seen[0]!);
  const { id } = REQUEST.read(readMessage(seen[0]!));
  const forged = { id, outcome: "answered", code: "", message: null, flags: 0 };
  bus.publish(
    `peng3dnet.n.${a.node.id}`,
    ANSWER.write({ ...forged, from: "m~AAAAAAAAAAAA" }, new Uint8Array([7])),
  );
  await cluster.settle();
  answer("yes");
  await cluster.settle();
  expect([await waiting, asked]).toEqual(["yes", ["once"]]);
  bus.publish(`peng3dnet.n.${b.node.id}`, seen[0]!);
  await cluster.settle();
  expect([asked.length, b.node.metrics.requestsRunning]).toEqual([1, 0]);
  await bus.close();
});

describe("a request is settled by what an observer of its message does:", () => {
  test("this node leaves", async () => {
    const { cluster, a, guest } = await two();
    observe(a.node, { published: (kind) => void (kind === "request" && a.node.leave()) });
    const asked = a.node.request(guest.id, Confirm, null, { timeout: Number.POSITIVE_INFINITY });
    expect(await Promise.race([outcome(cluster, asked), cluster.turn(3)])).toMatchObject({
      name: RequestClosedError.name,
      outcome: "unknown",
    });
    expect(a.node.metrics.requestsWaiting).toBe(0);
  });

  test("the signal fires", async () => {
    const { cluster, a, b, guest } = await two();
    const abort = new AbortController();
    guest.client.answer(Confirm, () => new Promise<never>(() => {}));
    observe(a.node, { published: (kind) => void (kind === "request" && abort.abort()) });
    const options = { timeout: Number.POSITIVE_INFINITY, signal: abort.signal };
    const asked = a.node.request(guest.id, Confirm, null, options);
    expect(await Promise.race([outcome(cluster, asked), cluster.turn(3)])).toBeInstanceOf(AbortedError);
    expect([a.node.metrics.requestsWaiting, b.node.metrics.requestsRunning]).toEqual([0, 0]);
  });
});
