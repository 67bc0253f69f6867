// Observers of a peer: what they are told, and that they harm nobody.

import {
  type Census,
  ClassicConnectionType,
  Client,
  definePacket,
  defineRequest,
  observe,
  type PeerObserver,
  payload,
  Server,
  standardPlatform,
} from "@peng3dnet/peer";
import { MemoryLink, TestNetwork } from "@peng3dnet/peer/testing";

const Say = definePacket({ name: "test:say", schema: payload<string>() });
const Ask = defineRequest({ name: "test:ask", request: payload<string>(), response: payload<string>() });
const packets = [Say, Ask];

/** An observer that keeps what it is told, in words. */
function keeper(more: PeerObserver = {}) {
  const told: string[] = [];
  const observer: PeerObserver = {
    connected: () => void told.push("connected"),
    handshake: (_connection, outcome) => void told.push(`handshake ${outcome}`),
    closed: (_connection, { reason }) => void told.push(`closed ${reason}`),
    dropped: ([host], reason) => void told.push(`dropped ${host} ${reason}`),
    received: (packet, bytes) => void told.push(`received ${packet} ${bytes}`),
    sent: (packet, bytes) => void told.push(`sent ${packet} ${bytes}`),
    request: ({ name, way, trace }) => {
      told.push(`${way} ${name}${trace === undefined ? "" : ` ${trace}`}`);
      return { ended: (end) => void told.push(`${way} ended ${end}`) };
    },
    ...more,
  };
  return { told, observer };
}

async function pair(observers: readonly PeerObserver[], onClient: readonly PeerObserver[] = []) {
  const net = new TestNetwork();
  const server: Server = net.server({ packets, cfg: { "net.heartbeat.interval": 0 } });
  const client: Client = net.client({ packets });
  const observing = observers.map((observer) => observe(server, observer));
  for (const observer of onClient) observe(client, observer);
  server.on(Say, () => {});
  const answered: string[] = [];
  server.answer(Ask, (text) => {
    answered.push(text);
    if (text === "throw") throw new Error("as asked");
    return text;
  });
  const errors: unknown[] = [];
  server.on("handlerError", (error, { where }) => void errors.push([where, error]));
  net.connect(client, server);
  await client.waitForConnection();
  await net.settle();
  return { net, server, client, observing, errors, answered };
}

test("an observer is told what happens, in this order, until it ends", async () => {
  const { told, observer } = keeper();
  const { net, client, server, observing } = await pair([observer]);
  client.sendMessage(Say, "hello");
  await client.request(Ask, "why");
  await net.settle();
  expect(told).toEqual([
    "connected",
    "handshake complete",
    "received test:say 16",
    "answered test:ask",
    "sent test:ask.answer 16",
    "answered ended ok",
    "received test:ask 16",
  ]);
  told.length = 0;
  observing[0]?.end();
  observing[0]?.end();
  client.sendMessage(Say, "hello");
  await client.close();
  await net.settle();
  expect(told).toEqual([]);
  expect(server.clients.size).toBe(0);
});

test("a packet sent to many is told for each of them", async () => {
  const { told, observer } = keeper();
  const { net, server, client } = await pair([observer]);
  const other: Client = net.client({ packets });
  for (const one of [client, other]) one.on(Say, () => {});
  net.connect(other, server);
  await other.waitForConnection();
  told.length = 0;
  server.broadcast(Say, "hello");
  expect(told).toEqual(["sent test:say 16", "sent test:say 16"]);
});

test("several look on, each for itself; the same one twice is told twice", async () => {
  const [one, two] = [keeper(), keeper()];
  const { net, client, observing } = await pair([one.observer, two.observer, one.observer]);
  const heard = (told: string[]) => told.filter((text) => text.startsWith("received")).length;
  client.sendMessage(Say, "hello");
  await net.settle();
  expect([heard(one.told), heard(two.told)]).toEqual([2, 1]);
  observing[2]?.end();
  client.sendMessage(Say, "hello");
  await net.settle();
  expect([heard(one.told), heard(two.told)]).toEqual([3, 2]);
});

