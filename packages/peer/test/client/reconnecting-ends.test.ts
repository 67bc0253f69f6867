// When a client does not connect again: what is final by itself, what a function decides, and what the program does.

import {
  AbortedError,
  CLOSE_REASONS,
  Client,
  type CloseInfo,
  ConfigError,
  ConnectError,
  ConnectionClosedError,
  ConnectionRefusedError,
  InvalidStateError,
  isFinalClose,
  type ReconnectOptions,
  TlsHandshakeError,
  TlsUnknownCaError,
  UnresolvableHostError,
} from "@peng3dnet/peer";
import { MemoryLink } from "@peng3dnet/peer/testing";
import { packets, World, watch } from "./support/world.js";

/** Those of the library's reasons that are not final. */
const PASSING = [
  "servershutdown",
  "serverdraining",
  "serverfull",
  "socketclose",
  "handshaketimeout",
  "timeout",
  "heartbeattimeout",
  "slowconsumer",
  "inputoverflow",
  "internalerror",
  "resumeexpired",
  "resumeunknown",
  "resumerefused",
  "resumegap",
  "resumeregistry",
  "resumeevicted",
  "resumeoverflow",
  "resumeelsewhere",
  "resumeunreadable",
];

function info(reason: string | null, error?: Error): CloseInfo {
  return { reason, error, clean: false };
}

describe("a close is final", () => {
  test.each([...CLOSE_REASONS, "kicked", "", null])("or not: %s", (reason) => {
    expect(isFinalClose(info(reason))).toBe(!PASSING.includes(reason as string));
  });

  test("where the mistake is the program's, but not where it only comes too late", () => {
    expect(isFinalClose(info("socketclose", new InvalidStateError("nothing to connect with")))).toBe(true);
    expect(isFinalClose(info("socketclose", new ConnectionClosedError("closed", null)))).toBe(false);
    expect(isFinalClose(info("socketclose", new UnresolvableHostError("no such host")))).toBe(false);
    expect(isFinalClose(info("socketclose", new Error("whatever a connector throws")))).toBe(false);
  });

  test("where TLS is refused, but not where the line was cut within its handshake", () => {
    const cut = Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" });
    expect(isFinalClose(info("tlsfailed", new TlsHandshakeError("ended", { cause: cut })))).toBe(false);
    expect(isFinalClose(info("tlsfailed", new TlsHandshakeError("no cipher in common")))).toBe(true);
    expect(isFinalClose(info("tlsunknownca", new TlsUnknownCaError("unknown", { cause: cut })))).toBe(true);
  });

  test.each([["kicked"], [null]])("if the server gives the reason %j", async (reason) => {
    const world = new World();
    const { client, server } = await world.active();
    const { events } = watch(client);
    void server.closeConnection(1, reason);
    expect(await client.waitForClose()).toEqual({ reason, error: undefined, clean: true });
    await world.pass();
    expect(events).toEqual(["close"]);
    expect(world.attempts).toHaveLength(1);
    await expect(client.waitForConnection()).rejects.toThrow(ConnectionClosedError);
    await expect(client.start()).rejects.toThrow("make a new one");
  });

  test("not if the server shuts down: the client is there again when another one serves", async () => {
    const world = new World();
    const { client, server } = await world.active();
    const { events, infos } = watch(client);
    world.server = undefined;
    await Promise.all([server.shutdown(), world.net.settle()]);
    expect(infos[0]).toEqual({ reason: "servershutdown", error: undefined, clean: true });
    await world.pass();
    world.serve();
    await world.pass();
    expect(events[0]).toBe("lost");
    expect(events.at(-1)).toBe("session");
  });
});

