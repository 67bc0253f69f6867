// Each way in which a request is settled, in both directions.

import {
  AbortedError,
  type Client,
  InvalidPayloadError,
  InvalidStateError,
  NotRegisteredError,
  RequestClosedError,
  type RequestContext,
  RequestError,
  TimedOutError,
} from "@peng3dnet/peer";
import { TestNetwork } from "@peng3dnet/peer/testing";
import { Add, Buy, Confirm, openShop, packets, Rename, settled, watched } from "./shop.js";

describe("an answer", () => {
  test("comes to the client that asked", async () => {
    const { server, client } = await openShop();
    server.answer(Buy, ({ item }, { client: { cid } }) => ({ gold: item.length * cid }));
    await expect(client.request(Buy, { item: "sword" })).resolves.toEqual({ gold: 5 });
  });

  test("comes to the server, which asks by cid, by object, and by the object itself", async () => {
    const { server, client, remote } = await openShop();
    client.answer(Confirm, async (text, context) => context.client === client && text === "sure?");
    await expect(server.request(Confirm, "sure?", 1)).resolves.toBe(true);
    await expect(server.request(Confirm, "no?", remote)).resolves.toBe(false);
    await expect(remote.request(Confirm, "sure?")).resolves.toBe(true);
  });

  test("is asked of nobody who is no client of the server, and of nobody's own", async () => {
    const { server } = await openShop();
    const { remote: foreign, client: other } = await openShop();
    const handler = jest.fn(() => true);
    other.answer(Confirm, handler);
    const ask = (to: unknown) => settled(server.request(Confirm, "sure?", to as number));
    const takes = "request takes clients of the server or their ids, and not";
    for (const [to, told] of [
      [foreign, "request was given a client of another server"],
      [undefined, `${takes} undefined`],
      [null, `${takes} null`],
      ["1", `${takes} "1"`],
      [{}, `${takes} a value of type object`],
    ] as const) {
      const error = await ask(to);
      expect([error, (error as Error).message]).toEqual([expect.any(TypeError), told]);
    }
    expect(handler).not.toHaveBeenCalled();
  });

  test("comes both ways at once where both sides answer", async () => {
    const { server, client, remote } = await openShop();
    server.answer(Add, (numbers) => numbers.reduce((a, b) => a + b, 0));
    client.answer(Add, async (numbers) => numbers.reduce((a, b) => a + b, 100));
    const asked = [1, 2, 3].flatMap((n) => [client.request(Add, [n, 1]), remote.request(Add, [n, 1])]);
    await expect(Promise.all(asked)).resolves.toEqual([2, 102, 3, 103, 4, 104]);
  });

  test("each comes to its own request, in whatever order handlers end", async () => {
    const { server, client } = await openShop();
    const waiting: ((value: number) => void)[] = [];
    server.answer(Add, () => new Promise<number>((resolve) => waiting.push(resolve)));
    const asked = Array.from({ length: 100 }, (_, i) => client.request(Add, [i]));
    await Promise.resolve().then(() => {});
    while (waiting.length < 100) await new Promise((resolve) => setImmediate(resolve));
    for (let i = 99; i >= 0; i--) waiting[i]?.(i);
    await expect(Promise.all(asked)).resolves.toEqual(Array.from({ length: 100 }, (_, i) => i));
  });

  test("that takes long still comes to its own request, while thousands come and go", async () => {
    const { net, server, client } = await openShop();
    const slow: ((value: number) => void)[] = [];
    server.answer(Add, ([n = 0]) => (n < 0 ? new Promise<number>((resolve) => slow.push(resolve)) : n));
    const asked = [-1, -2, -3].map((n) => client.request(Add, [n]));
    for (let n = 0; n < 3000; n += 3) {
      const quick = [n, n + 1, n + 2].map((one) => client.request(Add, [one]));
      expect(await Promise.all(quick)).toEqual([n, n + 1, n + 2]);
    }
    await net.settle();
    for (const [index, answer] of slow.entries()) answer(index);
    await expect(Promise.all(asked)).resolves.toEqual([0, 1, 2]);
  });

  test("of nothing is null", async () => {
    const { server, client } = await openShop();
    server.answer(Add, (() => {}) as never);
    await expect(client.request(Add, undefined as never)).resolves.toBeNull();
  });

  test("of handlers that answer at once leaves with the batch that asked", async () => {
    const { net, server, client, link } = await openShop();
    server.answer(Add, ([n]) => n ?? 0);
    const writes = jest.spyOn(link.server, "write");
    const asked = [1, 2, 3, 4].map((n) => client.request(Add, [n]));
    await net.settle();
    expect(writes).toHaveBeenCalledTimes(1);
    await expect(Promise.all(asked)).resolves.toEqual([1, 2, 3, 4]);
  });
});

