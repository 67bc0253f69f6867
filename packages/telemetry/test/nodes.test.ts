// What OpenTelemetry is told of nodes of a cluster, and of requests that go over several.

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { context, type Meter, metrics, SpanKind, SpanStatusCode } from "@opentelemetry/api";
import type { ReadableSpan } from "@opentelemetry/sdk-trace-base";
import { InvalidStateError } from "@peng3dnet/peer";
import { instrument } from "@peng3dnet/telemetry";
import { Confirm, News, settled, TestCluster, type TestNode } from "../../cluster/test/support/cluster.js";
import { keepContext, meterInMemory, tracerInMemory } from "./support/otel.js";

keepContext();
afterAll(() => context.disable());

const NODE = "peng3dnet.side=node";
const [IN, OUT] = ["network.io.direction=receive", "network.io.direction=transmit"];

/** Looks on at a node and its server, with a meter and a tracer of their own. */
function lookOn({ node, server }: TestNode, trustCallers: boolean | undefined) {
  const [meters, tracers] = [meterInMemory(), tracerInMemory()];
  const end = instrument(node, { meter: meters.meter, tracer: tracers.tracer, trustCallers });
  instrument(server, { tracer: tracers.tracer });
  return { ...meters, ...tracers, end };
}

/** Two nodes, and a guest on the second one. */
async function observed({ trustCallers }: { readonly trustCallers?: boolean } = {}) {
  const cluster = new TestCluster();
  const [a, b] = await cluster.joinAll(["a", "b"]);
  const [onA, onB] = [lookOn(a, trustCallers), lookOn(b, trustCallers)];
  const guest = await b.enter();
  return { cluster, a, b, guest, onA, onB };
}
type Watched = ReturnType<typeof lookOn>;

const bus = (name: string, direction: string | undefined, kind: string) =>
  `peng3dnet.bus.${name}{${direction},peng3dnet.bus.message.kind=${kind},${NODE}}`;

test("messages and bytes of the bus, by direction and kind", async () => {
  const { cluster, a, b, guest, onA, onB } = await observed();
  b.node.group("hall").add(guest.remote);
  await cluster.settle();
  for (let n = 0; n < 3; n++) a.node.group("hall").broadcast(News, n);
  await cluster.settle();
  const [atA, atB] = [await onA.values("peng3dnet.bus"), await onB.values("peng3dnet.bus")];
  expect([atA[bus("messages", OUT, "broadcast")], atB[bus("messages", IN, "broadcast")]]).toEqual([3, 3]);
  expect(atA[bus("io", OUT, "broadcast")]).toBeGreaterThan(3 * 30);
  expect(atB[bus("io", IN, "broadcast")]).toBe(atA[bus("io", OUT, "broadcast")]);
  expect(atB[bus("messages", OUT, "membership")]).toBeGreaterThan(0);
});

test("nodes, shared groups, the state of the bus, and gaps; levels are zero and counters stay after the end", async () => {
  const { cluster, a, b, guest, onB } = await observed();
  b.node.group("hall").add(guest.remote);
  await cluster.settle();
  cluster.bus.drop(({ to }) => to === "b");
  for (let n = 0; n < 4; n++) a.node.group("hall").broadcast(News, n);
  await cluster.settle();
  cluster.bus.heal();
  a.node.group("hall").broadcast(News, 2);
  await cluster.settle();
  const told = async () => {
    const all = await onB.values("peng3dnet.");
    const names = ["nodes", "groups.shared", "gaps", "gap.messages"];
    const states = ["connected", "disconnected"];
    return [
      ...names.map((name) => all[`peng3dnet.${name}{${NODE}}`]),
      ...states.map((state) => all[`peng3dnet.bus.connections{peng3dnet.bus.state=${state},${NODE}}`]),
    ];
  };
  expect(await told()).toEqual([1, 1, 1, 4, 1, 0]);
  cluster.bus.disconnect("b");
  expect(await told()).toEqual([1, 1, 1, 4, 0, 1]);
  cluster.bus.reconnect("b");
  await cluster.turn(2);
  onB.end();
  onB.end();
  expect(await told()).toEqual([0, 0, 1, 4, 0, 0]);
});

test("nodes with the same attributes are told as one, and one that has left has no bus", async () => {
  const cluster = new TestCluster();
  const [a, b] = await cluster.joinAll(["a", "b"]);
  const { meter, values } = meterInMemory();
  const end = instrument(a.node, { meter });
  end();
  for (const { node } of [a, b]) instrument(node, { meter });
  // Further calls end nothing.
  end();
  expect(() => instrument(a.node, { meter })).toThrow(InvalidStateError);
  expect((await values("peng3dnet.nodes"))[`peng3dnet.nodes{${NODE}}`]).toBe(2);
  await b.node.leave();
  await cluster.settle();
  expect(await values("peng3dnet.bus.connections")).toEqual({
    [`peng3dnet.bus.connections{peng3dnet.bus.state=connected,${NODE}}`]: 1,
    [`peng3dnet.bus.connections{peng3dnet.bus.state=disconnected,${NODE}}`]: 0,
  });
});

function collector(): () => void {
  setFlagsFromString("--expose-gc");
  return runInNewContext("gc") as () => void;
}

/** A node that was told of to a meter, and has left. */
async function joinAndLeave(cluster: TestCluster, meter: Meter): Promise<WeakRef<object>> {
  const { node } = await cluster.join("a");
  instrument(node, { meter });
  await node.leave();
  return new WeakRef(node);
}