describe("the option when", () => {
  async function decided(when: ReconnectOptions["when"], reason = "kicked"): Promise<string[]> {
    const world = new World();
    const { client, server } = await world.active({ reconnect: { when } });
    const { events } = watch(client);
    void server.closeConnection(1, reason);
    await world.net.settle();
    await world.pass();
    return events;
  }

  test("decides instead of the reason", async () => {
    expect((await decided(() => true)).at(-1)).toBe("session");
    expect(await decided(() => false, "servershutdown")).toEqual(["close"]);
  });

  test("is asked with what happened and the number of the attempt, once for each", async () => {
    const world = new World();
    const asked: [string | null, string | undefined, number][] = [];
    const when = ({ reason, error }: CloseInfo, attempt: number): boolean => {
      asked.push([reason, error?.name, attempt]);
      return attempt < 4;
    };
    const { client } = await world.active({ reconnect: { when } });
    const closing = client.waitForClose();
    world.server = undefined;
    await world.cut();
    for (let i = 0; i < 4; i++) await world.pass();
    expect(asked).toEqual([
      ["socketclose", "ConnectionLostError", 1],
      ["socketclose", "ConnectionRefusedError", 2],
      ["socketclose", "ConnectionRefusedError", 3],
      ["socketclose", "ConnectionRefusedError", 4],
    ]);
    expect(await closing).toMatchObject({ reason: "socketclose", error: { name: "ConnectionRefusedError" } });
  });

  test("may ask what is final by itself", async () => {
    const when = (info: CloseInfo): boolean => info.reason === "kicked" || !isFinalClose(info);
    expect((await decided(when)).at(-1)).toBe("session");
    expect(await decided(when, "banned")).toEqual(["close"]);
  });

  test("that throws is reported, and that is the end", async () => {
    const world = new World();
    const when = (): boolean => {
      throw new Error("a mistake");
    };
    const { client } = await world.active({ reconnect: { when } });
    const { events } = watch(client);
    const errors: unknown[] = [];
    client.on("handlerError", (error, { where }) => errors.push(where, String(error)));
    await world.cut();
    await world.pass();
    expect(errors).toEqual(["reconnect.when", "Error: a mistake"]);
    expect(events).toEqual(["close"]);
  });

  test.each([
    ["NaN", () => Number.NaN],
    ["1", () => 1],
    ["undefined", () => {}],
    ["[object Promise]", async () => true],
    ["[object Promise]", () => Promise.reject(new Error("nobody hears it"))],
  ])("that returns %s has decided nothing: that is told, and is the end", async (shown, when) => {
    const world = new World();
    const { client } = await world.active({ reconnect: { when: when as unknown as () => boolean } });
    const { events } = watch(client);
    const errors: unknown[] = [];
    client.on("handlerError", (error, { where }) => errors.push(where, String(error)));
    await world.cut();
    await world.pass();
    expect(errors).toEqual([
      "reconnect.when",
      `TypeError: the option when of reconnect has to return true or false at once, and returned ${shown}`,
    ]);
    expect(events).toEqual(["close"]);
  });

  test("may close the client", async () => {
    const world = new World();
    let ask = (): void => {};
    const when = (): boolean => {
      ask();
      return true;
    };
    const { client } = await world.active({ reconnect: { when } });
    const { events } = watch(client);
    ask = () => void client.close("enough");
    await world.cut();
    await world.pass();
    expect(events).toEqual(["close"]);
  });
});

