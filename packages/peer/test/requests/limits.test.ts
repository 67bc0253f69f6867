// How many requests may be under way on a connection, on both sides, and that nothing is left of them.

import {
  AbortedError,
  type ClientOnServer,
  ConnectionClosedError,
  type Server,
  TimedOutError,
  TooManyRequestsError,
} from "@peng3dnet/peer";
import { Add, Buy, Confirm, openShop, packets, settled, watched } from "./shop.js";

const never = (): Promise<never> => new Promise<never>(() => {});

test("past the caller's limit, a request is not sent; there is room again after an answer", async () => {
  const { net, server, client } = await openShop({ clientCfg: { "net.limits.requests": 3 } });
  const ends: ((value: number) => void)[] = [];
  const handler = jest.fn(() => new Promise<number>((resolve) => ends.push(resolve)));
  server.answer(Add, handler);
  const asked = [1, 2, 3].map((n) => client.request(Add, [n]));
  const error = await settled(client.request(Add, [4]));
  expect(error).toBeInstanceOf(TooManyRequestsError);
  expect(error).toMatchObject({ code: "P3D_ERR_TOO_MANY_REQUESTS" });
  expect((error as Error).message).toContain("net.limits.requests");
  await net.settle();
  expect(handler).toHaveBeenCalledTimes(3);
  ends[0]?.(1);
  await asked[0];
  const fourth = watched(client.request(Add, [4]));
  await net.settle();
  expect(fourth.value).toBe("waiting");
  expect(handler).toHaveBeenCalledTimes(4);
});

test("past the other side's limit, a request is answered with busy", async () => {
  const { net, server, client, serverErrors } = await openShop({ serverCfg: { "net.limits.requests": 2 } });
  const handler = jest.fn(never);
  server.answer(Add, handler);
  const asked = [1, 2, 3].map((n) => watched(client.request(Add, [n])));
  await net.settle();
  expect(handler).toHaveBeenCalledTimes(2);
  expect(asked[2]?.value).toMatchObject({ code: "busy" });
  expect(serverErrors).toEqual([]);
});

test("what handlers hold of what was asked is bounded in bytes, too: past that, busy; one alone is let in", async () => {
  const { net, server, client } = await openShop({ serverCfg: { "net.limits.unprocessed.bytes": 15_000 } });
  const ends: (() => void)[] = [];
  server.answer(Buy, () => new Promise((resolve) => ends.push(() => resolve({ gold: 1 }))));
  const ask = (letters: number) => watched(client.request(Buy, { item: "x".repeat(letters) }));
  const [alone, second] = [ask(20_000), ask(1)];
  await net.settle();
  expect([alone.value, (second.value as { code?: string }).code]).toEqual(["waiting", "busy"]);
  ends[0]?.();
  await net.settle();
  expect(alone.value).toEqual({ gold: 1 });
  const [first, next, third] = [ask(2000), ask(2000), ask(2000)];
  await net.settle();
  expect([first.value, next.value]).toEqual(["waiting", "waiting"]);
  expect(third.value).toMatchObject({ code: "busy" });
});

const long = { item: "x".repeat(6000) };

/** A shop whose handlers of `Buy` end when they are told to, or never; and as many customers, who have asked for nothing. */
async function crowdedShop(customers: number) {
  const shop = await openShop({ serverCfg: { "net.limits.unprocessed.total": 30_000 } });
  const { net, server } = shop;
  const ends: (() => void)[] = [];
  server.answer(Buy, () => new Promise((resolve) => ends.push(() => resolve({ gold: 1 }))));
  const clients = Array.from({ length: customers }, () => net.client({ packets }));
  for (const client of clients) net.connect(client, server);
  await Promise.all(clients.map((client) => client.waitForConnection()));
  return { ...shop, clients, ends };
}

test("so is what the handlers of all connections hold together: past that, busy, save for those who hold little", async () => {
  const { net, clients, ends } = await crowdedShop(10);
  const asked = clients.map((client) => watched(client.request(Buy, long)));
  await net.settle();
  const refused = asked.filter(({ value }) => (value as { code?: string }).code === "busy");
  expect([ends.length, refused.length]).toEqual([2, 8]);
  const others = clients.filter((_, index) => asked[index]?.value !== "waiting");
  const short = others.map((client) => watched(client.request(Buy, { item: "x" })));
  await net.settle();
  expect(short.map(({ value }) => value)).toEqual(others.map(() => "waiting"));
  for (const end of ends.splice(0)) end();
  const again = watched(clients[9]?.request(Buy, long) as Promise<unknown>);
  await net.settle();
  expect(again.value).toBe("waiting");
});

test("what is held for connections that are closed counts until their handlers end, or for 30 s", async () => {
  const { net, server, clients, ends } = await crowdedShop(10);
  const codeOf = async (client: number) => {
    const asked = watched(clients[client]?.request(Buy, long) as Promise<unknown>);
    await net.settle();
    return (asked.value as { code?: string }).code;
  };
  for (const client of [0, 1, 2]) await codeOf(client);
  for (const client of [0, 1, 2]) clients[client]?.stop();
  await net.settle();
  expect(server.clients.size).toBe(8);
  expect(await codeOf(3)).toBe("busy");
  ends[0]?.();
  await net.settle();
  expect([await codeOf(4), await codeOf(5)]).toEqual([undefined, "busy"]);
  await net.clock.advance(30_000);
  expect([await codeOf(6), await codeOf(7)]).toEqual([undefined, "busy"]);
  // One that ends after all counts no second time.
  ends[1]?.();
  await net.settle();
  expect(await codeOf(8)).toBe("busy");
});