describe("an error of the handler", () => {
  test("that is a RequestError arrives as such: code, message and data, typed by the definition", async () => {
    const { server, client, serverErrors } = await openShop();
    server.answer(Buy, () => {
      throw Buy.error("toopoor", "too poor", { missing: 3 });
    });
    const error = await settled(client.request(Buy, { item: "crown" }));
    expect(error).toBeInstanceOf(RequestError);
    expect(error).toMatchObject({ code: "toopoor", message: "too poor", data: { missing: 3 } });
    expect(Buy.isError(error, "toopoor") && error.data.missing).toBe(3);
    expect(Buy.isError(error)).toBe(true);
    expect(Buy.isError(error, "soldout")).toBe(false);
    expect(Buy.isError(new TypeError("x"))).toBe(false);
    expect(serverErrors).toEqual([]);
  });

  test("may have any code, and no message or data", async () => {
    const { server, client } = await openShop();
    server.answer(Buy, async () => {
      throw new RequestError("gone");
    });
    const error = await settled(client.request(Buy, { item: "" }));
    expect(error).toMatchObject({ code: "gone", data: null });
    expect((error as Error).message).toBe('"shop:buy" was answered with the error "gone"');
    expect(Buy.isError(error)).toBe(false);
  });

  test.each([
    [
      "thrown",
      () => {
        throw new Error("secret of the house");
      },
    ],
    [
      "rejected with",
      async () => {
        throw new Error("secret of the house");
      },
    ],
  ])("of another kind, %s, arrives as internalerror, without its text or stack", async (_how, handler) => {
    const { server, client, serverErrors } = await openShop();
    server.answer(Buy, handler as () => Promise<{ gold: number }>);
    const error = await settled(client.request(Buy, { item: "" }));
    expect(error).toBeInstanceOf(RequestError);
    expect(error).toMatchObject({ code: "internalerror", data: null });
    expect(JSON.stringify(error) + String(error)).not.toContain("secret");
    expect(serverErrors).toEqual([expect.objectContaining({ message: "secret of the house" })]);
  });

  test("is told where the answer cannot be sent", async () => {
    const { server, client, serverErrors } = await openShop();
    server.answer(Buy, () => ({ gold: Symbol("x") as never }));
    await expect(client.request(Buy, { item: "" })).rejects.toMatchObject({ code: "internalerror" });
    expect(serverErrors).toEqual([expect.objectContaining({ code: "P3D_ERR_ENCODE" })]);
  });

  test("whose code was changed to what is none is internalerror", async () => {
    const { server, client, serverErrors } = await openShop();
    server.answer(Buy, () => {
      throw Object.assign(new RequestError("odd"), { code: 5 });
    });
    await expect(client.request(Buy, { item: "" })).rejects.toMatchObject({ code: "internalerror" });
    expect(serverErrors).toHaveLength(1);
  });

  test("whose data cannot be sent is internalerror, too", async () => {
    const { server, client, serverErrors } = await openShop();
    server.answer(Buy, () => {
      throw new RequestError("odd", "", Symbol("x"));
    });
    await expect(client.request(Buy, { item: "" })).rejects.toMatchObject({ code: "internalerror" });
    expect(serverErrors).toEqual([expect.objectContaining({ code: "P3D_ERR_ENCODE" })]);
  });

  test("with control characters in its message does not harm who prints it", async () => {
    const { server, client } = await openShop();
    server.answer(Buy, () => {
      throw new RequestError("rude", `\u001b[2J${"x".repeat(5000)}`);
    });
    const error = (await settled(client.request(Buy, { item: "" }))) as Error;
    expect(error.message).not.toContain("\u001b");
    expect(error.message.length).toBeLessThan(1100);
  });
});

