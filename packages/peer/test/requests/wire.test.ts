// The packets of requests, as any peer may send them: asked and answered by ordinary packets (docs/reference/protocol.md, clause 8).

import {
  type Cid,
  type Client,
  definePacket,
  defineRequest,
  payload,
  type Server,
  SmartPacket,
} from "@peng3dnet/peer";
import { TestNetwork } from "@peng3dnet/peer/testing";
import { Buy, Confirm, packets, Rename, settled, watched } from "./shop.js";

/** A packet type that keeps what arrives. */
class Kept extends SmartPacket {
  readonly received: unknown[] = [];

  override receive(msg: unknown, _cid: Cid): void {
    this.received.push(msg);
  }
}

const NAMES = packets.flatMap(({ name, answerName }) => [name, answerName]);

/** A client of ours at a server that knows only packets. */
async function atBareServer() {
  const net = new TestNetwork();
  const server: Server = net.server();
  const kept = new Map(NAMES.map((name) => [name, new Kept(server.registry, server)]));
  for (const [name, packet] of kept) server.registerPacket(name, packet);
  const client = net.client({ packets });
  net.connect(client, server);
  await client.waitForConnection();
  await net.settle();
  const received = (name: string): unknown[] => kept.get(name)?.received ?? [];
  const send = async (name: string, ...bodies: readonly unknown[]): Promise<void> => {
    for (const body of bodies) server.sendMessage(name, body, 1);
    await net.settle();
  };
  return { net, client, received, send };
}

/** A server of ours with clients that know only packets. */
async function withBareClients(count = 1, cfg = {}) {
  const net = new TestNetwork();
  const server: Server = net.server({ packets, cfg, validateSent: false });
  const errors: unknown[] = [];
  server.on("handlerError", (error) => void errors.push(error));
  const clients: { readonly client: Client; readonly kept: ReadonlyMap<string, Kept> }[] = [];
  for (let i = 0; i < count; i++) {
    const client: Client = net.client();
    const kept = new Map(NAMES.map((name) => [name, new Kept(client.registry, client)]));
    for (const [name, packet] of kept) client.registerPacket(name, packet);
    net.connect(client, server);
    await client.waitForConnection();
    clients.push({ client, kept });
  }
  await net.settle();
  const received = (name: string, index = 0): unknown[] => clients[index]?.kept.get(name)?.received ?? [];
  const sendFrom = async (index: number, name: string, ...bodies: readonly unknown[]): Promise<void> => {
    for (const body of bodies) clients[index]?.client.sendMessage(name, body);
    await net.settle();
  };
  const send = (name: string, ...bodies: readonly unknown[]) => sendFrom(0, name, ...bodies);
  return { net, server, received, send, sendFrom, errors };
}

