// A client that begins another session when the one before is gone: what it keeps, what it tells, and how it ends.

import {
  Client,
  ClientOnServer,
  ConnectionClosedError,
  ConnectionLostError,
  ConnectionType,
  InvalidStateError,
  MODE_NOTSET,
  Packet,
  RequestClosedError,
  STATE_ACTIVE,
  STATE_CLOSED,
  STATE_INIT,
  ticker,
} from "@peng3dnet/peer";
import { MemoryLink } from "@peng3dnet/peer/testing";
import { Ask, packets, Say, Told, World, watch } from "./support/world.js";

describe("a session that is lost", () => {
  test("is followed by another one, and that is told in this order", async () => {
    const world = new World();
    const server = world.serve();
    const client = world.client();
    const { events, infos } = watch(client);
    await client.start();
    await world.cut();
    expect(events).toEqual(["connect", "handshakecomplete", "lost", "retry"]);
    expect(infos[2]).toEqual({ reason: "socketclose", error: expect.any(ConnectionLostError), clean: false });
    expect(infos[3]).toMatchObject({ reason: "socketclose", attempt: 1 });
    const { seconds } = infos[3] as { seconds: number };
    await world.pass(seconds);
    expect(events.slice(4)).toEqual(["connect", "handshakecomplete", "session"]);
    expect(infos[6]).toEqual({ attempt: 1, seconds: expect.closeTo(seconds, 9) });
    expect([...server.clients.keys()]).toEqual([2]);
    expect(client.conn?.active).toBe(true);
  });

  test("leaves handlers, answers, iterators and tickers where they are", async () => {
    const world = new World();
    const { client } = await world.active();
    const heard: string[] = [];
    let ticks = 0;
    client.on(Told, (text) => heard.push(text));
    client.answer(Ask, (question) => `client hears ${question}`);
    const messages = client.messages(Told);
    ticker(client, {
      hz: 1,
      onTick: () => {
        ticks++;
      },
    });
    world.server?.broadcast(Told, "first");
    await world.net.settle();
    const server = world.serve({}, "another server");
    await world.cut();
    await world.pass();
    ticks = 0;
    server.broadcast(Told, "second");
    await world.pass(2);
    expect(heard).toEqual(["first", "second"]);
    expect((await messages.next()).value?.msg).toBe("first");
    expect((await messages.next()).value?.msg).toBe("second");
    expect(ticks).toBe(2);
    await expect(client.request(Ask, "a")).resolves.toBe("another server hears a");
    await expect(server.request(Ask, "b", 1)).resolves.toBe("client hears b");
  });

  test("held by an iterator that is full, is over only when that has taken all; the next one is not held", async () => {
    const world = new World();
    const { client, server } = await world.active();
    const { events } = watch(client);
    const messages = client.messages(Told, { limit: 2 });
    for (const text of ["a", "b", "c"]) server.broadcast(Told, text);
    await world.net.settle();
    await world.cut();
    expect(events).toEqual([]);
    const got: (string | undefined)[] = [];
    for (let i = 0; i < 3; i++) got.push((await messages.next()).value?.msg);
    await world.net.settle();
    expect(events).toEqual(["lost", "retry"]);
    await world.pass();
    server.broadcast(Told, "d");
    await world.net.settle();
    got.push((await messages.next()).value?.msg);
    expect(got).toEqual(["a", "b", "c", "d"]);
  });

  test("comes to its end before the next one where packets wait for process()", async () => {
    const world = new World();
    const server = world.serve();
    const client = new Client({
      packets,
      connector: world.connector,
      reconnect: true,
      clock: world.net.clock,
    });
    const heard: string[] = [];
    client.on(Told, (text) => heard.push(text));
    client.on("lost", () => heard.push("lost"));
    client.on("session", () => heard.push("session"));
    await client.runAsync();
    await client.waitForConnection();
    server.broadcast(Told, "first");
    await world.net.settle();
    await world.cut();
    await world.pass();
    expect(heard).toEqual([]);
    client.process();
    await world.net.settle();
    expect(heard).toEqual(["first", "lost"]);
    await world.pass();
    server.broadcast(Told, "second");
    await world.net.settle();
    client.process();
    expect(heard).toEqual(["first", "lost", "session", "second"]);
  });

  test("ends its requests, in both directions, and no answer of it goes to the next one", async () => {
    const world = new World();
    const { client, server } = await world.active();
    let answer = (_text: string): void => {};
    client.answer(Ask, () => new Promise<string>((resolve) => (answer = resolve)));
    const asked = client.request(Ask, "a");
    world.link.toServer.freeze();
    const answered = server.request(Ask, "b", 1);
    await world.net.settle();
    const other = world.serve();
    const strays: string[] = [];
    other.on("handlerError", (error) => strays.push(String(error)));
    await world.cut();
    await expect(asked).rejects.toMatchObject({ code: "P3D_ERR_REQUEST_CLOSED", outcome: "unknown" });
    await expect(answered).rejects.toThrow(RequestClosedError);
    await world.pass();
    answer("too late");
    await world.net.settle();
    expect(strays).toEqual([]);
    expect(other.metrics.rejectedBy).toEqual({});
    expect(client.active).toBe(true);
  });

  test("and a next one that fails in its handshake are told as one loss", async () => {
    const world = new World();
    const { client } = await world.active();
    const { events, infos } = watch(client);
    const full = world.serve();
    void full.drain();
    await world.cut();
    await world.pass();
    expect(events).toEqual(["lost", "retry", "connect", "retry"]);
    expect(infos[3]).toMatchObject({ reason: "serverdraining", attempt: 2 });
    full.admit();
    await world.pass();
    expect(events.slice(4)).toEqual(["connect", "handshakecomplete", "session"]);
    expect(infos[6]).toMatchObject({ attempt: 2 });
  });
});