describe("the program ends it", () => {
  test("by close, with whatever reason", async () => {
    const world = new World();
    const { client } = await world.active();
    const { events } = watch(client);
    expect(await client.close("servershutdown")).toMatchObject({ reason: "servershutdown", clean: true });
    await world.pass();
    expect(events).toEqual(["close"]);
  });

  test("by close while the server closes", async () => {
    const world = new World();
    const { client, server } = await world.active();
    const { events } = watch(client);
    world.link.toServer.freeze();
    const down = server.shutdown();
    await world.net.settle();
    const closing = client.close("enough");
    world.link.toServer.thaw();
    expect(await closing).toMatchObject({ reason: "servershutdown" });
    await down;
    await world.pass();
    expect(events).toEqual(["close"]);
  });

  test("and when is not asked then", async () => {
    const world = new World();
    const asked: unknown[] = [];
    const { client } = await world.active({ reconnect: { when: (info) => asked.push(info) > 0 } });
    await client.close();
    expect(asked).toEqual([]);
  });

  test("by stop", async () => {
    const world = new World();
    const { client } = await world.active();
    const { events } = watch(client);
    client.stop();
    await client.join();
    await world.pass();
    expect(events).toEqual(["close"]);
    expect(world.attempts).toHaveLength(1);
  });

  test("not by a reason that is too long", async () => {
    const world = new World();
    const { client } = await world.active({ cfg: { "net.limits.packetlength": 4096 } });
    await expect(client.close("x".repeat(5000))).rejects.toMatchObject({ code: "P3D_ERR_PACKET_TOO_LARGE" });
    await world.cut();
    await world.pass();
    expect(client.active).toBe(true);
  });

  test.each(["lost", "retry"] as const)("by close, when it hears %s", async (event) => {
    const world = new World();
    const { client } = await world.active();
    const { events, infos } = watch(client);
    client.on(event, () => void client.close("enough"));
    await world.cut();
    await world.pass();
    expect(events).toEqual(event === "lost" ? ["lost", "close"] : ["lost", "retry", "close"]);
    expect(infos.at(-1)).toMatchObject({ reason: "enough", error: expect.any(AbortedError), clean: false });
    expect(world.attempts).toHaveLength(1);
    expect(world.net.clock.timers).toBe(0);
  });

  test("and a transport that is handed in right then is none of a session", async () => {
    const world = new World();
    const { client } = await world.active();
    await world.cut();
    const closing = client.close("enough");
    expect(() => client.attach(new MemoryLink().client)).toThrow("a client connects once");
    expect(await closing).toMatchObject({ reason: "enough" });
  });

  test.each(["lost", "retry"] as const)("by stop, when it hears %s", async (event) => {
    const world = new World();
    const { client } = await world.active();
    const { events, infos } = watch(client);
    client.on(event, () => client.stop());
    await world.cut();
    await world.pass();
    expect(events).toEqual(event === "lost" ? ["lost", "close"] : ["lost", "retry", "close"]);
    expect(infos.at(-1)).toMatchObject({ reason: "socketclose", clean: false });
    expect(world.attempts).toHaveLength(1);
  });

  test.each(["close", "stop"] as const)("by %s during the pause", async (end) => {
    const world = new World();
    const { client } = await world.active();
    const { events } = watch(client);
    await world.cut();
    const waiting = client.waitForConnection();
    const refused = expect(waiting).rejects.toThrow(ConnectionClosedError);
    await client[end]();
    await client.join();
    await refused;
    await world.pass();
    expect(events).toEqual(["lost", "retry", "close"]);
    expect(world.attempts).toHaveLength(1);
    expect(world.net.clock.timers).toBe(0);
    expect(() => client.attach(new MemoryLink().client)).toThrow("a client connects once");
    expect(() => client.sendMessage("test:say", "hi")).toThrow(ConnectionClosedError);
    await expect(client.start()).rejects.toThrow("make a new one");
  });

  test("by close while an attempt is under way, whose transport is not used then", async () => {
    const world = new World();
    let finish = (): void => {};
    const { connector } = world;
    let calls = 0;
    const client = world.client({
      connector: {
        async connect(request) {
          if (++calls > 1) await new Promise<void>((resolve) => (finish = resolve));
          await connector.connect(request);
        },
      },
    });
    const server = world.serve();
    await client.start();
    const { events } = watch(client);
    await world.cut();
    await world.pass();
    const closing = client.close("enough");
    finish();
    expect(await closing).toMatchObject({ reason: "enough", clean: false });
    await world.net.settle();
    expect(events).toEqual(["lost", "retry", "close"]);
    expect([...server.clients.values()]).toEqual([]);
  });

  test("by close while an attempt is under way, for the first reason of two", async () => {
    const world = new World();
    const client = world.client({ connector: { connect: () => new Promise(() => {}) } });
    const started = expect(client.start()).rejects.toThrow("was closed while it connected");
    const closing = [client.close("first"), client.close("second")];
    await started;
    await expect(Promise.all(closing)).resolves.toMatchObject([{ reason: "first" }, { reason: "first" }]);
  });

  test("by await using", async () => {
    const world = new World();
    const { client } = await world.active();
    world.server = undefined;
    await world.cut();
    await client[Symbol.asyncDispose]();
    expect([client.stopped, client.active]).toEqual([true, false]);
    expect(world.net.clock.timers).toBe(0);
  });

  test("closes one session only by conn.close, where when goes on behind that", async () => {
    const world = new World();
    const { client } = await world.active({ reconnect: { when: ({ reason }) => reason === "again" } });
    const { events } = watch(client);
    void client.conn?.close("again");
    await world.net.settle();
    await world.pass();
    expect(events.at(-1)).toBe("session");
    void client.conn?.close("enough");
    await world.net.settle();
    expect(events.at(-1)).toBe("close");
  });
});

