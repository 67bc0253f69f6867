// Heartbeats over a link in memory, with a clock that is turned by hand: who is found out, when, and who is not.

import {
  BEAT_ANSWER_ID,
  BEAT_ID,
  Client,
  type ClientOptions,
  type Clock,
  type CloseInfo,
  Packet,
  Server,
  type ServerOptions,
} from "@peng3dnet/peer";
import { closedWith, MemoryLink, TestNetwork } from "@peng3dnet/peer/testing";

const FAST = { "net.heartbeat.interval": 1, "net.heartbeat.timeout": 3 };
class Data extends Packet {
  override receive(): void {}
}

/** Seconds that pass at once; less than an interval. */
const STEP = 0.5;
const NEVER = { "net.heartbeat.timeout": 0 };
const LOST = { reason: "heartbeattimeout", code: "P3D_ERR_HEARTBEAT_TIMEOUT" };

interface Scene {
  readonly net: TestNetwork;
  readonly link: MemoryLink;
  readonly server: ReturnType<TestNetwork["server"]>;
  readonly client: ReturnType<TestNetwork["client"]>;
  readonly remote: NonNullable<ReturnType<ReturnType<TestNetwork["server"]>["clients"]["get"]>>;
  /** How each side was closed. */
  readonly closes: { server?: CloseInfo; client?: CloseInfo };
  /** Turns the clock, and lets what is under way arrive in between. */
  readonly pass: (seconds: number) => Promise<void>;
}

async function scene(
  server: ServerOptions["cfg"] = FAST,
  client: ClientOptions["cfg"] = FAST,
  prepare?: (link: MemoryLink) => void,
): Promise<Scene> {
  const net = new TestNetwork();
  const peers = { server: net.server({ cfg: server }), client: net.client({ cfg: client }) };
  for (const peer of [peers.server, peers.client])
    peer.registry.register(new Data(peer.registry, peer), "test:data");
  const closes: Scene["closes"] = {};
  peers.server.on("close", (_client, info) => {
    closes.server = info;
  });
  peers.client.on("close", (info) => {
    closes.client = info;
  });
  const link = net.connect(peers.client, peers.server, { prepare });
  await peers.client.waitForConnection();
  await net.settle();
  const remote = [...peers.server.clients.values()][0]!;
  const pass = async (seconds: number): Promise<void> => {
    for (let left = seconds; left > 0.001; left -= STEP) {
      net.clock.advance(Math.min(left, STEP));
      await net.settle();
    }
  };
  return { net, link, ...peers, remote, closes, pass };
}

/** A clock whose timers fire only once all of a time has passed, as where the event loop was busy or the machine slept. */
class LateClock implements Clock {
  #now = 0;
  readonly #timers = new Map<unknown, { at: number; call: () => void }>();

  now(): number {
    return this.#now;
  }

  setTimeout(call: () => void, milliseconds: number): unknown {
    const timer = {};
    this.#timers.set(timer, { at: this.#now + milliseconds, call });
    return timer;
  }

  clearTimeout(timer: unknown): void {
    this.#timers.delete(timer);
  }

