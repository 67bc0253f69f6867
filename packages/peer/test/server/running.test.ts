// How a server is made, begins and ends: what it checks before, what it tells its engine, and what is waited for.

import {
  type Acceptor,
  type Address,
  ClientOnServer,
  ConfigError,
  ConnectionType,
  InvalidStateError,
  type ListenRequest,
  NotRegisteredError,
  type Platform,
  Server,
  type ServerOptions,
  standardPlatform,
  TimedOutError,
} from "@peng3dnet/peer";
import { ManualClock, MemoryLink } from "@peng3dnet/peer/testing";
import { closeconn, packet } from "../../../core/test/support/wire.js";
import { ScriptedTransport } from "../resume/scripted.js";
import { NOTE, scene } from "../session/scripted-client.js";

const ADDRESS: Address = ["here", 1];

/** An acceptor that says what it was asked, and fails as often as it is told to. */
function listener(failures = 0, close: () => Promise<void> = async () => {}) {
  const requests: ListenRequest[] = [];
  const acceptor: Acceptor = {
    async listen(request) {
      requests.push(request);
      if (requests.length <= failures) throw new Error("the port is in use");
      return { address: ADDRESS, close };
    },
  };
  return { acceptor, requests };
}

/** A bus that writes down events: their names without what all of a server's begin with, and their own data. */
class Bus {
  readonly events: [name: string, data: unknown][] = [];
  sendEvent(event: string, { peng, server, ...data }: Readonly<Record<string, unknown>>): void {
    expect([peng, server]).toEqual([this, expect.any(Server)]);
    this.events.push([event.replace("peng3dnet:server.", ""), data]);
  }
  get names(): string[] {
    return this.events.map(([name]) => name);
  }
}

/** How a promise stands once nothing is under way any more. */
async function stateOf(promise: Promise<unknown>): Promise<unknown> {
  let state: unknown = "waits";
  promise.then(
    () => {
      state = "done";
    },
    (error: unknown) => {
      state = error;
    },
  );
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
  return state;
}

describe("a server is made", () => {
  test("with options that exist, unless its class or a package says that there may be more", () => {
    const warnings: string[] = [];
    const logger = { debug() {}, info() {}, error() {}, warn: (text: string) => void warnings.push(text) };
    const wrong = { packet: [], logger } as ServerOptions;
    const make = (): unknown => new Server(wrong);
    expect(make).toThrow(ConfigError);
    expect(make).toThrow('a Server has no option "packet"; did you mean "packets"?');
    expect(warnings).toEqual([]);
    class Own extends Server {}
    new Own(wrong);
    expect(warnings).toEqual([expect.stringContaining('Own has no option "packet"')]);
    expect(() => new Own(wrong, { exact: true })).toThrow('a Server has no option "packet"');
    new Server(wrong, { exact: false });
    expect(warnings).toHaveLength(2);
  });

  test("with the platform and the acceptor of its options, else of its package, else with what all runtimes have", async () => {
    const printing = (lines: string[]): Platform => ({
      ...standardPlatform,
      print: (line) => void lines.push(line),
    });
    const [own, packages]: [string[], string[]] = [[], []];
    const [ownListener, packageListener] = [listener(), listener()];
    const defaults = { platform: printing(packages), acceptor: packageListener.acceptor };
    const first = new Server({ platform: printing(own), acceptor: ownListener.acceptor }, defaults);
    first.print("own");
    await first.bind();
    const second = new Server({}, defaults);
    second.print("package's");
    await second.bind();
    expect([own, packages]).toEqual([["own"], ["package's"]]);
    expect([ownListener.requests.length, packageListener.requests.length]).toEqual([1, 1]);
    expect(() => new Server({}, { acceptor: {} as Acceptor })).toThrow(
      new TypeError("the option acceptor has no listen()"),
    );
    expect(() => new Server({ acceptor: null as never }, defaults)).toThrow(
      "the option acceptor has no listen()",
    );
    expect(() => new Server({ platform: null as never }, defaults)).toThrow("the option platform lacks");
    for (const server of [first, second]) server.stop();
  });

  test("with an address that makes sense, and objects for its clients that are of the class it names", () => {
    expect(() => new Server({ addr: "here:70000" })).toThrow(
      expect.objectContaining({ code: "P3D_ERR_INVALID_PORT" }),
    );
    class Player extends ClientOnServer<string> {}
    const clock = new ManualClock();
    const server = new Server({ clientcls: Player, clock });
    const client = server.accept(new MemoryLink().server);
    expect(client).toBeInstanceOf(Player);
    expect(client.server).toBe(server);
    expect(client.cid).toBe(1);
    expect(new Server({ clock }).accept(new MemoryLink().server)).toBeInstanceOf(ClientOnServer);
  });
});

