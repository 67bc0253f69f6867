// Durations and spans of requests; over TCP where the two sides have to agree.

import { context, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import type { ReadableSpan } from "@opentelemetry/sdk-trace-base";
import { Client, defineRequest, payload, Server } from "@peng3dnet/core";
import { instrument } from "@peng3dnet/telemetry";
import { track } from "../../core/test/support/cleanup.js";
import { LOCAL, next } from "../../core/test/support/peers.js";
import { spanOf, traceParent } from "../src/trace-parent.js";
import { keepContext, meterInMemory, tracerInMemory } from "./support/otel.js";

const Buy = defineRequest({
  name: "shop:buy",
  request: payload<string>(),
  response: payload<number>(),
  errors: { toopoor: payload<null>() },
});
const packets = [Buy];

keepContext();
afterAll(() => context.disable());

interface Traced {
  readonly server?: boolean;
  readonly client?: boolean;
  readonly trustCallers?: boolean;
}

/** A server and a client over TCP that trace as they are told to. */
async function shop({ server: onServer = true, client: onClient = true, trustCallers }: Traced = {}) {
  const [atServer, atClient] = [tracerInMemory(), tracerInMemory()];
  const [serverMeter, clientMeter] = [meterInMemory(), meterInMemory()];
  const server: Server = track(new Server({ addr: LOCAL, packets }));
  instrument(server, {
    meter: serverMeter.meter,
    tracer: onServer ? atServer.tracer : undefined,
    trustCallers,
  });
  await server.start();
  const client: Client = track(new Client({ addr: server.addr, packets }));
  instrument(client, { meter: clientMeter.meter, tracer: onClient ? atClient.tracer : undefined });
  await client.start();
  return { server, client, atServer, atClient, serverMeter, clientMeter };
}

function only(spans: readonly ReadableSpan[]): ReadableSpan {
  expect(spans).toHaveLength(1);
  return spans[0] as ReadableSpan;
}

test("both sides have a span, and that of the answer is linked with that of the caller", async () => {
  const { server, client, atServer, atClient } = await shop();
  server.answer(Buy, () => 7);
  await expect(client.request(Buy, "lantern")).resolves.toBe(7);
  const [asked, answered] = [only(atClient.spans()), only(atServer.spans())];
  expect(asked).toMatchObject({
    name: "shop:buy",
    kind: SpanKind.CLIENT,
    status: { code: SpanStatusCode.UNSET },
    attributes: {
      "rpc.system.name": "peng3dnet",
      "rpc.method": "shop:buy",
      "rpc.response.status_code": "ok",
      "network.protocol.name": "peng3dnet",
      "network.peer.address": "127.0.0.1",
      "network.peer.port": server.addr[1],
      "peng3dnet.side": "client",
    },
  });
  expect(answered).toMatchObject({
    name: "shop:buy",
    kind: SpanKind.SERVER,
    status: { code: SpanStatusCode.UNSET },
  });
  // A server does not let its clients choose its trace.
  expect(answered.spanContext().traceId).not.toBe(asked.spanContext().traceId);
  expect(answered.parentSpanContext).toBeUndefined();
  expect(answered.links.map(({ context: linked }) => [linked.traceId, linked.spanId])).toEqual([
    [asked.spanContext().traceId, asked.spanContext().spanId],
  ]);
});

test("with trustCallers, and on a client, the caller's span is the parent", async () => {
  const { server, client, atServer, atClient } = await shop({ trustCallers: true });
  server.answer(Buy, () => 7);
  client.answer(Buy, () => 8);
  await client.request(Buy, "lantern");
  const [asked, answered] = [only(atClient.spans()), only(atServer.spans())];
  expect(answered.spanContext().traceId).toBe(asked.spanContext().traceId);
  expect(answered.parentSpanContext).toMatchObject({ spanId: asked.spanContext().spanId, isRemote: true });
  expect(answered.links).toEqual([]);
  await server.request(Buy, "rope", 1);
  expect(atClient.spans()[1]?.parentSpanContext?.spanId).toBe(atServer.spans()[1]?.spanContext().spanId);
});

test("spans nest: around the request, and within the handler, also after it waited", async () => {
  const { server, client, atServer, atClient } = await shop();
  server.answer(Buy, async () => {
    await Promise.resolve();
    atServer.tracer.startSpan("inner").end();
    return 7;
  });
  await atClient.tracer.startActiveSpan("outer", async (outer) => {
    await client.request(Buy, "lantern");
    outer.end();
  });
  const [asked, outer] = atClient.spans();
  expect(asked?.parentSpanContext?.spanId).toBe(outer?.spanContext().spanId);
  const [inner, answered] = atServer.spans();
  expect(inner?.name).toBe("inner");
  expect(inner?.parentSpanContext?.spanId).toBe(answered?.spanContext().spanId);
  expect(trace.getActiveSpan()).toBeUndefined();
});

test.each<[string, Traced]>([
  ["the client", { server: false }],
  ["the server", { client: false }],
])("where %s alone traces, requests are as ever", async (_, traced) => {
  const { server, client, atServer, atClient } = await shop(traced);
  server.answer(Buy, () => 7);
  await expect(client.request(Buy, "lantern")).resolves.toBe(7);
  expect(atClient.spans()).toHaveLength(traced.client === false ? 0 : 1);
  expect(atServer.spans()).toHaveLength(traced.server === false ? 0 : 1);
  expect(atServer.spans()[0]?.links ?? []).toEqual([]);
  expect(server.metrics.rejectedBy).toEqual({});
});

test("a connection that began before is not traced from one side to the other", async () => {
  const server: Server = track(new Server({ addr: LOCAL, packets }));
  server.answer(Buy, () => 7);
  await server.start();
  const client: Client = track(new Client({ addr: server.addr, packets }));
  await client.start();
  const { tracer, spans } = tracerInMemory();
  instrument(server, { tracer });
  instrument(client, { tracer });
  await expect(client.request(Buy, "lantern")).resolves.toBe(7);
  expect(spans()).toHaveLength(2);
  expect(spans().flatMap(({ links }) => links)).toEqual([]);
});

test("requests by outcome, as both sides see them", async () => {
  const { server, client, serverMeter, clientMeter, atServer, atClient } = await shop();
  const error = (code: string) => client.request(Buy, code).catch(({ code: told }) => told);
  server.on("handlerError", () => {});
  expect(await error("early")).toBe("nohandler");
  let waiting: AbortSignal | undefined;
  server.answer(Buy, (what, { signal }) => {
    if (what === "declared") throw Buy.error("toopoor", "", null);
    if (what === "undeclared") throw Object.assign(Buy.error("toopoor", "", null), { code: "made-up" });
    if (what === "bug") throw new Error("bug");
    if (what === "never") {
      waiting = signal;
      return new Promise<number>((_resolve, reject) =>
        signal.addEventListener("abort", () => reject(signal.reason)),
      );
    }
    return 7;
  });
  await client.request(Buy, "ok");
  expect(await error("declared")).toBe("toopoor");
  expect(await error("undeclared")).toBe("made-up");
  expect(await error("bug")).toBe("internalerror");
  await expect(client.request(Buy, "never", { timeout: 0.05 })).rejects.toThrow();
  await expect(client.request(Buy, "never", { signal: AbortSignal.abort() })).rejects.toThrow();
  const never = client.request(Buy, "never");
  const begun = waiting;
  while (waiting === begun) await new Promise((resolve) => setImmediate(resolve));
  const closed = next(server, "close");
  await client.close();
  await expect(never).rejects.toThrow();
  await closed;
  await new Promise((resolve) => setImmediate(resolve));
  const outcomes = async ({ values }: typeof serverMeter, name: string) =>
    Object.fromEntries(
      Object.entries(await values(name)).map(([key, count]) => [
        /status_code=([^,}]+)/.exec(key)?.[1],
        count,
      ]),
    );
  const both = { nohandler: 1, ok: 1, toopoor: 1, error: 1, internalerror: 1 };
  expect(await outcomes(clientMeter, "rpc.client.call.duration")).toEqual({
    ...both,
    timeout: 1,
    aborted: 1,
    closed: 1,
  });
  expect(await outcomes(serverMeter, "rpc.server.call.duration")).toEqual({ ...both, aborted: 1, closed: 1 });
  // Of the side that answers, only its own faults count.
  const failed = (spans: readonly ReadableSpan[]) =>
    spans.filter(({ status }) => status.code === SpanStatusCode.ERROR).map(({ status }) => status.message);
  expect(failed(atServer.spans())).toEqual(["nohandler", "internalerror"]);
  expect(failed(atClient.spans())).toEqual([
    "nohandler",
    "toopoor",
    "error",
    "internalerror",
    "timeout",
    "aborted",
    "closed",
  ]);
});