  pass(milliseconds: number): void {
    this.#now += milliseconds;
    for (const [timer, { at, call }] of [...this.#timers]) {
      if (at > this.#now || !this.#timers.delete(timer)) continue;
      call();
    }
  }
}

/** So much that the system is asked whether it has arrived. */
const MUCH = new Uint8Array(4096);

/** Lets what is under way arrive. */
const turn = (): Promise<void> => new TestNetwork().settle();

/**
 * The system tells at once what is under way at the first two looks, and takes its time when the client is to be judged.
 *
 * @returns calls that tell it then.
 */
function toldLate(link: MemoryLink): ((bytes: number) => void)[] {
  let looks = 0;
  const waiting: ((bytes: number) => void)[] = [];
  const unacknowledged = (): Promise<number> =>
    ++looks < 3 ? Promise.resolve(0) : new Promise((resolve) => waiting.push(resolve));
  Object.assign(link.server, { unacknowledged });
  return waiting;
}

/** From now on, delivers a piece of at most so many bytes for each `thaw`. */
function slow(link: MemoryLink, direction: "toServer" | "toClient", bytes: number): void {
  const end = direction === "toServer" ? link.server : link.client;
  const takeData = end.takeData.bind(end);
  link[direction].slice = bytes;
  link[direction].freeze();
  end.takeData = (chunk) => {
    link[direction].freeze();
    takeData(chunk);
  };
}

describe("a peer that is silent", () => {
  test("a client is found out after the time-out, within one interval more", async () => {
    const { link, closes, pass, remote } = await scene(FAST, NEVER);
    await pass(10);
    link.toServer.freeze();
    await pass(2.9);
    expect(remote.active).toBe(true);
    await pass(1.2);
    expect(closedWith(closes.server!, { ...LOST, clean: false })).toBeUndefined();
    expect(closes.server?.error?.message).toMatch(
      /no sign of life for [\d.]+ s.*\(net\.heartbeat\.timeout is 3 s\)/,
    );
  });

  test("a server is found out by its client in the same time, and the client's clock has no timer left", async () => {
    const { link, closes, pass, client, net, server } = await scene({ ...FAST, ...NEVER });
    await pass(10);
    link.toClient.freeze();
    await pass(2.9);
    expect(client.active).toBe(true);
    await pass(1.2);
    expect(closedWith(closes.client!, { ...LOST, clean: false })).toBeUndefined();
    server.stop();
    await net.settle();
    expect(net.clock.timers).toBe(0);
  });

  test("the defaults find it out in 15 to 20 seconds", async () => {
    const { link, closes, pass } = await scene({}, {});
    await pass(7);
    link.toServer.freeze();
    link.toClient.freeze();
    await pass(14.8);
    expect(closes).toEqual({});
    await pass(5.4);
    expect([closes.server?.reason, closes.client?.reason]).toEqual(["heartbeattimeout", "heartbeattimeout"]);
  });

  test("what the server has to say reaches one that hangs no more for a while", async () => {
    const { link, closes, pass } = await scene(FAST, NEVER);
    link.client.pause();
    await pass(5);
    expect(closes.server?.reason).toBe("heartbeattimeout");
    link.client.resume();
    await pass(0.1);
    expect(closes.client?.reason).toBe("heartbeattimeout");
  });

  test("nobody is ended with a time-out of 0, or Infinity", async () => {
    for (const timeout of [0, Number.POSITIVE_INFINITY]) {
      const cfg = { "net.heartbeat.interval": 1, "net.heartbeat.timeout": timeout };
      const { link, closes, pass } = await scene(cfg, cfg);
      link.toServer.freeze();
      link.toClient.freeze();
      await pass(60);
      expect(closes).toEqual({});
    }
  });

  test("a client gives a server two of its intervals at least", async () => {
    const { link, client, closes, pass } = await scene(
      { "net.heartbeat.interval": 4, "net.heartbeat.timeout": 0 },
      { "net.heartbeat.timeout": 1 },
    );
    await pass(20);
    link.toClient.freeze();
    await pass(11);
    expect(client.active).toBe(true);
    await pass(1.5);
    expect(closes.client?.reason).toBe("heartbeattimeout");
  });
});

describe("nobody is ended", () => {
  test("who has nothing to say, in ten minutes", async () => {
    const { client, remote, net } = await scene({}, {});
    for (let second = 0; second < 600; second += 5) {
      net.clock.advance(5);
      await turn();
    }
    expect([client.active, remote.active]).toEqual([true, true]);
  });

  test("since this side's event loop was busy: what has come meanwhile is looked at first", async () => {
    const { client, remote, net } = await scene();
    for (let round = 0; round < 5; round++) {
      net.clock.advance(60);
      await net.settle();
    }
    expect([client.active, remote.active]).toEqual([true, true]);
  });

  test("whose packet takes long, as long as bytes of it arrive", async () => {
    const { link, client, remote, pass } = await scene();
    slow(link, "toServer", 10);
    const before = link.toServer.delivered;
    client.sendMessage("test:data", new Uint8Array(600));
    for (let round = 0; round < 20; round++) {
      await pass(2);
      link.toServer.thaw();
    }
    expect(link.toServer.delivered - before).toBeLessThan(300);
    expect([remote.active, client.active]).toEqual([true, true]);
  });

  test.each(["the system tells what waits", "the system does not tell"])(
    "who takes long to get what it was sent, and says nothing meanwhile: %s",
    async (which) => {
      const { link, client, remote, pass } = await scene();
      if (which === "the system tells what waits") {
        const { server: end, toClient } = link;
        Object.assign(end, { unacknowledged: async () => toClient.waiting - end.backlog });
      }
      slow(link, "toClient", 30_000);
      remote.sendMessage("test:data", new Uint8Array(900_000));
      // As a page in a hidden tab, whose timers do not fire, it does not say that it is there.
      link.toServer.freeze();
      for (let round = 0; link.toClient.waiting > 0; round++) {
        expect(round).toBeLessThan(100);
        await pass(0.5);
        link.toClient.thaw();
        await Promise.resolve();
      }
      expect([remote.active, client.active]).toEqual([true, true]);
      // And from here on it hangs.
      link.toClient.freeze();
      await pass(40);
      expect(remote.active).toBe(false);
    },
  );

  test("who is heard of again before the system has told what is under way", async () => {
    const { link, remote, pass } = await scene(FAST, NEVER);
    const waiting = toldLate(link);
    await pass(5);
    remote.sendMessage("test:data", MUCH);
    link.toServer.freeze();
    await pass(5);
    expect([waiting.length, remote.active]).toEqual([1, true]);
    link.toServer.thaw();
    await pass(2);
    waiting[0]?.(0);
    await pass(2);
    expect(remote.active).toBe(true);
  });

  test("who was heard of at a visit before the system has told, and is silent since then", async () => {
    const { link, client, remote, pass } = await scene(FAST, NEVER);
    const waiting = toldLate(link);
    await pass(5);
    remote.sendMessage("test:data", MUCH);
    link.toServer.freeze();
    await pass(5);
    expect(waiting).toHaveLength(1);
    // It gets no more beats, and so has nothing to answer.
    link.toClient.freeze();
    link.toServer.thaw();
    client.sendMessage("test:data", 1);
    await pass(1.5);
    waiting[0]?.(0);
    await pass(0.1);
    expect(remote.active).toBe(true);
  });

  test("who is not listened to", async () => {
    const { client, remote, pass } = await scene();
    remote.conn.pause();
    await pass(30);
    expect([remote.active, client.active]).toEqual([true, true]);
    remote.conn.resume();
    await pass(0.1);
    // That it was not listened to says nothing of the way there and back.
    expect(remote.rtt?.latest).toBe(0);
    await pass(10);
    expect([remote.active, client.active]).toEqual([true, true]);
  });

  test("whose beats are late since neither side's program got on", async () => {
    const clock = new LateClock();
    const cfg = { "net.heartbeat.interval": 1, "net.heartbeat.timeout": 3 };
    const server = new Server({ clock, cfg });
    const client = new Client({ clock, cfg });
    for (const peer of [server, client]) {
      peer.initialize();
      peer.processAsync();
    }
    const link = new MemoryLink();
    server.accept(link.server);
    client.attach(link.client);
    await client.waitForConnection();
    await turn();
    const remote = [...server.clients.values()][0]!;
    clock.pass(1000);
    await turn();
    // The machine sleeps, with a beat on its way; what is under way arrives after it was looked for the first time.
    link.toClient.freeze();
    link.toServer.freeze();
    clock.pass(1000);
    await turn();
    clock.pass(3_600_000);
    await turn();
    expect([remote.active, client.active]).toEqual([true, true]);
    link.toClient.thaw();
    link.toServer.thaw();
    await turn();
    for (let second = 0; second < 10; second++) {
      clock.pass(1000);
      await turn();
    }
    expect([remote.active, client.active]).toEqual([true, true]);
    // But that is given back once, and not for ever.
    link.toServer.freeze();
    for (let second = 0; second < 9; second++) {
      clock.pass(2000);
      await turn();
    }
    expect(remote.active).toBe(false);
    client.stop();
  });

  test("whose program stands still while its runtime answers, as that of a frozen page does", async () => {
    const { link, closes, pass, remote } = await scene(FAST, NEVER);
    let asked = 0;
    Object.assign(link.server, {
      signsOfLife: 0,
      ping() {
        asked++;
        Object.assign(this, { signsOfLife: asked });
      },
    });
    await pass(10);
    expect(asked).toBe(0);
    link.toServer.freeze();
    await pass(60);
    expect(remote.active).toBe(true);
    expect(asked).toBeGreaterThan(10);
    // Now the runtime is gone, too.
    Object.assign(link.server, { ping: () => {} });
    await pass(4.1);
    expect(closedWith(closes.server!, { ...LOST, clean: false })).toBeUndefined();
  });

  test("who does not listen for a while, since it says so", async () => {
    const { client, remote, pass } = await scene();
    client.conn!.pause();
    await pass(60);
    expect([remote.active, client.active]).toEqual([true, true]);
    client.conn!.resume();
    await pass(10);
    expect([remote.active, client.active]).toEqual([true, true]);
  });

  test("who leaves packets for process(), since beats are answered on receipt", async () => {
    const net = new TestNetwork();
    const server = net.server({ cfg: FAST });
    const client = new Client({ clock: net.clock, cfg: FAST });
    client.initialize();
    for (const peer of [server, client]) peer.registry.register(new Data(peer.registry, peer), "test:data");
    net.connect(client, server);
    await client.waitForConnection();
    await net.settle();
    const remote = [...server.clients.values()][0]!;
    remote.sendMessage("test:data", 1);
    for (let second = 0; second < 60; second++) {
      net.clock.advance(1);
      await net.settle();
    }
    expect(client.metrics.queued).toBe(1);
    expect([remote.active, client.active]).toEqual([true, true]);
    expect(remote.rtt).toBeDefined();
    expect(client.process()).toBe(1);
  });
});

test("a client says that it is there while beats are held up behind what it receives, whoever has taken that", async () => {
  const { link, client, remote, pass, closes } = await scene();
  // A proxy: to the server's system, all is delivered.
  Object.assign(link.server, { unacknowledged: async () => 0 });
  await pass(5);
  slow(link, "toClient", 5000);
  remote.sendMessage("test:data", new Uint8Array(200_000));
  for (let round = 0; round < 30; round++) {
    await pass(0.5);
    link.toClient.thaw();
    await Promise.resolve();
  }
  expect([remote.active, client.active]).toEqual([true, true]);
  expect(link.toClient.waiting).toBeGreaterThan(0);
  // What it gets then is nothing.
  link.toClient.freeze();
  await pass(8);
  expect(closes.server?.reason).toBe("heartbeattimeout");
});

test("the system is not asked about a client that was sent next to nothing", async () => {
  const { link, remote, pass, closes } = await scene(FAST, NEVER);
  let asked = 0;
  Object.assign(link.server, {
    unacknowledged: async () => {
      asked++;
      return 0;
    },
  });
  await pass(5);
  link.toServer.freeze();
  await pass(10);
  expect([asked, closes.server?.reason]).toEqual([0, "heartbeattimeout"]);
  expect(remote.active).toBe(false);
});

test("the system is asked about a client that was sent more", async () => {
  const { link, remote, pass, closes } = await scene(FAST, NEVER);
  const waiting = toldLate(link);
  await pass(5);
  remote.sendMessage("test:data", MUCH);
  link.toServer.freeze();
  await pass(10);
  expect([waiting.length, remote.active]).toEqual([1, true]);
  waiting[0]?.(0);
  await pass(0.1);
  expect(closes.server?.reason).toBe("heartbeattimeout");
});

test("whether a packet gets on is looked at twice, also where the time-out is shorter than the interval", async () => {
  const { link, remote, pass, closes } = await scene({
    "net.heartbeat.interval": 4,
    "net.heartbeat.timeout": 1,
  });
  Object.assign(link.server, { unacknowledged: async () => link.toClient.waiting });
  slow(link, "toClient", 5000);
  link.toServer.freeze();
  remote.sendMessage("test:data", new Uint8Array(200_000));
  for (let round = 0; round < 24; round++) {
    await pass(0.5);
    link.toClient.thaw();
    await Promise.resolve();
  }
  expect(remote.active).toBe(true);
  link.toClient.freeze();
  await pass(12);
  expect(closes.server?.reason).toBe("heartbeattimeout");
});

test("one that gives no sign of life is sent few beats more", async () => {
  const { link, pass } = await scene({ ...FAST, ...NEVER }, NEVER);
  await pass(5);
  link.toServer.freeze();
  const before = link.toClient.delivered;
  await pass(60);
  // One that asks, and three that do not.
  expect(link.toClient.delivered - before).toBeLessThanOrEqual(29 + 3 * 11);
});

describe("off", () => {
  test.each([
    ["on the server", { "net.heartbeat.interval": 0 }, {}],
    ["on the client", {}, { "net.heartbeat.interval": 0 }],
    ["by Infinity", { "net.heartbeat.interval": Number.POSITIVE_INFINITY }, {}],
  ])("%s: no beats, no timers, no times", async (_, serverCfg, clientCfg) => {
    const { net, link, client, remote, pass } = await scene(serverCfg, clientCfg);
    const before = [link.toClient.delivered, link.toServer.delivered];
    expect(net.clock.timers).toBe(0);
    await pass(60);
    expect([link.toClient.delivered, link.toServer.delivered]).toEqual(before);
    expect([client.rtt, remote.rtt, client.serverTime()]).toEqual([undefined, undefined, undefined]);
    expect(remote.active).toBe(true);
  });

  test.each([BEAT_ID, BEAT_ANSWER_ID])("where the application has given id %d to a packet", async (id) => {
    const net = new TestNetwork();
    const [server, client] = [net.server({ cfg: FAST }), net.client({ cfg: FAST })];
    const heard: unknown[] = [];
    for (const peer of [server, client]) {
      const packet = new (class extends Packet {
        override receive(msg: unknown): void {
          heard.push(msg);
        }
      })(peer.registry, peer);
      peer.registry.register(packet, "test:mine", id);
    }
    net.connect(client, server);
    await client.waitForConnection();
    await net.settle();
    server.broadcast("test:mine", "hello");
    client.sendMessage("test:mine", [1, null]);
    net.clock.advance(60);
    await net.settle();
    expect(heard).toHaveLength(2);
    expect(heard).toEqual(expect.arrayContaining(["hello", [1, null]]));
    expect([client.rtt, client.active]).toEqual([undefined, true]);
  });
});

test("beats are no packets: no metric, no idle time and no hook counts them", async () => {
  const { client, remote, closes, pass } = await scene({ ...FAST, "net.timeout.idle": 20 });
  const before = [remote.conn.metrics, client.metrics].map(({ packetsIn, packetsOut }) => [
    packetsIn,
    packetsOut,
  ]);
  await pass(15);
  const after = [remote.conn.metrics, client.metrics].map(({ packetsIn, packetsOut }) => [
    packetsIn,
    packetsOut,
  ]);
  expect(after).toEqual(before);
  client.sendMessage("test:data", 1);
  await pass(19);
  expect(remote.active).toBe(true);
  await pass(2);
  expect(closes.server?.reason).toBe("timeout");
});

test("one timer does for all connections of a server, and one for all clients of a process", async () => {
  const net = new TestNetwork();
  const server = net.server({ cfg: FAST });
  for (let index = 0; index < 100; index++)
    net.connect(net.client({ cfg: { "net.heartbeat.interval": 0 } }), server);
  await net.settle();
  const without = net.clock.timers;
  for (let index = 0; index < 100; index++) net.connect(net.client({ cfg: NEVER }), server);
  await net.settle();
  expect(net.clock.timers - without).toBe(2);
  server.stop();
  await net.settle();
  expect(net.clock.timers).toBe(0);
});