describe("the address", () => {
  test("is that of the option, of the config, or of its host and port", () => {
    const addrOf = (options: ServerOptions): Address => new Server(options).addr;
    const cfg = { "net.server.addr.host": "0.0.0.0", "net.server.addr.port": 4711 };
    expect(addrOf({ cfg })).toEqual(["0.0.0.0", 4711]);
    expect(addrOf({ cfg, addr: "there" })).toEqual(["there", 4711]);
    expect(addrOf({ cfg: { ...cfg, "net.server.addr": "elsewhere:5" } })).toEqual(["elsewhere", 5]);
    expect(addrOf({ cfg: { ...cfg, "net.server.addr": "elsewhere:5" }, addr: "there:6" })).toEqual([
      "there",
      6,
    ]);
  });

  test("is the real one as soon as the server listens, and the acceptor is asked for the other", async () => {
    const { acceptor, requests } = listener();
    const server = new Server({ acceptor, addr: "asked:0" });
    expect(server.addr).toEqual(["asked", 0]);
    await server.bind();
    expect(requests[0]?.address).toEqual(["asked", 0]);
    expect(server.addr).toEqual(ADDRESS);
    server.stop();
  });

  test("of an acceptor that is added is the server's, or its own with the port of the config", async () => {
    const peng = new Bus();
    const server = new Server({ addr: "there:6", peng, cfg: { "net.server.addr.port": 4711 } });
    const [same, other] = [listener(), listener()];
    await server.addAcceptor(same.acceptor);
    await server.addAcceptor(other.acceptor, "elsewhere");
    expect(same.requests[0]?.address).toEqual(["there", 6]);
    expect(other.requests[0]?.address).toEqual(["elsewhere", 4711]);
    expect(peng.events).toEqual([
      ["initialize", {}],
      ["bind", { addr: ADDRESS }],
      ["bind", { addr: ADDRESS }],
    ]);
    server.stop();
  });
});

describe("a server begins", () => {
  test("once, however often it is told to, and tells its engine", async () => {
    const peng = new Bus();
    const { acceptor, requests } = listener();
    const server = new Server({ acceptor, peng });
    await Promise.all([server.bind(), server.bind(), server.runAsync(), server.start()]);
    await server.start();
    expect(requests).toHaveLength(1);
    expect(peng.events).toEqual([
      ["initialize", {}],
      ["bind", { addr: ADDRESS }],
      ["start", {}],
    ]);
    server.stop();
  });

  test("after an attempt that failed, when it is told to again", async () => {
    const { acceptor, requests } = listener(1);
    const server = new Server({ acceptor });
    await expect(server.start()).rejects.toThrow("the port is in use");
    await server.start();
    expect(requests).toHaveLength(2);
    server.stop();
  });

  test("nowhere, where it has an address and nothing to listen with", async () => {
    await expect(new Server({ addr: "here:1" }).bind()).rejects.toThrow(
      "the server has an address and nothing to listen with; hand in an acceptor, or take the Server of @peng3dnet/core",
    );
  });

  test("never again, once it was stopped", async () => {
    const server = new Server();
    server.stop();
    const message = "a server that was stopped cannot be started again; make a new one";
    for (const call of [
      () => server.bind(),
      () => server.runAsync(),
      () => server.start(),
      () => server.reloadCertificates(),
    ])
      await expect(call()).rejects.toThrow(new InvalidStateError(message));
  });

  test("to work packets off with start(), and with runAsync() when they are processed", async () => {
    const begin = async (how: "start" | "runAsync") => {
      const made = scene({ manual: true });
      await made.server[how]();
      made.send(packet(NOTE, 1));
      return made;
    };
    const started = await begin("start");
    expect(started.notes).toEqual([1]);
    const ran = await begin("runAsync");
    expect(ran.notes).toEqual([]);
    ran.server.process();
    expect(ran.notes).toEqual([1]);
  });

  test("with the connection types that it is to serve, and no others", async () => {
    const { acceptor, requests } = listener();
    const server = new Server({ acceptor, conntypes: ["lobby"] });
    for (const start of [() => server.start(), () => server.addAcceptor(acceptor)])
      await expect(start()).rejects.toThrow(
        new NotRegisteredError(
          'conntypes lists the connection type "lobby", which the server does not have; add it with addConnType before the start',
        ),
      );
    expect(requests).toHaveLength(0);
    class Lobby extends ConnectionType {
      override init(): void {}
    }
    const lobby = new Lobby(server);
    server.addConnType("lobby", lobby);
    await server.start();
    expect(server.getConnType("lobby")).toBe(lobby);
    expect(server.getConnType("classic")).toBeUndefined();
    expect(new Server({ conntypes: [] }).getConnType("classic")).toBeUndefined();
    const all = new Server();
    all.initialize();
    expect(all.getConnType("classic")).toBeInstanceOf(ConnectionType);
    server.stop();
  });
});