describe("no handler", () => {
  test("is told by a code, and counted", async () => {
    const { client, server } = await openShop();
    await expect(client.request(Buy, { item: "" })).rejects.toMatchObject({ code: "nohandler" });
    expect(server.metrics.rejectedBy).toEqual({ unhandled: 1 });
  });

  test("there is one handler at most", async () => {
    const { server } = await openShop();
    server.answer(Buy, () => ({ gold: 1 }));
    expect(() => server.answer(Buy, () => ({ gold: 2 }))).toThrow(/has a handler already/);
    expect(() => server.answer(Add, 5 as never)).toThrow(TypeError);
    expect(() => server.answer("shop:buy" as never, 5 as never)).toThrow(/from defineRequest/);
    expect(() => server.on(Buy as never, () => {})).toThrow(/answer it with answer\(\)/);
  });
});

describe("time", () => {
  test("is over after 10 seconds, and the handler learns it", async () => {
    const { net, server, client } = await openShop();
    let context: RequestContext<unknown> | undefined;
    server.answer(Buy, (_input, given) => {
      context = given;
      return new Promise<never>(() => {});
    });
    const asked = watched(client.request(Buy, { item: "" }));
    await net.settle();
    net.clock.advance(9.9);
    await net.settle();
    expect(asked.value).toBe("waiting");
    expect(context?.signal.aborted).toBe(false);
    net.clock.advance(0.1);
    await net.settle();
    expect(asked.value).toBeInstanceOf(TimedOutError);
    expect((asked.value as Error).message).toBe('waited 10 s for the answer to "shop:buy" in vain');
    expect(context?.signal.aborted).toBe(true);
    expect(context?.signal.reason).toBeInstanceOf(AbortedError);
    expect(net.clock.timers).toBe(0);
  });

  test("is over for one that is asked after the time of all before is over, too", async () => {
    const { net, server, client } = await openShop();
    server.answer(Buy, () => new Promise<never>(() => {}));
    for (let count = 0; count < 2; count++) {
      const asked = watched(client.request(Buy, { item: "" }, { timeout: 2 }));
      await net.settle();
      net.clock.advance(2);
      await net.settle();
      expect(asked.value).toBeInstanceOf(TimedOutError);
    }
  });

  test("is each caller's own, with one timer for all", async () => {
    const { net, server, client } = await openShop();
    server.answer(Add, () => new Promise<never>(() => {}));
    const times = [5, 1, 3, Number.POSITIVE_INFINITY, 2];
    const asked = times.map((timeout) => watched(client.request(Add, [], { timeout })));
    const over: unknown[] = [];
    for (let second = 1; second <= 6; second++) {
      expect(net.clock.timers).toBeLessThanOrEqual(1);
      net.clock.advance(1);
      await net.settle();
      over.push(asked.map(({ value }) => (value === "waiting" ? "-" : "x")).join(""));
    }
    expect(over).toEqual(["-x---", "-x--x", "-xx-x", "-xx-x", "xxx-x", "xxx-x"]);
    expect(net.clock.timers).toBe(0);
  });

  test("of nothing, or no time at all, sends nothing", async () => {
    const { net, server, client } = await openShop();
    const handler = jest.fn(() => ({ gold: 1 }));
    server.answer(Buy, handler);
    await expect(client.request(Buy, { item: "" }, { timeout: 0 })).rejects.toBeInstanceOf(TimedOutError);
    await expect(client.request(Buy, { item: "" }, { timeout: -1 })).rejects.toMatchObject({
      key: "timeout",
    });
    await net.settle();
    expect(handler).not.toHaveBeenCalled();
  });
});