test.each([
  ["conn.close()", "servershutdown", ["lost", "session", "lost", "session"]],
  ["close()", "enough", ["lost", "close"]],
])(
  "each lost is followed by session or close, also where %s ends it as soon as it is active",
  async (how, reason, told) => {
    const world = new World();
    const { client } = await world.active();
    const { events } = watch(client);
    let first = true;
    client.on("handshakecomplete", () => {
      if (first) void (how === "close()" ? client : client.conn)?.close(reason);
      first = false;
    });
    await world.cut();
    await world.pass();
    await world.pass();
    expect(events.filter((event) => ["lost", "session", "close"].includes(event))).toEqual(told);
  },
);

describe("attempts", () => {
  test("end when as many as may be have failed, with what the last one failed with", async () => {
    const world = new World();
    const { client } = await world.active({ reconnect: { attempts: 3 } });
    const { events, infos } = watch(client);
    world.server = undefined;
    await world.cut();
    for (let i = 0; i < 5; i++) await world.pass();
    expect(events).toEqual(["lost", "retry", "retry", "retry", "close"]);
    expect(infos.at(-1)).toEqual({
      reason: "socketclose",
      error: expect.any(ConnectionRefusedError),
      clean: false,
    });
    expect(world.attempts).toHaveLength(4);
    expect(client.conn).toBeUndefined();
    expect(client.metrics.packetsOut).toBe(2);
  });

  test("are counted anew behind a session that lasted, and on behind one that did not", async () => {
    const world = new World();
    const { client } = await world.active({ reconnect: { attempts: 2 } });
    const { infos, events } = watch(client);
    for (let i = 0; i < 3; i++) {
      await world.pass();
      await world.cut();
      await world.pass();
    }
    expect(events).not.toContain("close");
    await world.pass();
    for (let i = 0; i < 3; i++) {
      await world.cut();
      // The longest delay of the first two attempts.
      await world.pass(0.5);
    }
    expect(
      infos.filter((_, i) => events[i] === "retry").map((info) => (info as { attempt: number }).attempt),
    ).toEqual([1, 1, 1, 1, 2]);
    expect(events.at(-1)).toBe("close");
  });
});