test("a node that has left is not held once that was told", async () => {
  const collect = collector();
  const { meter, values } = meterInMemory();
  const cluster = new TestCluster();
  const gone = await joinAndLeave(cluster, meter);
  const sent = (await values("peng3dnet.bus"))[bus("messages", OUT, "membership")];
  expect(sent).toBeGreaterThan(0);
  await cluster.settle();
  collect();
  expect(gone.deref()).toBeUndefined();
  await joinAndLeave(cluster, meter);
  expect((await values("peng3dnet.bus"))[bus("messages", OUT, "membership")]).toBe(2 * Number(sent));
});

test("nodes that have left are not held, also where nobody collects", async () => {
  const collect = collector();
  // What a program without an SDK has.
  const meter = metrics.getMeter("game");
  const cluster = new TestCluster();
  const gone = [
    await joinAndLeave(cluster, meter),
    await joinAndLeave(cluster, meter),
    await joinAndLeave(cluster, meter),
  ];
  const { node } = await cluster.join("b");
  instrument(node, { meter });
  await cluster.settle();
  collect();
  expect(gone.map((one) => one.deref())).toEqual([undefined, undefined, undefined]);
  expect(() => instrument(node, { meter })).toThrow(InvalidStateError);
});

test("requests across nodes by outcome, and those that are under way", async () => {
  const { cluster, a, guest, onA, onB } = await observed();
  let answer: (what: string) => void = () => {};
  guest.client.answer(Confirm, () => new Promise<string>((resolve) => (answer = resolve)));
  const asked = a.node.request(guest.id, Confirm, 1);
  await cluster.settle();
  const active = (way: string) => `peng3dnet.requests.active{peng3dnet.request.way=${way},${NODE}}`;
  expect(await onA.values("peng3dnet.requests")).toEqual({ [active("asked")]: 1, [active("answered")]: 0 });
  expect(await onB.values("peng3dnet.requests")).toEqual({ [active("asked")]: 0, [active("answered")]: 1 });
  answer("yes");
  await cluster.settle();
  await asked;
  await guest.client.close();
  const gone = settled(a.node.request(guest.id, Confirm, 1));
  await cluster.settle();
  await gone;
  const outcomes = async ({ values }: Watched, name: string) =>
    Object.keys(await values(name)).map((key) =>
      /side=(\w+).*method=([^,]+),.*status_code=([^,}]+)/.exec(key)?.slice(1),
    );
  const both = [
    ["node", "test:confirm", "ok"],
    ["node", "test:confirm", "closed"],
  ];
  expect(await outcomes(onA, "rpc.client.call.duration")).toEqual(both);
  expect(await outcomes(onB, "rpc.server.call.duration")).toEqual(both);
});

/** One span, by name of its node or server. */
function only(spans: readonly ReadableSpan[], side: string): ReadableSpan {
  const found = spans.filter(({ attributes }) => attributes["peng3dnet.side"] === side);
  expect(found).toHaveLength(1);
  return found[0] as ReadableSpan;
}

test("spans of a request nest over nodes: caller, node, server of the client", async () => {
  const { cluster, a, b, guest, onA, onB } = await observed();
  guest.client.answer(Confirm, () => "yes");
  await onA.tracer.startActiveSpan("outer", async (outer) => {
    const answer = a.node.request(guest.id, Confirm, 1);
    await cluster.settle();
    await answer;
    outer.end();
  });
  const outer = onA.spans().find(({ name }) => name === "outer");
  const asked = only(onA.spans(), "node");
  const relayed = only(onB.spans(), "node");
  const last = only(onB.spans(), "server");
  expect(asked).toMatchObject({
    name: "test:confirm",
    kind: SpanKind.CLIENT,
    status: { code: SpanStatusCode.UNSET },
    attributes: {
      "rpc.system.name": "peng3dnet",
      "rpc.method": "test:confirm",
      "rpc.response.status_code": "ok",
      "peng3dnet.node.id": a.node.id,
      "peng3dnet.node.peer.id": b.node.id,
    },
  });
  expect(relayed).toMatchObject({ name: "test:confirm", kind: SpanKind.SERVER });
  expect(last).toMatchObject({ name: "test:confirm", kind: SpanKind.CLIENT });
  const chain = [outer, asked, relayed, last];
  for (const [at, span] of chain.entries()) {
    expect(span?.spanContext().traceId).toBe(outer?.spanContext().traceId);
    expect(span?.parentSpanContext?.spanId).toBe(chain[at - 1]?.spanContext().spanId);
  }
});

test("where a node does not trust the others, their spans are links", async () => {
  const { cluster, a, guest, onA, onB } = await observed({ trustCallers: false });
  guest.client.answer(Confirm, () => "yes");
  const answer = a.node.request(guest.id, Confirm, 1);
  await cluster.settle();
  await answer;
  const asked = only(onA.spans(), "node").spanContext();
  const relayed = only(onB.spans(), "node");
  expect(relayed.parentSpanContext).toBeUndefined();
  expect(relayed.links.map(({ context: linked }) => linked.spanId)).toEqual([asked.spanId]);
});

test("a node without a tracer says nothing of traces to others", async () => {
  const cluster = new TestCluster();
  const [a, b] = await cluster.joinAll(["a", "b"]);
  const guest = await b.enter();
  guest.client.answer(Confirm, () => "yes");
  const { tracer, spans } = tracerInMemory();
  instrument(a.node, { meter: meterInMemory().meter });
  instrument(b.node, { tracer });
  const answer = a.node.request(guest.id, Confirm, 1);
  await cluster.settle();
  expect(await answer).toBe("yes");
  expect(spans()).toHaveLength(1);
  expect(spans()[0]?.links).toEqual([]);
  expect(spans()[0]?.parentSpanContext).toBeUndefined();
});