describe("runBlocking", () => {
  test("lasts until the server is stopped", async () => {
    const { acceptor, requests } = listener();
    const server = new Server({ acceptor });
    const running = server.runBlocking();
    expect(await stateOf(running)).toBe("waits");
    expect(requests).toHaveLength(1);
    server.stop();
    expect(await stateOf(running)).toBe("done");
  });

  test("is given up in time, and begins nothing with a time that is none", async () => {
    const clock = new ManualClock();
    const { acceptor, requests } = listener();
    const server = new Server({ acceptor, clock });
    await expect(server.runBlocking({ timeout: -1 })).rejects.toThrow(ConfigError);
    expect(requests).toHaveLength(0);
    const running = stateOf(server.runBlocking({ timeout: 2 }));
    await server.runAsync();
    clock.advance(2);
    expect(await running).toEqual(new TimedOutError("waited 2 s for the server to stop in vain"));
    server.stop();
  });
});

describe("what acceptors ask of a server", () => {
  test("is answered: whom it refused, what crashed, and the packet that says why a connection ends", async () => {
    const { acceptor, requests } = listener();
    const server = new Server({ acceptor, cfg: { "net.compress.enabled": false } });
    const drops: unknown[] = [];
    const failures: unknown[] = [];
    server.on("drop", (drop) => void drops.push(drop));
    server.on("handlerError", (error, { where }) => void failures.push([error, where]));
    await server.start();
    const request = requests[0] as ListenRequest;
    request.refused?.(["10.0.0.1", 1], "serverfull");
    expect(drops).toEqual([{ addr: ["10.0.0.1", 1], reason: "serverfull" }]);
    expect(server.metrics.rejectedBy).toEqual({ serverfull: 1 });
    const error = new Error("a listener of the socket");
    request.crashed?.(error, "upgrade");
    expect(failures).toEqual([[error, "upgrade"]]);
    expect(Buffer.from(request.closingPacket("serverfull"))).toEqual(closeconn("serverfull"));
    server.stop();
  });

  test("from 128 connections on, the platform's limit of them is heeded, and nobody asks for one before", async () => {
    const limit = jest.fn(() => 130);
    const { acceptor, requests } = listener();
    const platform = { ...standardPlatform, connectionLimit: limit };
    const clock = new ManualClock();
    const server = new Server({ acceptor, platform, clock });
    const unlimited = listener();
    const other = new Server({ acceptor: unlimited.acceptor, clock });
    await server.start();
    await other.start();
    const offer = ({ requests: [request] }: ReturnType<typeof listener>, address: string): void =>
      request?.offer([address, 1], () => new ScriptedTransport(address), jest.fn());
    const own = { acceptor, requests };
    for (let count = 0; count < 128; count++) offer(own, `10.0.1.${count}`);
    expect(limit).not.toHaveBeenCalled();
    for (let count = 0; count < 135; count++) {
      offer(own, `10.0.2.${count}`);
      offer(unlimited, `10.0.2.${count}`);
    }
    expect([server.clients.size, other.clients.size]).toEqual([130, 135]);
    expect(limit).toHaveBeenCalledTimes(1);
    server.stop();
    other.stop();
  });
});

