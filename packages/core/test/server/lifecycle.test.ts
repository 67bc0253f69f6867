import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { Socket } from "node:net";
import { networkInterfaces } from "node:os";
import {
  AbortedError,
  type AddressLike,
  Client,
  type CloseInfo,
  ConnectError,
  ConnectionClosedError,
  ConnectionRefusedError,
  InvalidAddressError,
  InvalidStateError,
  ListenError,
  MODE_PLAY,
  PacketTooLargeError,
  Server,
  STATE_ACTIVE,
  STATE_CLOSED,
  STATE_INIT,
  TimedOutError,
  UnresolvableHostError,
} from "@peng3dnet/core";
import { ManualClock } from "@peng3dnet/core/testing";
import { track } from "../support/cleanup.js";
import { deferred, echo, handle, LOCAL, next, nextOf, startPair, startServer } from "../support/peers.js";
import { freePort, RawPeer, rawServer } from "../support/raw-peer.js";
import { sessionOf } from "../support/session.js";

/** A bus that writes down the names of events. */
class Events {
  readonly names: string[] = [];
  sendEvent(event: string): void {
    this.names.push(event.replace(/^peng3dnet:/, ""));
  }
}

describe("server", () => {
  test("start, runAsync, bind and initialize do their work once", async () => {
    const peng = new Events();
    const server = track(new Server({ addr: LOCAL, peng }));
    server.initialize();
    server.initialize();
    await Promise.all([server.bind(), server.bind(), server.runAsync(), server.start()]);
    await server.start();
    expect(peng.names).toEqual(["server.initialize", "server.bind", "server.start"]);
    expect(server.addr[0]).toBe("127.0.0.1");
    expect(server.addr[1]).toBeGreaterThan(0);
  });

  test("stop, shutdown and join may be called again, in any order", async () => {
    const server = await startServer();
    server.stop();
    server.stop();
    await server.join();
    expect(await server.shutdown()).toEqual({ clean: 0, unclean: 0 });
    expect(server.shutdown()).toBe(server.shutdown());
    await server.join();
    expect(server.stopped).toBe(true);
  });

  test("a server that never ran can be stopped, shut down and joined", async () => {
    const server = new Server({ addr: LOCAL });
    expect(await server.shutdown()).toEqual({ clean: 0, unclean: 0 });
    await server.join();
    await expect(server.start()).rejects.toThrow(InvalidStateError);
    await expect(server.bind()).rejects.toThrow("make a new one");
  });

  test.each([0, 1, 50])("a stop while it binds leaves no open port (%d turns later)", async (turns) => {
    const server = new Server({ addr: LOCAL });
    const starting = server.start().catch((error: unknown) => error);
    // Promises alone, so that the socket cannot be open already.
    for (let turn = 0; turn < turns; turn++) await Promise.resolve();
    server.stop();
    expect(await starting).toBeInstanceOf(InvalidStateError);
    await server.join();
  });

  test("runBlocking resolves when it is stopped", async () => {
    const server = track(new Server({ addr: LOCAL }));
    const running = server.runBlocking();
    await server.bind();
    server.stop();
    await running;
  });

  test("runBlocking and join give up in time and on a signal", async () => {
    const clock = new ManualClock();
    const server = track(new Server({ addr: LOCAL, clock }));
    await server.start();
    const running = server.runBlocking({ timeout: 2 });
    const joining = server.join({ timeout: 3 });
    const controller = new AbortController();
    const aborted = server.join({ signal: controller.signal });
    // runBlocking begins to wait once it knows that the server runs.
    await server.runAsync();
    clock.advance(2);
    await expect(running).rejects.toThrow(TimedOutError);
    clock.advance(1);
    await expect(joining).rejects.toThrow("waited 3 s for the server to stop in vain");
    controller.abort(new Error("enough"));
    await expect(aborted).rejects.toThrow(AbortedError);
    await expect(server.join({ signal: controller.signal })).rejects.toMatchObject({
      code: "P3D_ERR_ABORTED",
      cause: new Error("enough"),
    });
    expect(clock.timers).toBe(0);
  });

  test("a port in use is an error that names the address, and bind can be tried again", async () => {
    const first = await startServer();
    const [host, port] = first.addr;
    const second = track(new Server({ addr: first.addr }));
    await expect(second.start()).rejects.toThrow(ListenError);
    await expect(second.bind()).rejects.toThrow(`cannot listen on ${host}:${port}: the port is in use`);
    await first.shutdown();
    await second.start();
    expect(second.addr).toEqual([host, port]);
  });

  test.each([
    ["an address of another machine", "192.0.2.1:0", "this machine does not have that address"],
    ["a name that does not exist", "does-not-exist.invalid:0", "does-not-exist.invalid"],
  ])(
    "%s is an error that names it",
    async (_, addr, message) => {
      const server = track(new Server({ addr }));
      const failure = server.start();
      await expect(failure).rejects.toThrow(ListenError);
      await expect(failure).rejects.toThrow(message);
      await expect(failure).rejects.toHaveProperty("cause");
    },
    30_000,
  );

  test("an address that makes no sense is refused at once", () => {
    expect(() => new Server({ addr: "127.0.0.1:66000" })).toThrow(InvalidAddressError);
    expect(() => new Client({ addr: "a b" })).toThrow(InvalidAddressError);
  });

  test("shutdown tells all clients its reason and reports what was clean", async () => {
    const server = await startServer();
    const closes: Promise<CloseInfo>[] = [];
    for (let index = 0; index < 3; index++) {
      const client = track(new Client({ addr: server.addr }));
      echo(client);
      await client.start();
      closes.push(client.waitForClose());
    }
    expect(await server.shutdown({ reason: "maintenance" })).toEqual({ clean: 3, unclean: 0 });
    expect(server.clients.size).toBe(0);
    await server.join();
    expect(await Promise.all(closes)).toEqual(
      Array(3).fill({ reason: "maintenance", error: undefined, clean: true }),
    );
  });

  test("shutdown is bounded: it cuts those that do not answer in time", async () => {
    const clock = new ManualClock();
    const server = await startServer({ clock });
    const honest = track(new Client({ addr: server.addr }));
    echo(honest);
    await honest.start();
    const stubborn = await RawPeer.activeClient(server.addr);
    while (server.clients.size < 2) await next(server, "connection");
    const closed = next(server, "close");
    const report = server.shutdown({ timeout: 1 });
    expect(await stubborn.closeReason({ answer: false })).toBe("servershutdown");
    await closed;
    clock.advance(1);
    expect(await report).toEqual({ clean: 1, unclean: 1 });
    await server.join();
    await stubborn.ended();
  });

  test("shutdown without a time-out is bounded by net.timeout.close", async () => {
    const clock = new ManualClock();
    const server = await startServer({ clock });
    const stubborn = await RawPeer.activeClient(server.addr);
    const report = server.shutdown();
    await stubborn.closeReason({ answer: false });
    clock.advance(5);
    expect(await report).toEqual({ clean: 0, unclean: 1 });
    await stubborn.ended();
  });

  test("shutdown without join delivers what it closes", async () => {
    const received: unknown[] = [];
    const { server, client, remote } = await startPair({
      setUp: (peer) => handle(peer, "test:count", (msg) => void received.push(msg)),
    });
    for (let count = 0; count < 10_000; count++) remote.sendMessage("test:count", count);
    const closed = nextOf(client, "close");
    expect(await server.shutdown({ join: false, reason: "bye" })).toEqual({ clean: 0, unclean: 1 });
    expect(server.stopped).toBe(true);
    expect((await closed)[0]).toEqual({ reason: "bye", error: undefined, clean: true });
    expect(received).toEqual(Array.from({ length: 10_000 }, (_, index) => index));
    await server.join();
  });

  test("no connection is accepted any more once shutdown has begun", async () => {
    const clock = new ManualClock();
    const server = await startServer({ clock });
    const stubborn = await RawPeer.activeClient(server.addr);
    const shutdown = server.shutdown();
    await stubborn.closeReason({ answer: false });
    await expect(RawPeer.connect(server.addr)).rejects.toThrow("ECONNREFUSED");
    stubborn.end();
    expect(await shutdown).toEqual({ clean: 1, unclean: 0 });
  });

  test("a reason too long to be sent is reported, and shutdown comes to its end", async () => {
    const failures: unknown[] = [];
    const { server, client } = await startPair({ server: { cfg: { "net.compress.enabled": false } } });
    server.on("handlerError", (error, { where }) => failures.push([error, where]));
    expect(await server.shutdown({ reason: "x".repeat(2 ** 21) })).toEqual({ clean: 0, unclean: 1 });
    expect(failures).toEqual([[expect.any(PacketTooLargeError), "shutdown"]]);
    await client.waitForClose();
  });

  test("is disposable", async () => {
    let closed = false;
    {
      await using server = await startServer();
      await using client = new Client({ addr: server.addr });
      echo(client);
      client.on("close", ({ clean }) => {
        closed = clean;
      });
      await client.start();
    }
    expect(closed).toBe(true);
  });

  test("disposing of what never ran, or was stopped, is fine", async () => {
    await new Server({ addr: LOCAL })[Symbol.asyncDispose]();
    await new Client({ addr: LOCAL })[Symbol.asyncDispose]();
    const { server, client } = await startPair();
    client.stop();
    await client[Symbol.asyncDispose]();
    server.stop();
    await server[Symbol.asyncDispose]();
  });
});