describe("asked", () => {
  test("a request is [id, input], and ids count up from 1", async () => {
    const { net, client, received } = await atBareServer();
    void client.request(Buy, { item: "a" });
    void client.request(Buy, { item: "b" });
    await net.settle();
    expect(received("shop:buy")).toEqual([
      [1, { item: "a" }],
      [2, { item: "b" }],
    ]);
  });

  test("[id, output] answers it", async () => {
    const { client, send } = await atBareServer();
    const asked = client.request(Buy, { item: "a" });
    await send("shop:buy.answer", [1, { gold: 5 }]);
    await expect(asked).resolves.toEqual({ gold: 5 });
    expect(client.metrics.rejectedBy).toEqual({});
  });

  test("[id, code, message] and [id, code, message, data] are errors", async () => {
    const { client, send } = await atBareServer();
    const asked = [1, 2].map(() => settled(client.request(Buy, { item: "a" })));
    await send("shop:buy.answer", [1, "soldout", "none left"], [2, "toopoor", "", { missing: 2 }]);
    const errors = await Promise.all(asked);
    expect(errors[0]).toMatchObject({ code: "soldout", message: "none left", data: null });
    expect(errors[1]).toMatchObject({ code: "toopoor", data: { missing: 2 } });
  });

  test("[id] says that the caller gave up", async () => {
    const { net, client, received } = await atBareServer();
    void settled(client.request(Buy, { item: "a" }, { timeout: 3 }));
    await net.settle();
    net.clock.advance(3);
    await net.settle();
    expect(received("shop:buy")).toEqual([[1, { item: "a" }], [1]]);
  });

  test("late, doubled and forged answers are dropped and counted", async () => {
    const { net, client, send } = await atBareServer();
    const late = watched(client.request(Buy, { item: "late" }, { timeout: 1 }));
    net.clock.advance(1);
    const doubled = client.request(Buy, { item: "doubled" });
    const open = watched(client.request(Buy, { item: "open" }));
    await send("shop:buy.answer", [1, { gold: 1 }]); // late
    await send("shop:buy.answer", [2, { gold: 2 }], [2, { gold: 3 }], [2, "no", ""]); // two doubled
    await send("shop:buy.answer", [4, { gold: 4 }], [0, 0], [-3, 0], [2 ** 40 + 3, 0]); // never asked
    await send("shop:rename.answer", [3, { name: "x" }]); // of another kind
    await expect(doubled).resolves.toEqual({ gold: 2 });
    expect(late.value).toMatchObject({ code: "P3D_ERR_TIMED_OUT" });
    expect(open.value).toBe("waiting");
    expect(client.metrics.rejectedBy).toEqual({ strayanswer: 8 });
    await send("shop:buy.answer", [3, { gold: 6 }]);
    expect(open.value).toEqual({ gold: 6 });
  });

  test.each([
    ["nil", null],
    ["a map", { id: 1, gold: 5 }],
    ["empty", []],
    ["without an answer", [1]],
    ["too long", [1, "a", "b", "c", "d"]],
    ["an id that is no integer", [1.5, { gold: 5 }]],
    ["an id that is a text", ["1", { gold: 5 }]],
    ["a code that is no text", [1, 5, "message"]],
    ["a code that is empty", [1, "", "message"]],
    ["a code that is too long", [1, "x".repeat(65), "message"]],
    ["a message that is no text", [1, "code", null]],
  ])("an answer that is %s is dropped and counted", async (_what, body) => {
    const { client, send } = await atBareServer();
    const asked = watched(client.request(Buy, { item: "a" }));
    await send("shop:buy.answer", body);
    expect(asked.value).toBe("waiting");
    expect(client.metrics.rejectedBy).toEqual({ invalidpayload: 1 });
    await send("shop:buy.answer", [1, { gold: 5 }]);
    expect(asked.value).toEqual({ gold: 5 });
  });

  test("an answer on another connection answers nobody", async () => {
    const { net, server, send, sendFrom, received } = await withBareClients(2);
    const asked = watched(server.request(Confirm, "sure?", 1));
    await net.settle();
    expect(received("shop:confirm")).toEqual([[1, "sure?"]]);
    await sendFrom(1, "shop:confirm.answer", [1, true]);
    expect(asked.value).toBe("waiting");
    expect(server.metrics.rejectedBy).toEqual({ strayanswer: 1 });
    await send("shop:confirm.answer", [1, false]);
    expect(asked.value).toBe(false);
  });
});

