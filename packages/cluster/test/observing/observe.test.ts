// Observers of a node: what they are told, and that a node without them says nothing more than it did.

import { type ClusterNode, joinCluster, memoryBus } from "@peng3dnet/cluster";
import {
  type NodeObserver,
  type ObservedNodeRequest,
  observe,
  type Platform,
  RequestError,
  type Server,
  standardPlatform,
} from "@peng3dnet/peer";
import { TestNetwork } from "@peng3dnet/peer/testing";
import { Form, kindOf, readMessage } from "../../src/wire/form.js";
import * as messages from "../../src/wire/messages.js";
import { Confirm, News, settled, TestCluster } from "../support/cluster.js";

/** Looks on at a node, and keeps what it is told. */
function lookOn(node: ClusterNode, trace?: string) {
  const told: string[] = [];
  const bus: Record<string, [messages: number, bytes: number]> = {};
  const requests: ObservedNodeRequest[] = [];
  const count = (key: string, bytes: number): void => {
    const [before = 0, sum = 0] = bus[key] ?? [];
    bus[key] = [before + 1, sum + bytes];
  };
  const observer: NodeObserver = {
    published: (kind, bytes) => count(`out ${kind}`, bytes),
    arrived: (kind, bytes) => count(`in ${kind}`, bytes),
    gap: (group, missed, from) => void told.push(`gap ${group} ${missed} ${from}`),
    busChanged: (state, unconfirmed) => void told.push(`bus ${state} ${unconfirmed}`),
    joined: (other) => void told.push(`joined ${other}`),
    gone: (other, lost) => void told.push(`gone ${other} ${lost}`),
    request: (request) => {
      requests.push(request);
      told.push(`${request.way} ${request.name}`);
      return { trace, ended: (end) => void told.push(`${request.way} ended ${end}`) };
    },
  };
  return { told, bus, requests, observing: observe(node, observer) };
}

async function two() {
  const cluster = new TestCluster();
  const [a, b] = await cluster.joinAll(["a", "b"]);
  const guest = await b.enter();
  const [onA, onB] = [lookOn(a.node), lookOn(b.node)];
  return { cluster, a, b, guest, onA, onB };
}

test("messages of the bus by kind, on both sides, as many and as long as the node counts", async () => {
  const { cluster, a, b, guest, onA, onB } = await two();
  const before = [a.node.metrics, b.node.metrics];
  guest.client.answer(Confirm, () => "yes");
  b.node.group("hall").add(guest.remote);
  await cluster.settle();
  for (let n = 0; n < 3; n++) a.node.group("hall").broadcast(News, n);
  a.node.send(guest.id, News, "you");
  const answer = a.node.request(guest.id, Confirm, null);
  await cluster.settle();
  await answer;
  await a.node.group("hall").members();
  const kicked = a.node.kick(guest.id);
  await cluster.settle();
  await kicked;
  const counts = ({ bus }: typeof onA) =>
    Object.fromEntries(Object.entries(bus).map(([key, [number]]) => [key, number]));
  expect(counts(onA)).toMatchObject({ "out broadcast": 3, "out send": 1, "out request": 2, "in answer": 2 });
  expect(counts(onB)).toMatchObject({ "in broadcast": 3, "in send": 1, "in request": 2, "out answer": 2 });
  expect(Object.keys(onB.bus)).toEqual(expect.arrayContaining(["out presence", "out membership"]));
  expect(Object.keys({ ...onA.bus, ...onB.bus })).not.toContain("in other");
  for (const [at, { node }, { bus }] of [
    [0, a, onA],
    [1, b, onB],
  ] as const) {
    const sum = (way: string, part: 0 | 1) =>
      Object.entries(bus).reduce((all, [key, one]) => all + (key.startsWith(way) ? one[part] : 0), 0);
    const { messagesOut, bytesOut, messagesIn, bytesIn } = node.metrics;
    const then = before[at] as typeof node.metrics;
    expect([sum("out", 0), sum("out", 1), sum("in", 0), sum("in", 1)]).toEqual([
      messagesOut - then.messagesOut,
      bytesOut - then.bytesOut,
      messagesIn - then.messagesIn,
      bytesIn - then.bytesIn,
    ]);
  }
});