test("a handler counts until it ends, also if the caller gave up: cancelling does not make more of them run", async () => {
  const { net, server, client } = await openShop({ serverCfg: { "net.limits.requests": 2 } });
  let running = 0;
  let most = 0;
  server.answer(Buy, async () => {
    most = Math.max(most, ++running);
    return never();
  });
  const codes: unknown[] = [];
  for (let i = 0; i < 20; i++) {
    const controller = new AbortController();
    const asked = watched(client.request(Buy, { item: "" }, { signal: controller.signal }));
    await net.settle();
    codes.push((asked.value as { code?: string }).code);
    controller.abort();
    await net.settle();
  }
  expect(most).toBe(2);
  expect(codes.filter((code) => code === "busy")).toHaveLength(18);
});

test("handlers that answer at once are not counted, however many come in a batch", async () => {
  const { server, client } = await openShop({ serverCfg: { "net.limits.requests": 1 } });
  server.answer(Add, ([n]) => n ?? 0);
  const asked = Array.from({ length: 500 }, (_, i) => client.request(Add, [i]));
  await expect(Promise.all(asked)).resolves.toEqual(Array.from({ length: 500 }, (_, i) => i));
});

test("each connection has its own limit and its own ids", async () => {
  const { net, server, client } = await openShop({ serverCfg: { "net.limits.requests": 1 } });
  const other = net.client({ packets });
  net.connect(other, server);
  await other.waitForConnection();
  for (const one of [client, other]) one.answer(Confirm, async (text) => text === "yes");
  const asked = [...server.clients.values()].map((remote: ClientOnServer) =>
    remote.request(Confirm, remote.cid === 1 ? "yes" : "no"),
  );
  await expect(Promise.all(asked)).resolves.toEqual([true, false]);
});

test("one signal of many requests has one listener, and none once they are settled", async () => {
  const { net, server, client, remote } = await openShop();
  server.answer(Add, ([n]) => (n === 0 ? 0 : never()));
  const { signal } = new AbortController();
  const added = jest.spyOn(signal, "addEventListener");
  const removed = jest.spyOn(signal, "removeEventListener");
  const asked = Array.from({ length: 50 }, (_, i) => watched(client.request(Add, [i % 2], { signal })));
  await net.settle();
  expect(added).toHaveBeenCalledTimes(1);
  expect(removed).toHaveBeenCalledTimes(0);
  void remote.close("bye");
  await net.settle();
  expect(asked.filter(({ value }) => value === 0)).toHaveLength(25);
  expect(asked.filter(({ value }) => (value as { outcome?: string }).outcome === "unknown")).toHaveLength(25);
  expect(removed).toHaveBeenCalledTimes(1);
  expect(net.clock.timers).toBe(0);
});

/** Has a server never answer `Add`. @returns what its handlers are given up with. */
function reasonsOf(server: Server): unknown[] {
  const reasons: unknown[] = [];
  server.answer(Add, (_numbers, { signal }) => {
    signal.addEventListener("abort", () => reasons.push(signal.reason));
    return never();
  });
  return reasons;
}

test("the handlers of a connection that ends are all given up by one error, as there may be a thousand", async () => {
  const { net, server, client } = await openShop();
  const reasons = reasonsOf(server);
  const asked = Array.from({ length: 50 }, (_, i) => watched(client.request(Add, [i])));
  await net.settle();
  client.stop();
  await net.settle();
  expect(asked[0]?.value).toMatchObject({ code: "P3D_ERR_REQUEST_CLOSED" });
  expect(reasons).toHaveLength(50);
  expect([...new Set(reasons)]).toEqual([expect.any(ConnectionClosedError)]);
});

test("the handlers of a connection whose callers give up are all told by one error, as a peer may give up as fast as it asks", async () => {
  const { net, server, client } = await openShop();
  const reasons = reasonsOf(server);
  const controllers = Array.from({ length: 50 }, () => new AbortController());
  for (const { signal } of controllers) watched(client.request(Add, [1], { signal }));
  await net.settle();
  for (const controller of controllers) {
    controller.abort();
    await net.settle();
  }
  expect(reasons).toHaveLength(50);
  expect([...new Set(reasons)]).toEqual([expect.any(AbortedError)]);
});

test("one that another one's end has settled is settled once, and makes no room that there is not", async () => {
  const { net, server, client } = await openShop({ clientCfg: { "net.limits.requests": 2 } });
  server.answer(Add, never);
  const controller = new AbortController();
  const first = watched(client.request(Add, [1], { timeout: 1 }));
  const second = watched(client.request(Add, [2], { timeout: 1, signal: controller.signal }));
  await net.settle();
  const sent: unknown[] = [];
  client.onSend = (_ptype, body) => {
    sent.push(body);
    controller.abort();
  };
  net.clock.advance(1);
  await net.settle();
  expect(first.value).toBeInstanceOf(TimedOutError);
  expect(second.value).toBeInstanceOf(AbortedError);
  expect(sent).toEqual([[1], [2]]);
  const more = [3, 4, 5].map((n) => watched(client.request(Add, [n])));
  await net.settle();
  expect(more.map(({ value }) => value)).toEqual(["waiting", "waiting", expect.any(TooManyRequestsError)]);
});