describe("between two sessions", () => {
  async function between(world: World): Promise<Client> {
    const { client, server } = await world.active();
    client.mode = 7;
    client.on(Told, () => {});
    server.broadcast(Told, "something to count");
    await world.net.settle();
    world.server = undefined;
    await world.cut();
    return client;
  }

  test("there is no connection, and a client says so", async () => {
    const world = new World();
    const client = await between(world);
    expect(client.conn).toBeUndefined();
    expect(client.sock).toBeUndefined();
    expect(client.rtt).toBeUndefined();
    expect(client.serverTime()).toBeUndefined();
    expect(client.peerCertificate).toBeUndefined();
    expect([client.active, client.suspended, client.stopped]).toEqual([false, false, false]);
    expect([client.state, client.mode, client.sslSeclevel]).toEqual([STATE_INIT, MODE_NOTSET, 0]);
    world.serve();
    await world.pass();
    expect([client.active, client.state, client.mode]).toEqual([true, STATE_ACTIVE, MODE_NOTSET]);
    await client.close();
    expect(client.state).toBe(STATE_CLOSED);
  });

  test("nothing can be sent, and the error says what to do", async () => {
    const client = await between(new World());
    expect(() => client.sendMessage(Say, "hi")).toThrow(InvalidStateError);
    expect(() => client.sendMessage(Say, "hi")).toThrow("waitForConnection()");
    expect(() => client.trySend(Say, "hi")).toThrow(InvalidStateError);
    expect(() => {
      client.mode = 1;
    }).toThrow(InvalidStateError);
    await expect(client.flush()).rejects.toThrow(InvalidStateError);
    await expect(client.request(Ask, "hi")).rejects.toThrow("waitForConnection()");
  });

  test("waitForConnection waits for the next one, with the patience of its caller", async () => {
    const world = new World();
    const client = await between(world);
    let there = false;
    const waiting = client.waitForConnection().then(() => {
      there = true;
    });
    const hasty = client.waitForConnection({ timeout: 1 });
    const starting = client.start();
    const refused = expect(hasty).rejects.toMatchObject({ code: "P3D_ERR_TIMED_OUT" });
    await world.pass();
    await refused;
    expect(there).toBe(false);
    world.serve();
    await world.pass();
    await Promise.all([waiting, starting]);
    expect(client.active).toBe(true);
  });

  test("who gives up waiting ends nothing", async () => {
    const world = new World();
    const client = await between(world);
    const starting = client.start({ timeout: 1 });
    const gaveUp = expect(starting).rejects.toMatchObject({ code: "P3D_ERR_TIMED_OUT" });
    await world.pass();
    await gaveUp;
    world.serve();
    await world.pass();
    expect(client.active).toBe(true);
  });

  test("metrics go on from where they were", async () => {
    const world = new World();
    const client = await between(world);
    const { packetsIn, bytesIn, packetsOut } = client.metrics;
    expect([packetsIn, packetsOut]).toEqual([3, 2]);
    expect(client.metrics).toMatchObject({ queued: 0, unsent: 0, rejectedBy: { socketclose: 1 } });
    world.serve();
    await world.pass();
    expect(client.metrics).toMatchObject({ packetsIn: packetsIn + 2, packetsOut: packetsOut + 2 });
    expect(client.metrics.bytesIn).toBe(bytesIn + (client.conn?.metrics.bytesIn ?? 0));
  });

  test("a session that closes already is waited out", async () => {
    const world = new World();
    const { client, server } = await world.active();
    world.link.toServer.freeze();
    const down = server.shutdown();
    await world.net.settle();
    expect(client.conn?.open).toBe(false);
    const waiting = client.waitForConnection();
    world.serve();
    world.link.toServer.thaw();
    await world.net.settle();
    await world.pass();
    await waiting;
    await down;
    expect(client.active).toBe(true);
  });

  test("options that were changed hold from the next one on", async () => {
    const world = new World();
    const client = await between(world);
    client.cfg.set("net.timeout.idle", 3);
    world.serve();
    await world.pass();
    const { events, infos } = watch(client);
    await world.pass(3);
    expect(events.slice(0, 1)).toEqual(["lost"]);
    expect(infos[0]).toMatchObject({ reason: "timeout" });
  });
});