test("requests that are under way", async () => {
  const { server, client, serverMeter, clientMeter } = await shop();
  let answer: (price: number) => void = () => {};
  const asked = new Promise<void>((begun) => {
    server.answer(Buy, () => {
      begun();
      return new Promise<number>((resolve) => {
        answer = resolve;
      });
    });
  });
  const price = client.request(Buy, "lantern");
  await asked;
  const level = (way: string, side: string) =>
    `peng3dnet.requests.active{peng3dnet.request.way=${way},peng3dnet.side=${side}}`;
  expect(await serverMeter.values("peng3dnet.requests")).toEqual({
    [level("asked", "server")]: 0,
    [level("answered", "server")]: 1,
  });
  expect(await clientMeter.values("peng3dnet.requests")).toEqual({
    [level("asked", "client")]: 1,
    [level("answered", "client")]: 0,
  });
  answer(7);
  await price;
  expect(await clientMeter.values("peng3dnet.requests")).toMatchObject({ [level("asked", "client")]: 0 });
});

test("flags of a span beyond those of a traceparent are left out", () => {
  const span = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331" };
  const text = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  expect(traceParent({ ...span, traceFlags: 0x301 })).toBe(text);
  expect(spanOf(text)).toEqual({ ...span, traceFlags: 1, isRemote: true });
});