test("an observer that is a class is called as one", async () => {
  class Counter implements PeerObserver {
    #count = 0;
    received(): void {
      this.#count++;
    }
    get count(): number {
      return this.#count;
    }
  }
  const counter = new Counter();
  const { net, client, errors } = await pair([counter]);
  client.sendMessage(Say, "hello");
  await net.settle();
  expect(errors).toEqual([]);
  expect(counter.count).toBe(1);
});

test("what an observer throws is reported, and harms neither the connection nor other observers", async () => {
  const boom = (): never => {
    throw new Error("boom");
  };
  const names = ["connected", "handshake", "closed", "received", "sent", "request", "roundTrip"] as const;
  const bad: PeerObserver = Object.fromEntries(names.map((name) => [name, boom]));
  const worse: PeerObserver = { request: () => ({ ended: boom }) };
  const { told, observer } = keeper();
  const { net, client, errors } = await pair([bad, worse, observer]);
  client.sendMessage(Say, "hello");
  await expect(client.request(Ask, "why")).resolves.toBe("why");
  await client.close();
  await net.settle();
  expect(errors.length).toBeGreaterThanOrEqual(6);
  expect(errors).toEqual(errors.map(() => ["observer", expect.objectContaining({ message: "boom" })]));
  expect(told).toEqual(expect.arrayContaining(["received test:say 16", "answered ended ok", "closed null"]));
});

test.each(["received", "sent", "request"])(
  "a promise that %s returns by mistake ends nothing",
  async (name) => {
    const fail = (): Promise<never> => Promise.reject(new Error("of an observer"));
    const { net, server, client, errors } = await pair([{ [name]: fail }]);
    client.on(Say, () => {});
    client.sendMessage(Say, "hello");
    server.sendMessage(Say, "hello", 1);
    expect(await client.request(Ask, "x")).toBe("x");
    await net.settle();
    expect(errors).toContainEqual(["observer", expect.objectContaining({ message: "of an observer" })]);
  },
);

test("who sends or flushes on hearing of a packet changes nothing of what others are told of it", async () => {
  class Flushing extends ClassicConnectionType {
    override send(): boolean {
      if (this.peer instanceof Server) this.peer.pumpWriteBuffer();
      return false;
    }
  }
  const net = new TestNetwork();
  const events: number[] = [];
  const sizes: number[] = [];
  const sendEvent = (event: string, { data }: Readonly<Record<string, unknown>>): void => {
    if (event === "peng3dnet:server.connection.send") events.push((data as Uint8Array).length);
  };
  const server = net.server({ packets, peng: { sendEvent } });
  server.addConnType("own", new Flushing(server));
  observe(server, { sent: () => server.pumpWriteBuffer() });
  observe(server, { sent: (_packet, bytes) => void sizes.push(bytes) });
  const client = net.client({ packets, conntype: "own" });
  client.addConnType("own", new ClassicConnectionType(client));
  client.on(Say, () => {});
  net.connect(client, server);
  await client.waitForConnection();
  await net.settle();
  server.sendMessage(Say, "12345", 1);
  // Length prefix, header, and a text of five bytes.
  expect({ events, sizes }).toEqual({ events: [16], sizes: [16] });
});

test.each<[string, <T>(call: () => T) => T]>([
  [
    "before it called the handler",
    () => {
      throw new Error("boom");
    },
  ],
  [
    "after it called the handler",
    (call) => {
      call();
      throw new Error("boom");
    },
  ],
])("a request is answered where an observer throws %s, which is called once", async (_, run) => {
  const { told, observer } = keeper();
  const { client, errors, answered } = await pair([{ request: () => ({ run, ended() {} }) }, observer]);
  await expect(client.request(Ask, "why")).resolves.toBe("why");
  expect(answered).toEqual(["why"]);
  expect(errors).toEqual([["observer", expect.objectContaining({ message: "boom" })]]);
  expect(told).toContain("answered ended ok");
});