describe("the registry", () => {
  test("is taken over again from the next server, whose ids may be others", async () => {
    const world = new World();
    const { client } = await world.active();
    const before = client.registry.getID(Say.name);
    const other = world.net.server({ packets: [...packets].reverse() });
    const heard: string[] = [];
    other.on(Say, (text) => heard.push(text));
    world.server = other;
    await world.cut();
    await world.pass();
    client.sendMessage(Say, "hello");
    await world.net.settle();
    expect(heard).toEqual(["hello"]);
    expect(client.registry.getID(Say.name)).not.toBe(before);
  });

  test("that lacks packets is refused as ever, and that is final", async () => {
    const world = new World();
    const { client } = await world.active();
    world.server = world.net.server({ packets: [Say] });
    const waiting = client.waitForConnection();
    const closing = client.waitForClose();
    await world.cut();
    await world.pass();
    await waiting;
    expect(await closing).toMatchObject({ reason: "packetregmismatch", clean: false });
    await expect(client.waitForConnection()).rejects.toThrow(ConnectionClosedError);
  });

  test("of a server that lacks a packet is no hindrance to one that has it, where names may differ", async () => {
    const world = new World();
    world.server = world.net.server({
      packets: [Told, Ask],
      cfg: { "net.registry.missingpacketaction": "ignore" },
    });
    const client = world.client({ cfg: { "net.registry.missingpacketaction": "ignore" } });
    await client.start();
    expect(() => client.sendMessage(Say, "hello")).toThrow("the server has no packet of that name");
    world.serve();
    await world.cut();
    await world.pass();
    expect(client.sendMessage(Say, "hello")).toBe(true);
  });
});

describe("what follows the sessions one by one", () => {
  test("are the hooks of a subclass and of the connection type, and the engine's events; a close comes once", async () => {
    const world = new World();
    const calls: string[] = [];
    class Type extends ConnectionType {
      override init(cid: number | null): void {
        calls.push("type");
        this.connection(cid).activate();
      }
    }
    class Player extends Client {
      override onConnect(): void {
        calls.push("onConnect");
      }
      override onHandshakeComplete(): void {
        calls.push("onHandshakeComplete");
        void super.onHandshakeComplete();
      }
      override onClose(reason: string | null): void {
        calls.push(`onClose ${reason}`);
      }
    }
    const serve = (): void => {
      const server = world.serve();
      server.addConnType("mine", new Type(server));
    };
    const sendEvent = (event: string): void => {
      if (/^peng3dnet:client\.(connect|handshakecomplete|close|start)$/.test(event))
        calls.push(event.slice("peng3dnet:client.".length));
    };
    serve();
    const client = world.net.run(
      new Player({
        packets,
        conntype: "mine",
        connector: world.connector,
        reconnect: true,
        clock: world.net.clock,
        peng: { sendEvent },
      }),
    );
    client.addConnType("mine", new Type(client));
    await client.start();
    const one = ["connect", "onConnect", "type", "type", "onHandshakeComplete", "handshakecomplete"];
    expect([...calls].sort()).toEqual(["start", ...one].sort());
    calls.length = 0;
    await world.cut();
    await world.pass();
    expect([...calls].sort()).toEqual([...one].sort());
    calls.length = 0;
    await client.close("enough");
    expect(calls).toEqual(["onClose enough", "close"]);
  });

  test("is printed where connections are", async () => {
    const world = new World();
    const lines: string[] = [];
    const { client } = await world.active({
      print: (line) => lines.push(line),
      cfg: { "net.debug.print.close": true, "net.debug.print.connect": true },
    });
    await world.cut();
    await world.pass();
    await client.close("enough");
    expect(lines).toEqual([
      "connect memory-server 1",
      "lost socketclose",
      "connect memory-server 1",
      "close enough",
    ]);
  });
});