describe("addresses", () => {
  const hasIPv6 = Object.values(networkInterfaces()).some((all) =>
    all?.some(({ address }) => address === "::1"),
  );

  test.each<[string, AddressLike]>([
    ["an IPv4 address", "127.0.0.1:0"],
    ["a host name", "localhost:0"],
    ...(hasIPv6 ? [["an IPv6 address in brackets", "[::1]:0"] satisfies [string, string]] : []),
    ["an object", { host: "127.0.0.1", port: 0 }],
  ])("%s with port 0 gives the real port", async (_, addr) => {
    const server = await startServer({ addr });
    const [host, port] = server.addr;
    expect(port).toBeGreaterThan(0);
    const client = track(new Client({ addr: [host, port] }));
    echo(client);
    await client.start();
    expect(client.active).toBe(true);
    const [remote] = server.clients.values();
    expect(remote?.addr[0]).toBe(host);
  });

  test("a client finds a server by host name", async () => {
    const server = await startServer({ addr: "localhost:0" });
    const client = track(new Client({ addr: `localhost:${server.addr[1]}` }));
    echo(client);
    await client.start();
    expect(client.sock?.remotePort).toBe(server.addr[1]);
  });
});

describe("a client that cannot connect", () => {
  test("nothing listens: all calls reject at once, with the same typed error", async () => {
    const port = await freePort();
    const client = track(new Client({ addr: ["127.0.0.1", port] }));
    const waiting = client.waitForConnection();
    const starting = client.start();
    await expect(starting).rejects.toThrow(ConnectionRefusedError);
    await expect(starting).rejects.toThrow(`nothing listens on 127.0.0.1:${port}`);
    await expect(starting).rejects.toHaveProperty("cause.code", "ECONNREFUSED");
    await expect(waiting).rejects.toThrow(ConnectionRefusedError);
    await expect(client.waitForConnection()).rejects.toThrow(ConnectionRefusedError);
    await expect(client.connect()).rejects.toThrow(ConnectionRefusedError);
    expect(await client.waitForClose()).toEqual({
      reason: "socketclose",
      error: expect.any(ConnectionRefusedError),
      clean: false,
    });
    expect(await client.close("again")).toMatchObject({ reason: "socketclose" });
    expect(() => client.sendMessage("test:echo", 1)).toThrow(ConnectionClosedError);
    expect(client.state).toBe(STATE_CLOSED);
  });

  test("an unresolvable name", async () => {
    const client = track(new Client({ addr: "does-not-exist.invalid:8080" }));
    const starting = client.start();
    await expect(starting).rejects.toThrow(UnresolvableHostError);
    await expect(starting).rejects.toThrow('the host "does-not-exist.invalid" cannot be resolved');
  }, 30_000);

  test("an address that no connection can go to is a ConnectError with its cause", async () => {
    const client = track(new Client({ addr: ["255.255.255.255", 9] }));
    await expect(client.start()).rejects.toThrow(ConnectError);
    await expect(client.connect()).rejects.toHaveProperty("cause");
  });

  test("stop while it connects", async () => {
    const server = await startServer();
    const client = new Client({ addr: server.addr });
    const starting = client.start();
    client.stop();
    await expect(starting).rejects.toThrow(AbortedError);
    await client.join();
    await expect(client.waitForConnection()).rejects.toThrow("the client was stopped");
    await expect(client.runAsync()).rejects.toThrow(InvalidStateError);
  });

  test("close while it connects", async () => {
    const server = await startServer();
    const client = track(new Client({ addr: server.addr }));
    const starting = client.start();
    const closing = client.close("changed my mind");
    await expect(starting).rejects.toThrow("connecting was aborted");
    expect(await closing).toMatchObject({ error: expect.any(AbortedError), clean: false });
  });

  test.each(["close", "stop"] as const)("%s at the very moment at which it is connected", async (how) => {
    const listening = await rawServer();
    const client = track(new Client({ addr: listening.addr }));
    const created = (message: unknown): void => {
      const { socket } = message as { readonly socket: Socket };
      // Behind the listener that takes the socket over, and before that has come to attach it.
      queueMicrotask(() => socket.on("connect", () => void client[how]()));
    };
    subscribe("net.client.socket", created);
    const starting = client.start().catch((error: unknown) => error);
    const peer = await listening.accepted();
    unsubscribe("net.client.socket", created);
    expect(await starting).toBeInstanceOf(AbortedError);
    await peer.ended();
    expect(peer.pending).toHaveLength(0);
    expect(await client.waitForClose()).toMatchObject({ clean: false });
  });

  test("close before it connects: it cannot be started any more", async () => {
    const server = await startServer();
    const client = track(new Client({ addr: server.addr }));
    expect(await client.close("never mind")).toMatchObject({ clean: false });
    await expect(client.start()).rejects.toThrow(InvalidStateError);
    await expect(client.waitForConnection()).rejects.toThrow(ConnectionClosedError);
  });

  test("a server that accepts and says nothing: the handshake times out", async () => {
    const clock = new ManualClock();
    const listening = await rawServer();
    const client = track(new Client({ addr: listening.addr, clock }));
    const starting = client.start();
    const peer = await listening.accepted();
    await client.connect();
    clock.advance(10);
    await expect(starting).rejects.toMatchObject({
      reason: "handshaketimeout",
      cause: expect.any(TimedOutError),
    });
    await peer.ended();
  });

  test("waits for the connection end by themselves when the caller wants", async () => {
    const clock = new ManualClock();
    const listening = await rawServer();
    const client = track(new Client({ addr: listening.addr, clock }));
    await client.connect();
    const controller = new AbortController();
    const timed = client.waitForConnection({ timeout: 1 });
    const aborted = client.waitForClose({ signal: controller.signal });
    // Their options are looked at after a turn.
    await Promise.resolve();
    clock.advance(1);
    controller.abort();
    await expect(timed).rejects.toThrow("waited 1 s for the connection in vain");
    await expect(aborted).rejects.toThrow(AbortedError);
    expect(client.state).not.toBe(STATE_CLOSED);
  });
});