test("what a handler throws is the answer, and no fault of an observer that calls it", async () => {
  const run = <T>(call: () => T): T => call();
  const { client, errors } = await pair([{ request: () => ({ run, ended() {} }) }]);
  await expect(client.request(Ask, "throw")).rejects.toMatchObject({ code: "internalerror" });
  expect(errors).toEqual([
    [expect.stringContaining("test:ask"), expect.objectContaining({ message: "as asked" })],
  ]);
});

test("handlers run as observers want it, the last one outermost", async () => {
  const order: string[] = [];
  const around = (name: string): PeerObserver => ({
    request: () => ({
      run(call) {
        order.push(`into ${name}`);
        const result = call();
        order.push(`out of ${name}`);
        return result;
      },
      ended() {},
    }),
  });
  const { client } = await pair([around("a"), { request: () => undefined }, around("b")]);
  await expect(client.request(Ask, "why")).resolves.toBe("why");
  expect(order).toEqual(["into b", "into a", "out of a", "out of b"]);
});

describe("how a handshake ended", () => {
  test.each<[string, (link: MemoryLink, net: TestNetwork) => void, string]>([
    ["the client says nothing", (_link, net) => net.clock.advance(60), "handshaketimeout"],
    [
      "it speaks something else",
      (link) => link.client.write(Buffer.from("GET / HTTP/1.1\r\n\r\n")),
      "notpeng3dnet",
    ],
    ["it leaves", (link) => link.client.end(), "closed"],
  ])("%s", async (_, act, outcome) => {
    const { told, observer } = keeper();
    const net = new TestNetwork();
    const server = net.server();
    observe(server, observer);
    const link = new MemoryLink();
    server.accept(link.server);
    link.client.start({
      ready() {},
      refused() {},
      readTarget: () => undefined,
      data() {},
      ended: () => link.client.end(),
      drained() {},
      closed() {},
      crashed() {},
    });
    await net.settle();
    act(link, net);
    await net.settle();
    net.clock.advance(60);
    await net.settle();
    expect(told).toEqual(["connected", `handshake ${outcome}`, expect.stringMatching(/^closed /)]);
  });
});

test("what there is: connections, requests, groups", async () => {
  const { net, server, client, observing } = await pair([{}]);
  server.accept(new MemoryLink().server);
  server.group("room").add(1);
  const other: Client = net.client({ packets });
  other.answer(Ask, () => new Promise(() => {}));
  net.connect(other, server);
  await other.waitForConnection();
  await net.settle();
  server.request(Ask, "why", 3).catch(() => {});
  await net.settle();
  const observer = observe(other, {});
  const census = observing[0]?.census() as Census;
  const { packetsIn, packetsOut, bytesIn, bytesOut } = server.metrics;
  expect(census).toEqual({
    ...{ packetsIn, packetsOut, bytesIn, bytesOut },
    ...{ queued: 0, unsent: 0, unprocessed: 0, rejectedBy: {} },
    ...{ suspended: 0, kept: 0 },
    ...{ connections: 3, handshaking: 1, asked: 1, answering: 0, groups: 1, memberships: 1 },
  });
  expect(observer.census()).toMatchObject({
    connections: 1,
    handshaking: 0,
    asked: 0,
    answering: 1,
    groups: 0,
  });
  await client.close();
  await net.settle();
  expect(observing[0]?.census()).toMatchObject({ connections: 2, groups: 0, memberships: 0 });
  expect(observe(client, {}).census()).toMatchObject({ connections: 0, unsent: 0 });
  expect(observe(net.client(), {}).census()).toMatchObject({ connections: 0, bytesIn: 0 });
});

test("what waited for process in a client that was stopped waits no more", async () => {
  const net = new TestNetwork();
  const server: Server = net.server({ packets });
  const client = new Client({ packets, clock: net.clock });
  client.initialize();
  net.connect(client, server);
  await client.waitForConnection();
  await net.settle();
  server.broadcast(Say, "hello");
  await net.settle();
  const observing = observe(client, {});
  expect(observing.census()).toMatchObject({ connections: 1, queued: 1 });
  client.stop();
  await net.settle();
  expect(observing.census()).toMatchObject({ connections: 0, queued: 0 });
});