test("every kind of message has a kind that observers know", () => {
  const forms = Object.values(messages).filter((value) => value instanceof Form);
  expect(forms.length).toBeGreaterThan(15);
  for (const form of forms) {
    expect(messages.aboutOf(form.kind)).not.toBe("other");
    expect(kindOf(form.write({} as never))).toBe(form.kind);
  }
  expect(messages.aboutOf(99)).toBe("other");
});

test("gaps, nodes that come and go, and the state of the bus", async () => {
  const { cluster, a, b, guest, onA, onB } = await two();
  b.node.group("hall").add(guest.remote);
  await cluster.settle();
  a.node.group("hall").broadcast(News, 1);
  await cluster.settle();
  cluster.bus.drop(({ to }) => to === "b");
  for (let n = 0; n < 4; n++) a.node.group("hall").broadcast(News, n);
  await cluster.settle();
  cluster.bus.heal();
  a.node.group("hall").broadcast(News, 2);
  await cluster.settle();
  expect(onB.told).toEqual([`gap hall 4 ${a.node.id}`]);
  expect(onB.observing.census()).toMatchObject({ gaps: 1, missed: 4, nodes: 1, groups: 1, connected: true });
  onB.told.length = 0;
  const c = await cluster.join("c");
  await cluster.turn(2);
  await c.node.leave();
  await cluster.settle();
  cluster.bus.partition("a", "b");
  await cluster.turn(7);
  expect(onB.told).toEqual([`joined ${c.node.id}`, `gone ${c.node.id} false`, `gone ${a.node.id} true`]);
  expect(onA.told).toContain(`gone ${b.node.id} true`);
  cluster.bus.heal();
  await cluster.turn(2);
  onB.told.length = 0;
  cluster.bus.disconnect("b");
  expect(onB.observing.census()).toMatchObject({ connected: false });
  cluster.bus.reconnect("b");
  expect(onB.told.filter((text) => text.startsWith("bus"))).toEqual([
    "bus disconnected 0",
    "bus connected 0",
  ]);
  await b.node.leave();
  expect(onB.observing.census()).toMatchObject({ connected: undefined, nodes: 0, groups: 0 });
});

test("requests across nodes, on both of them, by outcome", async () => {
  const { cluster, a, b, guest, onA, onB } = await two();
  const ask = async (what: unknown) => {
    const answer = settled(a.node.request(guest.id, Confirm, what, { timeout: 3 }));
    await cluster.settle();
    if (what === "never") await cluster.turn(4);
    return answer;
  };
  await ask(1);
  guest.client.answer(Confirm, (what) => {
    if (what === "declared") throw Confirm.error("never", "", { why: "" });
    if (what === "undeclared") throw new RequestError("made-up", "", null);
    return what === "never" ? new Promise(() => {}) : "yes";
  });
  for (const what of ["ok", "declared", "undeclared", "never"]) await ask(what);
  const end = ["nohandler", "ok", "never", "error", "timeout"];
  const ends = ({ told }: typeof onA, way: string) =>
    told.filter((text) => text.startsWith(`${way} ended`)).map((text) => text.split(" ")[2]);
  expect(ends(onA, "asked")).toEqual(end);
  // Which of the two notices first that the time is over does not matter.
  expect(ends(onB, "answered").slice(0, 4)).toEqual(end.slice(0, 4));
  expect(["timeout", "aborted"]).toContain(ends(onB, "answered")[4]);
  expect(onA.requests[0]).toEqual({
    name: "test:confirm",
    way: "asked",
    node: a.node.id,
    other: b.node.id,
    trace: undefined,
  });
  expect(onB.requests[0]).toEqual({
    name: "test:confirm",
    way: "answered",
    node: b.node.id,
    other: a.node.id,
    trace: undefined,
  });
  expect([onA.observing.census().asked, onB.observing.census().answering]).toEqual([0, 0]);
});