describe("stop", () => {
  test("cuts all, and sends the events of a stop again each time", () => {
    const peng = new Bus();
    const { server, transport, closes } = scene({ peng });
    peng.events.length = 0;
    server.stop();
    expect(transport.calls).toEqual(["closing socketclose", "destroy"]);
    expect(closes).toEqual([]);
    transport.handler?.closed(undefined);
    expect(closes).toEqual([{ reason: "socketclose", error: undefined, clean: false }]);
    server.stop();
    expect(peng.events.filter(([name]) => name !== "connection.close")).toEqual([
      ["stop", { reason: "method" }],
      ["interrupt", {}],
      ["stop", { reason: "method" }],
      ["interrupt", {}],
    ]);
    expect(transport.calls).toEqual(["closing socketclose", "destroy"]);
  });

  test.each(["stop", "shutdown"] as const)("%s says where a listener came to harm by it", async (end) => {
    const { acceptor } = listener(0, () => Promise.reject(new Error("stuck")));
    const server = new Server({ acceptor });
    const failures: unknown[] = [];
    server.on("handlerError", (error, { where }) => void failures.push([(error as Error).message, where]));
    await server.start();
    await server[end]();
    await new Promise((resolve) => setImmediate(resolve));
    expect(failures).toEqual([["stuck", end]]);
  });
});

describe("shutdown", () => {
  test.each([
    ["a time that is none", { timeout: -1 }, ConfigError],
    ["a reason that is no text", { reason: 42 as unknown as string }, TypeError],
    ["an option that does not exist", { joins: false } as object, ConfigError],
  ])("with %s changes nothing", async (_, options, error) => {
    const { server, transport } = scene();
    await expect(server.shutdown(options)).rejects.toThrow(error);
    expect(transport.calls).toEqual([]);
    expect(server.stopped).toBe(false);
    server.accept(new MemoryLink().server);
  });

  test("tells the reason that it is given, and its engine what came of it", async () => {
    const peng = new Bus();
    const { server, transport, handler } = scene({ peng });
    const shutdown = server.shutdown({ reason: "maintenance", timeout: 3 });
    expect(server.shutdown()).toBe(shutdown);
    await new Promise((resolve) => setImmediate(resolve));
    expect(transport.calls).toContain("closing maintenance");
    handler.ended();
    handler.closed(undefined);
    expect(await shutdown).toEqual({ clean: 1, unclean: 0 });
    expect(peng.events.at(-1)).toEqual(["shutdown", { join: true, timeout: 3, reason: "maintenance" }]);
    expect(peng.names.slice(-3)).toEqual(["stop", "interrupt", "shutdown"]);
  });

  test("may give no reason", async () => {
    const { server, transport } = scene();
    void server.shutdown({ reason: null });
    expect(transport.calls).toContain("closing null");
  });

  test.each([true, false])(
    "cuts those whom its reason cannot be told, which is reported (join: %p)",
    async (join) => {
      const { server, transport, failures, closes } = scene({ cfg: { "net.compress.enabled": false } });
      const shutdown = server.shutdown({ reason: "x".repeat(2 ** 21), join });
      await new Promise((resolve) => setImmediate(resolve));
      expect(failures).toEqual([expect.stringMatching(/^shutdown: /)]);
      expect(transport.calls).toContain("destroy");
      transport.handler?.closed(undefined);
      expect(await shutdown).toEqual({ clean: 0, unclean: 1 });
      expect(closes.map(({ reason }) => reason)).toEqual(["socketclose"]);
    },
  );

  test("is over once its listeners are closed, too", async () => {
    let closed = (): void => {};
    const { acceptor } = listener(
      0,
      () =>
        new Promise((resolve) => {
          closed = resolve;
        }),
    );
    const server = new Server({ acceptor });
    await server.start();
    const shutdown = server.shutdown();
    expect(await stateOf(shutdown)).toBe("waits");
    expect(server.stopped).toBe(true);
    closed();
    expect(await shutdown).toEqual({ clean: 0, unclean: 0 });
  });

  test("without join leaves closes to themselves", async () => {
    const peng = new Bus();
    const { server, transport, handler, closes } = scene({ peng });
    expect(await server.shutdown({ join: false })).toEqual({ clean: 0, unclean: 1 });
    expect(server.stopped).toBe(true);
    expect(transport.calls).not.toContain("destroy");
    expect(peng.events.at(-1)).toEqual(["shutdown", { join: false, timeout: 0, reason: "servershutdown" }]);
    handler.ended();
    handler.closed(undefined);
    expect(closes).toEqual([{ reason: "servershutdown", error: undefined, clean: true }]);
  });

  test("cuts those that are left when its signal fires", async () => {
    const { server, transport } = scene();
    const controller = new AbortController();
    const shutdown = server.shutdown({ signal: controller.signal });
    expect(await stateOf(shutdown)).toBe("waits");
    expect(transport.calls).not.toContain("destroy");
    controller.abort();
    expect(await shutdown).toEqual({ clean: 0, unclean: 1 });
    expect(transport.calls).toContain("destroy");
  });
});