describe("client", () => {
  test("start, connect and runAsync connect once", async () => {
    const peng = new Events();
    const server = await startServer();
    const client = track(new Client({ addr: server.addr, peng }));
    echo(client);
    expect(client.state).toBe(STATE_INIT);
    await Promise.all([client.start(), client.connect(), client.runAsync(), client.start()]);
    await client.start();
    expect(server.clients.size).toBe(1);
    expect(client.state).toBe(STATE_ACTIVE);
    expect(peng.names).toEqual([
      "client.initialize",
      "client.connect",
      "client.start",
      "client.handshakecomplete",
    ]);
  });

  test("what needs a connection says so before there is one", async () => {
    const client = track(new Client({ addr: LOCAL }));
    expect(() => client.sendMessage("test:echo", 1)).toThrow("not connected yet");
    expect(() => {
      client.mode = MODE_PLAY;
    }).toThrow(InvalidStateError);
    await expect(client.flush()).rejects.toThrow(InvalidStateError);
    expect(client.conn).toBeUndefined();
    expect(client.sock).toBeUndefined();
    expect(client.active).toBe(false);
    expect(client.getConnection()).toBeUndefined();
    client.pumpWriteBuffer();
  });

  test("close is idempotent: the first reason counts, on both sides", async () => {
    const { server, client, remote } = await startPair();
    const seen = next(server, "close");
    const results = await Promise.all([
      client.close("first"),
      client.close("second"),
      client.closeConnection(null, "third"),
    ]);
    expect(results).toEqual(Array(3).fill({ reason: "first", error: undefined, clean: true }));
    const [closed, info] = await seen;
    expect(closed).toBe(remote);
    expect(info).toEqual({ reason: "first", error: undefined, clean: true });
    expect(await client.close("fourth")).toMatchObject({ reason: "first" });
    expect(await remote.close("fifth")).toMatchObject({ reason: "first" });
    expect(await server.closeConnection(remote.cid)).toMatchObject({ reason: "first", clean: true });
  });

  test("nothing can be sent, awaited or changed after a close", async () => {
    const { server, client, remote } = await startPair();
    const closing = client.close("done");
    expect(() => client.sendMessage("test:echo", 1)).toThrow(ConnectionClosedError);
    expect(() => client.sendMessage("test:echo", 1)).toThrow("the connection is closed (done)");
    expect(client.active).toBe(false);
    await next(server, "close");
    await closing;
    expect(() => client.sendMessage("test:echo", 1)).toThrow(ConnectionClosedError);
    expect(() => remote.sendMessage("test:echo", 1)).toThrow(ConnectionClosedError);
    expect(() => server.sendMessage("test:echo", 1, remote.cid)).toThrow("there is no client with the cid");
    await expect(client.waitForConnection()).rejects.toMatchObject({
      code: "P3D_ERR_CONNECTION_CLOSED",
      reason: "done",
    });
    expect(await client.waitForClose()).toMatchObject({ reason: "done" });
    await expect(client.start()).rejects.toThrow(ConnectionClosedError);
    expect(() => {
      client.state = STATE_ACTIVE;
    }).toThrow(InvalidStateError);
    expect(client.state).toBe(STATE_CLOSED);
  });

  test("stop cuts the connection, runBlocking and join resolve", async () => {
    const { server, client } = await startPair();
    const running = client.runBlocking();
    const closed = next(server, "close");
    client.stop();
    client.stop();
    await running;
    await client.join();
    const [, info] = await closed;
    expect(info.reason).toBe("socketclose");
    expect(info.clean).toBe(false);
    expect(await client.waitForClose()).toMatchObject({ reason: "socketclose", clean: false });
  });

  test("a second transport is refused", async () => {
    const { client } = await startPair();
    const { conn } = client;
    if (conn === undefined) throw new Error("no connection");
    expect(() => client.attach(sessionOf(conn).transport)).toThrow("a client connects once");
  });

  test("a peer that just vanishes closes with socketclose and an error", async () => {
    const server = await startServer();
    const peer = await RawPeer.activeClient(server.addr);
    await next(server, "handshakecomplete");
    const closed = next(server, "close");
    peer.socket.resetAndDestroy();
    const [, info] = await closed;
    expect(info).toMatchObject({ reason: "socketclose", clean: false });
    expect(info.error).toMatchObject({ code: "P3D_ERR_CONNECTION_LOST", cause: { code: "ECONNRESET" } });
  });

  test("a peer that ends its stream without a word closes with socketclose, and no error", async () => {
    const server = await startServer();
    const peer = await RawPeer.activeClient(server.addr);
    await next(server, "handshakecomplete");
    const closed = next(server, "close");
    peer.end();
    expect((await closed)[1]).toEqual({ reason: "socketclose", error: undefined, clean: false });
    await peer.ended();
  });

  test("a handler may close its own connection from onConnect", async () => {
    const done = deferred<unknown>();
    const server = await startServer();
    server.on("connection", (client) => {
      void client.close("go away").then(done.resolve);
    });
    const client = track(new Client({ addr: server.addr }));
    echo(client);
    await expect(client.start()).rejects.toMatchObject({ reason: "go away" });
    expect(await done.promise).toEqual({ reason: "go away", error: undefined, clean: true });
  });

  test("a handler may stop its peer from onConnect", async () => {
    const server = await startServer();
    server.on("connection", () => server.stop());
    const client = track(new Client({ addr: server.addr }));
    await expect(client.start()).rejects.toThrow(ConnectionClosedError);
    await server.join();
  });
});