describe("answered", () => {
  test("[id, output] answers a request, whatever its id", async () => {
    const { server, send, received } = await withBareClients();
    server.answer(Buy, ({ item }) => ({ gold: item.length }));
    await send("shop:buy", [7, { item: "abc" }], [-1, { item: "" }], [2 ** 40, { item: "a" }]);
    expect(received("shop:buy.answer")).toEqual([
      [7, { gold: 3 }],
      [-1, { gold: 0 }],
      [2 ** 40, { gold: 1 }],
    ]);
  });

  test("errors are [id, code, message], or that and data", async () => {
    const { server, send, received, errors } = await withBareClients();
    server.answer(Buy, ({ item }) => {
      if (item === "crown") throw Buy.error("toopoor", "too poor", { missing: 3 });
      throw new Error("secret");
    });
    await send("shop:buy", [1, { item: "crown" }], [2, { item: "" }]);
    await send("shop:rename", [3, { name: "" }]);
    expect(received("shop:buy.answer")).toEqual([
      [1, "toopoor", "too poor", { missing: 3 }],
      [2, "internalerror", "the handler failed"],
    ]);
    const nothing = 'nothing answers "shop:rename": the side that was asked has given no handler to answer()';
    expect(received("shop:rename.answer")).toEqual([[3, "nohandler", nothing]]);
    server.answer(Rename, ({ name }) => ({ name }));
    await send("shop:rename", [3, { name: "" }]);
    expect(received("shop:rename.answer")[1]).toEqual([
      3,
      "badrequest",
      expect.stringContaining("shop:rename"),
    ]);
    expect(errors).toHaveLength(1);
  });

  test("[id] fires the signal, and nothing is answered", async () => {
    const { net, server, send, received } = await withBareClients();
    const ends: ((value: { gold: number }) => void)[] = [];
    const signals: AbortSignal[] = [];
    server.answer(Buy, (_input, { signal }) => {
      signals.push(signal);
      return new Promise((resolve) => ends.push(resolve));
    });
    await send("shop:buy", [1, { item: "a" }], [2, { item: "b" }], [1], [9]);
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, false]);
    for (const end of ends) end({ gold: 1 });
    await net.settle();
    expect(received("shop:buy.answer")).toEqual([[2, { gold: 1 }]]);
    expect(server.metrics.rejectedBy).toEqual({});
  });

  test("an id that is under way is not taken again; it is when it was answered", async () => {
    const { net, server, send, received } = await withBareClients();
    const ends: ((value: { gold: number }) => void)[] = [];
    server.answer(Buy, () => new Promise((resolve) => ends.push(resolve)));
    await send("shop:buy", [1, { item: "a" }], [1, { item: "b" }]);
    expect(ends).toHaveLength(1);
    expect(server.metrics.rejectedBy).toEqual({ strayrequest: 1 });
    ends[0]?.({ gold: 1 });
    await net.settle();
    await send("shop:buy", [1, { item: "c" }]);
    ends[1]?.({ gold: 2 });
    await net.settle();
    expect(received("shop:buy.answer")).toEqual([
      [1, { gold: 1 }],
      [1, { gold: 2 }],
    ]);
  });

  test.each([
    ["nil", null],
    ["a map", { id: 1 }],
    ["empty", []],
    ["too long", [1, {}, {}]],
    ["an id that is no integer", [0.5, {}]],
    ["an id that is too large", [2n ** 60n, {}]],
    ["an id that is nil", [null, {}]],
  ])("a request that is %s is dropped and counted", async (_what, body) => {
    const { server, send, received, errors } = await withBareClients();
    const handler = jest.fn(() => ({ gold: 1 }));
    server.answer(Buy, handler);
    await send("shop:buy", body);
    expect(handler).not.toHaveBeenCalled();
    expect(received("shop:buy.answer")).toEqual([]);
    expect(server.metrics.rejectedBy).toEqual({ invalidpayload: 1 });
    expect(errors).toEqual([]);
  });

  test("a request to the side that does not answer is dropped and counted", async () => {
    const { server, send, received } = await withBareClients();
    await send("shop:confirm", [1, "sure?"]);
    expect(received("shop:confirm.answer")).toEqual([]);
    expect(server.metrics.rejectedBy).toEqual({ strayrequest: 1 });
  });
});

describe("the two packets", () => {
  test("are registered in this order, under fixed ids if they are given", async () => {
    const Fixed = defineRequest({ name: "a:fixed", request: payload<number>(), ids: [40, 41] });
    const net = new TestNetwork();
    const server: Server = net.server({ packets: [Buy, Fixed] });
    expect(server.registry.toMap()).toMatchObject({
      "shop:buy": 64,
      "shop:buy.answer": 65,
      "a:fixed": 40,
      "a:fixed.answer": 41,
    });
    expect(server.register(Buy)).toBe(64);
  });

  test("are registered both or not at all", () => {
    const net = new TestNetwork();
    const server: Server = net.server({ packets: [definePacket({ name: "shop:buy.answer" })] });
    expect(() => server.register(Buy)).toThrow(/is registered already/);
    expect(server.registry.has("shop:buy")).toBe(false);
  });
});