describe("the first connection", () => {
  test("is tried again, too, and start() resolves once there is a session", async () => {
    const world = new World();
    const client = world.client();
    const { events } = watch(client);
    const starting = client.start();
    await world.net.settle();
    await world.pass();
    expect(events).toEqual(["retry", "retry"]);
    world.serve();
    await world.pass();
    await starting;
    expect(events.slice(2)).toEqual(["connect", "handshakecomplete"]);
    expect(client.active).toBe(true);
  });

  test("is tried again where a server lets nobody in at the moment", async () => {
    const world = new World();
    const server = world.serve();
    void server.drain();
    const client = world.client();
    const starting = client.start();
    await world.net.settle();
    server.admit();
    await world.pass();
    await starting;
    expect(client.active).toBe(true);
  });

  test("ends for a caller who has no more patience, and so does the client", async () => {
    const world = new World();
    const client = world.client({ reconnect: { delay: 100, maxDelay: 100 } });
    const { events } = watch(client);
    const starting = client.start({ timeout: 3 });
    const refused = expect(starting).rejects.toMatchObject({ code: "P3D_ERR_TIMED_OUT" });
    await world.net.settle();
    await world.pass(4);
    await refused;
    expect(await client.waitForClose()).toMatchObject({ reason: "socketclose", clean: false });
    world.serve();
    await world.pass(200);
    expect(events).toEqual(["retry"]);
    expect(world.attempts).toHaveLength(1);
  });

  test("that was up but never active ends for such a caller, too", async () => {
    const world = new World();
    void world.serve().drain();
    const client = world.client();
    const { events } = watch(client);
    const starting = client.start({ timeout: 3 });
    const refused = expect(starting).rejects.toMatchObject({ code: "P3D_ERR_TIMED_OUT" });
    for (let i = 0; i < 4; i++) await world.pass(1);
    await refused;
    await client.waitForClose();
    expect(events.at(-1)).toBe("close");
    expect(client.active).toBe(false);
  });

  test("tells such a caller what failed last, be it an attempt or what the server said", async () => {
    const world = new World();
    const unheard = expect(world.client().start({ timeout: 3 })).rejects.toMatchObject({
      code: "P3D_ERR_TIMED_OUT",
      message: "waited 3 s for the connection in vain; what failed last: nothing listens there",
      cause: expect.any(ConnectionRefusedError),
    });
    for (let i = 0; i < 4; i++) await world.pass(1);
    await unheard;

    void world.serve().drain();
    const refused = expect(world.client().start({ timeout: 3 })).rejects.toMatchObject({
      code: "P3D_ERR_TIMED_OUT",
      message:
        "waited 3 s for the connection in vain; what failed last: the connection is closed (serverdraining)",
      cause: { reason: "serverdraining" },
    });
    for (let i = 0; i < 4; i++) await world.pass(1);
    await refused;
  });

  test("tells who waits between two sessions what failed last, and not of one that is over", async () => {
    const world = new World();
    const { client, server } = await world.active();
    world.server = undefined;
    await Promise.all([server.shutdown(), world.net.settle()]);
    const lost = expect(client.waitForConnection({ timeout: 0.01 })).rejects.toThrow(
      "in vain; what failed last: the connection is closed (servershutdown)",
    );
    await world.pass(0.02);
    await lost;
    const away = expect(client.start({ timeout: 3 })).rejects.toThrow(
      "in vain; what failed last: nothing listens there",
    );
    for (let i = 0; i < 4; i++) await world.pass(1);
    await away;
    world.serve();
    await world.pass();
    await client.waitForConnection({ timeout: 1 });
    await expect(client.waitForClose({ timeout: 0 })).rejects.toThrow(/in vain$/);
  });

  test("fails at once where another attempt is of no use", async () => {
    const world = new World();
    world.server = world.net.server({ packets: packets.slice(1) });
    const client = world.client();
    await expect(client.start()).rejects.toMatchObject({ reason: "packetregmismatch" });
    expect(world.attempts).toHaveLength(1);
    const without = world.net.client({ reconnect: true });
    await expect(without.start()).rejects.toThrow("nothing to connect with");
    await without.waitForClose();
  });

  test("rejects with what the last attempt failed with", async () => {
    const world = new World();
    world.failures.push(new ConnectError("one"), new ConnectError("two"));
    const client = world.client({ reconnect: { attempts: 1 } });
    const starting = client.start();
    const refused = expect(starting).rejects.toThrow("two");
    await world.net.settle();
    await world.pass();
    await refused;
    await expect(client.waitForConnection()).rejects.toThrow("two");
  });

  test("warns whoever runs a program that waits without a word, once", async () => {
    const world = new World();
    const warnings: string[] = [];
    const logger = {
      debug() {},
      info() {},
      error() {},
      warn: (message: string) => void warnings.push(message),
    };
    const client = world.client({ logger });
    client.start().catch(() => {});
    await world.net.settle();
    await world.pass();
    expect(warnings).toEqual([expect.stringMatching(/nothing listens there; it tries again .* "retry"/)]);
    const told = world.client({ logger });
    told.on("retry", () => {});
    told.start().catch(() => {});
    await world.net.settle();
    expect(warnings).toHaveLength(1);
    client.stop();
    told.stop();
  });

  test("is that of a connector which fails when it has handed over: the session is lost, and another one follows", async () => {
    const world = new World();
    world.serve();
    let calls = 0;
    const client = world.client({
      connector: {
        async connect(request) {
          await world.connector.connect(request);
          if (++calls === 1) throw new Error("after all");
        },
      },
    });
    client.on("handlerError", () => {});
    const { events } = watch(client);
    const starting = client.start();
    await world.net.settle();
    await world.pass();
    await starting;
    // One loss, and one attempt that follows.
    expect(events.filter((event) => event === "lost" || event === "retry")).toEqual(["lost", "retry"]);
    expect(client.active).toBe(true);
    expect(world.attempts).toHaveLength(2);
  });
});

test.each([
  { delay: 0 },
  { maxDelay: Number.POSITIVE_INFINITY },
  { attempts: 0 },
  { attempts: 1.5 },
  { attempts: Number.NaN },
])("the option reconnect: %j is refused", (reconnect) => {
  expect(() => new Client({ reconnect })).toThrow(ConfigError);
});

test("a when that is no function is refused", () => {
  expect(() => new Client({ reconnect: { when: true as unknown as () => boolean } })).toThrow(TypeError);
});