test("what an observer gives along arrives at the other node, and is bytes only then", async () => {
  const cluster = new TestCluster();
  const [a, b] = await cluster.joinAll(["a", "b"]);
  const guest = await b.enter();
  guest.client.answer(Confirm, () => "yes");
  const bytes: number[] = [];
  const ask = async () => {
    const { bytesOut } = a.node.metrics;
    const answer = a.node.request(guest.id, Confirm, null);
    bytes.push(a.node.metrics.bytesOut - bytesOut);
    await cluster.settle();
    expect(await answer).toBe("yes");
  };
  await ask();
  const quiet = lookOn(a.node);
  await ask();
  quiet.observing.end();
  const tracing = lookOn(a.node, "00-trace");
  await ask();
  const onB = lookOn(b.node);
  await ask();
  expect(onB.requests).toMatchObject([{ way: "answered", trace: "00-trace" }]);
  const length = "00-trace".length + 1;
  expect(bytes.map((each) => each - (bytes[0] as number))).toEqual([0, 0, length, length]);
  tracing.observing.end();
  // What is too long, or no text that can travel, stays behind.
  for (const trace of ["x".repeat(129), "ä", ""]) {
    const looking = lookOn(a.node, trace);
    await ask();
    looking.observing.end();
  }
  expect(onB.requests.slice(1).map(({ trace }) => trace)).toEqual([undefined, undefined, undefined]);
  expect(b.warnings).toEqual([]);
});

test("a trace from the bus that is none is refused, with the request", () => {
  const values = { from: "a~AAAAAAAAAAAA", id: 1, cid: 1, name: "x", flags: 0, timeout: 0 };
  const read = (trace: unknown) =>
    messages.REQUEST.read(readMessage(messages.REQUEST.write({ ...values, trace: trace as string })));
  expect(read(undefined)).toEqual(values);
  expect(read("00-trace")).toEqual({ ...values, trace: "00-trace" });
  for (const trace of [7, null, "", "x".repeat(129), "two\nlines"])
    expect(() => read(trace)).toThrow(/trace is none/);
  expect(kindOf(messages.REQUEST.write(values))).toBe(messages.REQUEST.kind);
});

test("an observer that throws is reported, and harms nothing", async () => {
  const { cluster, a, guest } = await two();
  guest.client.answer(Confirm, () => "yes");
  const errors: unknown[] = [];
  a.server.on("handlerError", (_error, { where }) => void errors.push(where));
  const bug = (): never => {
    throw new Error("bug");
  };
  observe(a.node, { published: bug, arrived: bug, request: bug });
  const answer = a.node.request(guest.id, Confirm, null);
  await cluster.settle();
  expect(await answer).toBe("yes");
  expect(new Set(errors)).toEqual(new Set(["observer"]));
});

test("a runtime looks on at nodes, too, from the next beat on", async () => {
  const told: string[] = [];
  let observer: NodeObserver | undefined;
  const platform: Platform = { ...standardPlatform, nodeObserver: () => observer };
  const net = new TestNetwork(platform);
  const server: Server = net.server({ platform });
  const node = await joinCluster(server, { bus: memoryBus(), name: "a" });
  observer = { published: (kind, _bytes, id) => void told.push(`${kind} ${id}`) };
  net.clock.advance(1);
  await net.settle();
  told.length = 0;
  net.clock.advance(1);
  await net.settle();
  expect(told).toEqual([`membership ${node.id}`]);
  observer = undefined;
  net.clock.advance(1);
  await net.settle();
  told.length = 0;
  net.clock.advance(1);
  await net.settle();
  expect(told).toEqual([]);
  await node.leave();
});