describe("join", () => {
  test("waits for what never listened as soon as it has a client, and for what begins to listen", async () => {
    const { server, handler } = scene();
    const joined = server.join();
    expect(await stateOf(joined)).toBe("waits");
    server.stop();
    expect(await stateOf(joined)).toBe("waits");
    handler.closed(undefined);
    expect(await stateOf(joined)).toBe("done");

    const silent = new Server();
    await silent.bind();
    const waiting = silent.join();
    expect(await stateOf(waiting)).toBe("waits");
    silent.stop();
    expect(await stateOf(waiting)).toBe("done");
  });

  test("has one time for the stop and for the closes together", async () => {
    const { net, server, handler } = scene();
    const { clock } = net;
    clock.advance(100);
    const [first, second, third] = [
      server.join({ timeout: 5 }),
      server.join({ timeout: 9 }),
      stateOf(server.join({ timeout: 1 })),
    ];
    clock.advance(2);
    expect(await third).toEqual(new TimedOutError("waited 1 s for the server to stop in vain"));
    server.stop();
    expect(await stateOf(first)).toBe("waits");
    clock.advance(2.9);
    expect(await stateOf(first)).toBe("waits");
    clock.advance(0.1);
    expect(await stateOf(first)).toEqual(
      new TimedOutError("waited 3 s for all connections to close in vain"),
    );
    const late = server.join({ timeout: 0 });
    expect(await stateOf(late)).toEqual(new TimedOutError("waited 0 s for all connections to close in vain"));
    expect(await stateOf(second)).toBe("waits");
    handler.closed(undefined);
    expect(await stateOf(second)).toBe("done");
    expect(await stateOf(server.join({ timeout: 0 }))).toBe("done");
  });

  test("is given up when its signal fires, whatever it waits for by then", async () => {
    const { server } = scene();
    const controller = new AbortController();
    server.stop();
    const joined = server.join({ signal: controller.signal });
    expect(await stateOf(joined)).toBe("waits");
    controller.abort();
    expect(await stateOf(joined)).toMatchObject({ code: "P3D_ERR_ABORTED" });
    await expect(new Server().join({ timeout: -1 })).rejects.toThrow(ConfigError);
  });
});

describe("disposing", () => {
  test("shuts down, and waits for the end", async () => {
    const { server, transport, handler } = scene();
    const disposed = server[Symbol.asyncDispose]();
    expect(await stateOf(disposed)).toBe("waits");
    expect(transport.calls).toContain("closing servershutdown");
    handler.ended();
    handler.closed(undefined);
    expect(await stateOf(disposed)).toBe("done");
    expect(server.stopped).toBe(true);
  });

  test("of one that was stopped waits for its connections alone", async () => {
    const peng = new Bus();
    const { server, handler } = scene({ peng });
    server.stop();
    const disposed = server[Symbol.asyncDispose]();
    expect(await stateOf(disposed)).toBe("waits");
    handler.closed(undefined);
    expect(await stateOf(disposed)).toBe("done");
    expect(peng.names).not.toContain("shutdown");
  });
});

test("a server's time counts from when it was made", () => {
  const clock = new ManualClock();
  clock.advance(100);
  const server = new Server({ clock });
  clock.advance(2.5);
  expect(server.serverTime()).toEqual({ time: 2.5, error: 0 });
});