describe("an abort", () => {
  test("settles the request, and fires the signal of the handler", async () => {
    const { net, server, client } = await openShop();
    const signals: AbortSignal[] = [];
    server.answer(Buy, (_input, { signal }) => {
      signals.push(signal);
      return new Promise<never>((_resolve, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason as Error));
      });
    });
    const controller = new AbortController();
    const asked = watched(client.request(Buy, { item: "" }, { signal: controller.signal }));
    await net.settle();
    expect(signals[0]?.aborted).toBe(false);
    controller.abort("bored");
    await net.settle();
    expect(asked.value).toBeInstanceOf(AbortedError);
    expect((asked.value as Error).cause).toBe("bored");
    expect(signals[0]?.aborted).toBe(true);
  });

  test("by a signal that has fired before sends nothing", async () => {
    const { net, server, client } = await openShop();
    const handler = jest.fn(() => ({ gold: 1 }));
    server.answer(Buy, handler);
    const asked = client.request(Buy, { item: "" }, { signal: AbortSignal.abort() });
    await expect(asked).rejects.toBeInstanceOf(AbortedError);
    await net.settle();
    expect(handler).not.toHaveBeenCalled();
  });

  test("within a hook that is told of the packet counts, too", async () => {
    const net = new TestNetwork();
    const server = net.server({ packets });
    server.answer(Buy, () => ({ gold: 1 }));
    const client: Client = net.client({ packets });
    const controller = new AbortController();
    client.onSend = () => controller.abort();
    net.connect(client, server);
    await client.waitForConnection();
    const asked = client.request(Buy, { item: "" }, { signal: controller.signal });
    await expect(asked).rejects.toBeInstanceOf(AbortedError);
  });

  test("while the connection closes is told to nobody, and nobody's fault", async () => {
    const { net, server, client, link, clientErrors } = await openShop();
    server.answer(Buy, () => new Promise<never>(() => {}));
    const controller = new AbortController();
    const asked = settled(client.request(Buy, { item: "" }, controller));
    await net.settle();
    link.toServer.freeze();
    const closing = client.close();
    controller.abort();
    await expect(asked).resolves.toBeInstanceOf(AbortedError);
    link.toServer.thaw();
    await net.settle();
    await expect(closing).resolves.toMatchObject({ clean: true });
    expect(clientErrors).toEqual([]);
  });

  test("that finds the handler done leaves the signal alone, and one asked for later has fired", async () => {
    const { net, server, client, serverErrors } = await openShop();
    const contexts: RequestContext<unknown>[] = [];
    server.answer(Add, ([wait], context) => {
      contexts.push(context);
      return wait === 0 ? 0 : new Promise<never>(() => {});
    });
    const controller = new AbortController();
    const { signal } = controller;
    await client.request(Add, [0], { signal });
    void client.request(Add, [1], { signal });
    await net.settle();
    controller.abort();
    await net.settle();
    expect(contexts.map((context) => context.signal.aborted)).toEqual([false, true]);
    expect(serverErrors).toEqual([]);
  });

  test("leaves what the handler throws because of it unreported, but not what it throws else", async () => {
    const { net, server, client, serverErrors } = await openShop();
    server.answer(Add, ([kind], { signal }) => {
      return new Promise<never>((_resolve, reject) => {
        signal.addEventListener("abort", () => {
          if (kind === 0) reject(signal.reason as Error);
          if (kind === 1) reject(Object.assign(new Error("as fetch does"), { name: "AbortError" }));
          if (kind === 2) reject(new RequestError("late"));
          if (kind === 3) reject(new Error("broken"));
        });
      });
    });
    const controller = new AbortController();
    for (const kind of [0, 1, 2, 3]) void client.request(Add, [kind], { signal: controller.signal });
    await net.settle();
    controller.abort();
    await net.settle();
    expect(serverErrors).toEqual([expect.objectContaining({ message: "broken" })]);
    expect(client.metrics.rejectedBy).toEqual({});
  });
});