describe("what goes along with a request", () => {
  const tracing = (trace: string | undefined): PeerObserver => ({
    traces: true,
    request: () => ({ trace, ended() {} }),
  });

  test("arrives where both sides take part", async () => {
    const { told, observer } = keeper({ traces: true });
    const { client, server } = await pair([observer], [tracing("here")]);
    await client.request(Ask, "why");
    expect(told).toContain("answered test:ask here");
    expect(server.metrics.rejectedBy).toEqual({});
  });

  test.each<[string, string | undefined]>([
    ["nothing", undefined],
    ["an empty text", ""],
    ["one that is too long", "x".repeat(129)],
    ["one with control characters", "a\nb"],
  ])("but not %s", async (_, trace) => {
    const { told, observer } = keeper({ traces: true });
    const { client } = await pair([observer], [tracing(trace)]);
    await expect(client.request(Ask, "why")).resolves.toBe("why");
    expect(told).toContain("answered test:ask");
  });

  test("is left out where reading it throws, and the next observer's goes along", async () => {
    const { told, observer } = keeper({ traces: true });
    const error = new Error("no trace");
    const follower = {
      get trace(): string {
        throw error;
      },
      ended() {},
    };
    const throwing = { traces: true, request: () => follower };
    const { client } = await pair([observer], [throwing, tracing("here")]);
    const failed: unknown[] = [];
    client.on("handlerError", (...args) => void failed.push(args));
    await expect(client.request(Ask, "why")).resolves.toBe("why");
    expect(told).toContain("answered test:ask here");
    expect(failed).toEqual([[error, { where: "observer" }]]);
  });

  test.each<[string, readonly PeerObserver[], readonly PeerObserver[]]>([
    ["the server", [], [tracing("here")]],
    ["the client", [tracing("here")], []],
  ])("stays behind where %s does not take part", async (_, onServer, onClient) => {
    const { client, server } = await pair(onServer, onClient);
    await expect(client.request(Ask, "why")).resolves.toBe("why");
    expect(server.metrics.rejectedBy).toEqual({});
  });

  test.each<[string, boolean, unknown]>([
    ["no text", true, 7],
    ["a text that is too long", true, "x".repeat(129)],
    ["anything without an agreement", false, "here"],
  ])("a peer that sends %s is not answered", async (_, agreed, third) => {
    const { client, server } = await pair(agreed ? [tracing("a")] : [], agreed ? [tracing("b")] : []);
    client.sendMessage("test:ask" as never, [1, "why", third] as never);
    await new Promise((resolve) => setImmediate(resolve));
    expect(server.metrics.rejectedBy).toEqual({ invalidpayload: 1 });
  });
});

describe("who looks on from the runtime's side", () => {
  test("is asked when a connection begins or ends, and told from then on", async () => {
    const { told, observer } = keeper();
    let looking: PeerObserver | undefined;
    const net = new TestNetwork({ ...standardPlatform, observer: () => looking });
    const server: Server = net.server({ packets });
    server.on(Say, () => {});
    const join = async (): Promise<Client> => {
      const client: Client = net.client({ packets });
      net.connect(client, server);
      await client.waitForConnection();
      await net.settle();
      return client;
    };
    const first = await join();
    looking = observer;
    first.sendMessage(Say, "hello");
    await net.settle();
    expect(told).toEqual([]);
    const second = await join();
    first.sendMessage(Say, "hello");
    await net.settle();
    expect(told).toContain("received test:say 16");
    looking = undefined;
    await second.close();
    told.length = 0;
    first.sendMessage(Say, "hello");
    await net.settle();
    expect(told).toEqual([]);
  });
});

test.each([undefined, null, {}, 7])("nothing can be observed of %p", (peer) => {
  expect(() => observe(peer as never, {})).toThrow(/a Server or a Client/);
});