describe("a client without a connector", () => {
  test("takes the transport of its next session by attach", async () => {
    const world = new World();
    const server = world.serve();
    const client = world.net.client({ packets, reconnect: true });
    const { events } = watch(client);
    world.net.connect(client, server);
    await client.waitForConnection();
    expect(() => client.attach(new MemoryLink().client)).toThrow(InvalidStateError);
    void server.closeConnection(1, "servershutdown");
    await world.net.settle();
    await world.pass();
    expect(events).toEqual(["connect", "handshakecomplete", "lost"]);
    world.net.connect(client, server);
    await client.waitForConnection();
    expect(events.slice(3)).toEqual(["connect", "handshakecomplete", "session"]);
    await client.close();
    expect(() => client.attach(new MemoryLink().client)).toThrow("a client connects once");
  });

  test("can be closed while it waits for one", async () => {
    const world = new World();
    const server = world.serve();
    const client = world.net.client({ packets, reconnect: true });
    const link = world.net.connect(client, server);
    await client.waitForConnection();
    link.cut();
    await world.net.settle();
    expect(await client.close("no more")).toMatchObject({ reason: "no more", clean: false });
  });

  test("needs no pause where it is handed a transport as it hears of that", async () => {
    const world = new World();
    const { client, server } = await world.active();
    await world.net.settle();
    const { timers } = world.net.clock;
    client.once("retry", () => void world.net.connect(client, server));
    await world.cut();
    expect([client.active, world.net.clock.timers]).toEqual([true, timers]);
    await world.pass();
    expect(world.attempts).toHaveLength(1);
  });

  test("a transport that is attached during the pause ends that", async () => {
    const world = new World();
    const { client, server } = await world.active();
    await world.cut();
    world.net.connect(client, server);
    await client.waitForConnection();
    expect(world.attempts).toHaveLength(1);
    expect(client.active).toBe(true);
    await client.close();
    server.stop();
    await world.net.settle();
    expect(world.net.clock.timers).toBe(0);
  });
});

describe("with resumption", () => {
  class Remote extends ClientOnServer {}

  test("a session that cannot be resumed is followed by a fresh one", async () => {
    const world = new World();
    const cfg = { "net.resume.window": 30 };
    world.serve({ cfg, clientcls: Remote });
    const client = world.client({ resume: true });
    const { events, infos } = watch(client);
    client.on("suspend", () => events.push("suspend"));
    client.on("resume", () => events.push("resume"));
    await client.start();
    await world.cut();
    await world.pass();
    expect(events).toEqual(["connect", "handshakecomplete", "suspend", "resume"]);
    // Another process at the same address: it knows nothing of the session.
    world.serve({ cfg, clientcls: Remote });
    events.length = 0;
    infos.length = 0;
    await world.cut();
    await world.pass();
    await world.pass();
    expect(events).toEqual(["suspend", "lost", "retry", "connect", "handshakecomplete", "session"]);
    expect(infos[0]).toMatchObject({ reason: "resumeunknown" });
    // And that one can be resumed, too.
    events.length = 0;
    await world.cut();
    await world.pass();
    expect(events).toEqual(["suspend", "resume"]);
  });

  test("a session is not lost while it is suspended", async () => {
    const world = new World();
    world.serve({ cfg: { "net.resume.window": 30 } });
    const client = world.client({ resume: true });
    await client.start();
    const { events } = watch(client);
    const server = world.server;
    world.server = undefined;
    await world.cut();
    await world.pass(29);
    expect([client.suspended, client.active, events.length]).toEqual([true, true, 0]);
    await world.pass(2);
    expect(events[0]).toBe("lost");
    world.server = server;
    await world.pass();
    expect(events.at(-1)).toBe("session");
  });
});

test("a packet of the old style is delivered in each session", async () => {
  const world = new World();
  const heard: unknown[] = [];
  class Old extends Packet {
    override receive(msg: unknown): void {
      heard.push(msg);
    }
  }
  const serve = (): void => {
    const server = world.serve();
    server.registerPacket("test:old", new Old(server.registry, server));
  };
  serve();
  const client = world.client();
  client.registerPacket("test:old", new Old(client.registry, client));
  await client.start();
  serve();
  await world.cut();
  await world.pass();
  world.server?.broadcast("test:old", "again");
  await world.net.settle();
  expect(heard).toEqual(["again"]);
});

test("a client without the option connects once, and says so", async () => {
  const world = new World();
  const { client } = await world.active({ reconnect: false });
  const { events } = watch(client);
  await world.cut();
  await world.pass();
  expect(events).toEqual(["close"]);
  expect(world.attempts).toHaveLength(1);
  await expect(client.start()).rejects.toThrow("a client connects once");
});