describe("a close", () => {
  test("by the other side settles what waits with what is known of it, and fires handlers' signals", async () => {
    const { net, server, client, remote } = await openShop();
    let signal: AbortSignal | undefined;
    client.answer(Confirm, (_text, context) => {
      signal = context.signal;
      return new Promise<never>(() => {});
    });
    server.answer(Buy, () => new Promise<never>(() => {}));
    const asked = watched(client.request(Buy, { item: "" }));
    const confirmed = watched(remote.request(Confirm, ""));
    await net.settle();
    await server.closeConnection(1, "kicked");
    await net.settle();
    expect(asked.value).toBeInstanceOf(RequestClosedError);
    expect(asked.value).toMatchObject({
      outcome: "unknown",
      reason: "kicked",
      code: "P3D_ERR_REQUEST_CLOSED",
    });
    expect(confirmed.value).toMatchObject({ outcome: "unknown", reason: "kicked" });
    expect(signal?.aborted).toBe(true);
    expect(net.clock.timers).toBe(0);
  });

  test("settles before close handlers run", async () => {
    const { net, server, client } = await openShop();
    let fired: boolean | undefined;
    let signal: AbortSignal | undefined;
    server.answer(Buy, (_input, context) => {
      signal = context.signal;
      return new Promise<never>(() => {});
    });
    server.on("close", () => {
      fired = signal?.aborted;
    });
    void client.request(Buy, { item: "" });
    await net.settle();
    client.stop();
    await net.settle();
    expect(fired).toBe(true);
  });

  test("leaves it unreported that a handler has something for a caller that left, but not what it throws else", async () => {
    const { net, server, client, remote, serverErrors } = await openShop();
    const goOn: (() => void)[] = [];
    const sending: (() => unknown)[] = [
      () => remote.sendMessage("shop:confirm" as never, [1, "sure?"] as never),
      () => remote.request(Confirm, "sure?"),
      () => {
        throw new Error("broken");
      },
    ];
    server.answer(Add, async ([kind = 0]) => {
      await new Promise<void>((resolve) => goOn.push(resolve));
      await sending[kind]?.();
      return 0;
    });
    for (const kind of [0, 1, 2]) void client.request(Add, [kind]);
    await net.settle();
    client.stop();
    await net.settle();
    for (const call of goOn) call();
    await net.settle();
    expect(serverErrors).toEqual([expect.objectContaining({ message: "broken" })]);
  });

  test("says notsent of what never left", async () => {
    const { net, server, client, link } = await openShop();
    const handler = jest.fn(() => new Promise<never>(() => {}));
    server.answer(Add, handler);
    await net.settle();
    // The first is on its way; of the second, which is longer than what a link holds, only a part.
    link.toServer.freeze();
    const first = watched(client.request(Add, [1]));
    await net.settle();
    const second = watched(client.request(Add, new Array<number>(30_000).fill(2.5)));
    const third = watched(client.request(Add, [3]));
    await net.settle();
    link.cut();
    await net.settle();
    expect(first.value).toMatchObject({ outcome: "unknown", reason: "socketclose" });
    expect(second.value).toMatchObject({ outcome: "notsent" });
    expect(third.value).toMatchObject({ outcome: "notsent" });
    expect((third.value as Error).message).toBe(
      'the connection is closed (socketclose): "shop:add" was not sent',
    );
    expect(handler).not.toHaveBeenCalled();
  });

  test("that has begun or is over says notsent; before the connection, it is a mistake", async () => {
    const net = new TestNetwork();
    const server = net.server({ packets });
    const client = net.client({ packets });
    await expect(client.request(Buy, { item: "" })).rejects.toBeInstanceOf(InvalidStateError);
    net.connect(client, server);
    await expect(client.request(Buy, { item: "" })).rejects.toBeInstanceOf(InvalidStateError);
    await client.waitForConnection();
    await net.settle();
    const remote = server.clients.get(1)!;
    const closed = client.close("bye");
    const late = client.request(Buy, { item: "" });
    await expect(late).rejects.toMatchObject({ outcome: "notsent", reason: "bye" });
    await closed;
    await expect(client.request(Buy, { item: "" })).rejects.toMatchObject({ outcome: "notsent" });
    await expect(server.request(Confirm, "", 1)).rejects.toMatchObject({ outcome: "notsent" });
    await expect(remote.request(Confirm, "")).rejects.toMatchObject({ outcome: "notsent" });
    const never = net.client({ packets });
    never.stop();
    await expect(never.request(Buy, { item: "" })).rejects.toMatchObject({ outcome: "notsent" });
  });

  test("says so to each who asks then, however many do, also where there were requests before", async () => {
    const limit = { "net.limits.requests": 2 };
    const { net, client, remote } = await openShop({ clientCfg: limit, serverCfg: limit });
    await settled(client.request(Buy, { item: "" }));
    await settled(remote.request(Confirm, ""));
    await client.close("bye");
    await net.settle();
    for (let n = 0; n < 5; n++) {
      const asked = [client.request(Buy, { item: "" }), remote.request(Confirm, "")];
      for (const one of asked) await expect(one).rejects.toMatchObject({ outcome: "notsent" });
    }
  });

  test("by the handler itself leaves nothing to answer", async () => {
    const { net, server, client, serverErrors } = await openShop();
    server.answer(Buy, (_input, context) => {
      void context.client.close("begone");
      return { gold: 1 };
    });
    server.answer(Add, (_input, context) => {
      void context.client.close("begone");
      throw new RequestError("begone");
    });
    const asked = watched(client.request(Buy, { item: "" }));
    await net.settle();
    expect(asked.value).toMatchObject({ outcome: "unknown", reason: "begone" });
    expect(serverErrors).toEqual([]);
  });

  test("by the handler itself, within the call and before it waits, fires its signal, too", async () => {
    const { net, server, client } = await openShop({ manual: true });
    let signal: AbortSignal | undefined;
    server.answer(Buy, (_input, context) => {
      // The line is gone, so that nothing is left to wait for.
      server.stop();
      signal = context.signal;
      return new Promise<never>(() => {});
    });
    void client.request(Buy, { item: "" });
    await net.settle();
    client.stop();
    await net.settle();
    expect(server.process()).toBe(1);
    expect(signal?.aborted).toBe(true);
    expect(signal?.reason).toMatchObject({ code: "P3D_ERR_CONNECTION_CLOSED", reason: "socketclose" });
  });

  test("a promise that nobody awaits ends no process", async () => {
    const { net, client } = await openShop();
    const unhandled = jest.fn();
    process.on("unhandledRejection", unhandled);
    void client.request(Buy, { item: "" });
    void client.request(Buy, { item: "" }, { timeout: 0 });
    await net.settle();
    void client.request(Buy, { item: "" });
    client.stop();
    await net.settle();
    await new Promise((resolve) => setImmediate(resolve));
    process.off("unhandledRejection", unhandled);
    expect(unhandled).not.toHaveBeenCalled();
  });
});