test("what is no traceparent is no link", async () => {
  const { server, client, atServer } = await shop({ client: false });
  server.answer(Buy, () => 7);
  const { observe } = await import("@peng3dnet/peer");
  const other = track(new Client({ addr: server.addr, packets }));
  observe(other, {
    traces: true,
    request: () => ({ trace: "00-zz", ended() {} }),
  });
  await other.start();
  await expect(other.request(Buy, "rope")).resolves.toBe(7);
  expect(only(atServer.spans()).links).toEqual([]);
  await client.close();
});

test("a meter that throws keeps no span open, and harms no request", async () => {
  const { meter } = meterInMemory();
  const createHistogram: typeof meter.createHistogram = (name) => ({
    record() {
      if (name === "rpc.server.call.duration") throw new Error("the meter is broken");
    },
  });
  const broken: typeof meter = Object.assign(Object.create(meter), { createHistogram });
  const { tracer, spans } = tracerInMemory();
  const server: Server = track(new Server({ addr: LOCAL, packets }));
  const failures: unknown[] = [];
  server.on("handlerError", (error) => void failures.push(error));
  instrument(server, { meter: broken, tracer });
  server.answer(Buy, () => 7);
  await server.start();
  const client: Client = track(new Client({ addr: server.addr, packets }));
  await client.start();
  await expect(client.request(Buy, "rope")).resolves.toBe(7);
  expect(only(spans()).attributes).toMatchObject({ "rpc.response.status_code": "ok" });
  expect(failures).toEqual([new Error("the meter is broken")]);
});