describe("schemas", () => {
  test("change what the handler and the caller get", async () => {
    const { server, client } = await openShop();
    server.answer(Rename, ({ name }) => ({ name }));
    await expect(client.request(Rename, { name: " Ada " })).resolves.toEqual({ name: "Ada", rank: 7 });
  });

  test("what does not fit is not sent", async () => {
    const { net, server, client } = await openShop({ validateSent: true });
    const handler = jest.fn(({ name }: { name: string }) => ({ name }));
    server.answer(Rename, handler);
    const error = await settled(client.request(Rename, { name: "" }));
    expect(error).toBeInstanceOf(InvalidPayloadError);
    expect(error).toMatchObject({ packet: "shop:rename", direction: "out" });
    await net.settle();
    expect(handler).not.toHaveBeenCalled();
  });

  test("what arrives and does not fit is answered with badrequest, and counted", async () => {
    const { server, client, serverErrors } = await openShop({ validateSent: false });
    const handler = jest.fn(({ name }: { name: string }) => ({ name }));
    server.answer(Rename, handler);
    const error = await settled(client.request(Rename, { name: "" }));
    expect(error).toMatchObject({ code: "badrequest", message: expect.stringContaining("name:") });
    expect(handler).not.toHaveBeenCalled();
    expect(server.metrics.rejectedBy).toEqual({ invalidpayload: 1 });
    expect(serverErrors).toEqual([]);
  });

  test("an answer that does not fit is the handler's mistake, where that is checked", async () => {
    const { server, client, serverErrors } = await openShop({ validateSent: true });
    server.answer(Rename, () => ({ name: 5 }) as never);
    await expect(client.request(Rename, { name: "x" })).rejects.toMatchObject({ code: "internalerror" });
    expect(serverErrors).toEqual([
      expect.objectContaining({ code: "P3D_ERR_INVALID_PAYLOAD", direction: "out" }),
    ]);
  });

  test("an answer, or data of an error, that arrives and does not fit is an error of the caller's", async () => {
    const { server, client } = await openShop({ validateSent: false });
    server.answer(Rename, ({ name }) => {
      if (name === "taken") throw new RequestError("taken", "", { by: "nobody" });
      return { name: 5 } as never;
    });
    await expect(client.request(Rename, { name: "x" })).rejects.toBeInstanceOf(InvalidPayloadError);
    await expect(client.request(Rename, { name: "taken" })).rejects.toBeInstanceOf(InvalidPayloadError);
    expect(client.metrics.rejectedBy).toEqual({ invalidpayload: 2 });
  });

  test("a request that is not registered is a mistake", async () => {
    const net = new TestNetwork();
    const client = net.client();
    await expect(client.request(Buy, { item: "" })).rejects.toBeInstanceOf(NotRegisteredError);
    await expect(client.request("shop:buy" as never, {} as never)).rejects.toBeInstanceOf(TypeError);
  });
});
