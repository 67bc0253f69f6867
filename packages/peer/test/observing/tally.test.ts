// Sums of all connections of a server, which are kept while somebody looks on.

import {
  type Census,
  type Client,
  definePacket,
  defineRequest,
  type Metrics,
  observe,
  payload,
  Server,
} from "@peng3dnet/peer";
import { TestNetwork } from "@peng3dnet/peer/testing";
import { CensusTaking } from "../../src/observing/census.js";
import { type TalliedPart, type TalliedSession, Tally } from "../../src/observing/tally.js";
import { SessionNumbers } from "../../src/session/session-numbers.js";

const Say = definePacket({ name: "test:say", schema: payload<string>() });
const Lost = definePacket({ name: "test:lost", schema: payload<number>() });
const Ask = defineRequest({ name: "test:ask", request: payload<string>(), response: payload<string>() });
const packets = [Say, Lost, Ask];
const cfg = {
  "net.heartbeat.interval": 0,
  "net.limits.connections.address": 1000,
  "net.limits.pending.address": 1000,
} as const;
/** More than a list of those that have changed takes. */
const MANY = 300;

const KEYS = ["bytesIn", "bytesOut", "packetsIn", "packetsOut", "queued", "unsent"] as const;
type Numbers = Readonly<Record<(typeof KEYS)[number], number>>;

function sumOf(all: readonly Metrics[]): Numbers {
  const sum = (key: (typeof KEYS)[number]) => all.reduce((sofar, one) => sofar + one[key], 0);
  return Object.fromEntries(KEYS.map((key) => [key, sum(key)])) as Numbers;
}

async function crowd(server: Server, net: TestNetwork, count: number): Promise<Client[]> {
  const clients = Array.from({ length: count }, () => net.client({ packets }));
  for (const client of clients) {
    client.on(Say, () => {});
    net.connect(client, server);
  }
  await Promise.all(clients.map((client) => client.waitForConnection()));
  await net.settle();
  return clients;
}

test("sums are those of the connections together, in handlers as well, whatever changes and whoever leaves", async () => {
  const net = new TestNetwork();
  const server: Server = net.server({ packets, cfg });
  const left: Metrics[] = [];
  const compared: string[] = [];
  const compare = (when: string): void => {
    const all = [...server.clients.values()].map(({ conn }) => conn.metrics);
    const census: Census = observing.census();
    const expected = sumOf([...all, ...left]);
    expect({ when, ...sumOf([server.metrics]) }).toEqual({ when, ...expected });
    expect({ when, ...sumOf([census]) }).toEqual({ when, ...expected });
    expect(census.connections).toBe(all.length);
    compared.push(when);
  };
  server.on("close", (client) => {
    // What it counted stays counted, but nothing waits in it any more.
    left.push({ ...client.conn.metrics, queued: 0, unsent: 0 });
  });
  server.on(Say, (text, { client }) => {
    if (text === "all") server.broadcast(Say, "to all");
    compare(`in a handler: ${text}`);
    client.sendMessage(Say, "back");
    compare(`after an answer: ${text}`);
  });
  server.answer(Ask, (text) => text);
  const observing = observe(server, {});
  const clients = await crowd(server, net, MANY);
  compare("all are there");
  const [first, second, third] = clients as [Client, Client, Client];
  first.sendMessage(Say, "all");
  second.sendMessage(Say, "one");
  second.sendMessage(Say, "two");
  await net.settle();
  compare("after packets");
  await first.request(Ask, "why");
  for (const client of clients) client.sendMessage(Lost, 1);
  await net.settle();
  compare("after what nobody handles");
  await third.close();
  first.sendMessage(Say, "after a close");
  await net.settle();
  compare("one has left");
  await crowd(server, net, 2);
  compare("others have come");
  expect(server.metrics.rejectedBy).toEqual({ unhandled: MANY });
  expect(compared).toHaveLength(13);
});

test("what is under way is counted at any time, and no more once it is over", async () => {
  const net = new TestNetwork();
  const server: Server = net.server({ packets, cfg });
  const observing = observe(server, {});
  const [client] = (await crowd(server, net, MANY)) as [Client];
  client.answer(Ask, () => new Promise<string>(() => {}));
  const [remote] = server.clients.values();
  const gaveUp = new AbortController();
  const asked = remote?.request(Ask, "why", { signal: gaveUp.signal });
  asked?.catch(() => {});
  await net.settle();
  // Others fill the list of those that have changed, again and again.
  for (let round = 0; round < 3; round++) {
    server.broadcast(Say, "to all");
    await net.settle();
    expect(observing.census().asked).toBe(1);
  }
  gaveUp.abort();
  await expect(asked).rejects.toThrow();
  expect(observing.census()).toMatchObject({ asked: 0, connections: MANY, handshaking: 0 });
});

test("sums are kept while somebody asks for them, and true before and after that", async () => {
  const net = new TestNetwork();
  const server: Server = net.server({ packets, cfg });
  server.on(Say, () => {});
  const [client] = (await crowd(server, net, 3)) as [Client];
  const bytes = (): number[] => {
    const each = [...server.clients.values()].map(({ conn }) => conn.metrics.bytesIn);
    return [server.metrics.bytesIn, each.reduce((sum, one) => sum + one, 0)];
  };
  const say = async (): Promise<void> => {
    client.sendMessage(Say, "hello");
    await net.settle();
  };
  const equal = ([all, each]: number[]): void => expect(all).toBe(each);
  await say();
  equal(bytes());
  const observing = observe(server, {});
  expect(observing.census().bytesIn).toBe(bytes()[1]);
  await say();
  equal(bytes());
  observing.end();
  await say();
  equal(bytes());
  const again = observe(server, {});
  expect(again.census().bytesIn).toBe(bytes()[1]);
  await say();
  expect(again.census().bytesIn).toBe(bytes()[1]);
});

test("a census of a server that somebody looks at does not look at each connection", async () => {
  const net = new TestNetwork();
  const server: Server = net.server({ packets, cfg });
  server.on(Say, () => {});
  const observing = observe(server, {});
  const [client] = (await crowd(server, net, MANY)) as [Client];
  observing.census();
  client.sendMessage(Say, "hello");
  await net.settle();
  const counting = jest.spyOn(SessionNumbers.prototype, "count");
  expect(observing.census().connections).toBe(MANY);
  expect(server.metrics.bytesIn).toBeGreaterThan(0);
  expect(counting.mock.calls.length).toBeLessThan(10);
  counting.mockClear();
  observing.end();
  expect(server.metrics.bytesIn).toBeGreaterThan(0);
  expect(counting).toHaveBeenCalledTimes(MANY);
  counting.mockRestore();
});

describe("a census does not look at each of all connections where they wait", () => {
  /** Looks twice, of which the second time is no look at each, and finds what connections say by themselves. */
  function look(server: Server, census: () => Census): Census {
    census();
    const counting = jest.spyOn(SessionNumbers.prototype, "count");
    const found = census();
    expect(counting.mock.calls.length).toBeLessThan(10);
    counting.mockRestore();
    const all = [...server.clients.values()].map(({ conn }) => conn.metrics);
    expect(sumOf([found])).toEqual(sumOf(all));
    return found;
  }

  test("for process()", async () => {
    const net = new TestNetwork();
    const server = new Server({ packets, cfg, clock: net.clock });
    await server.runAsync();
    const observing = observe(server, {});
    const census = () => observing.census();
    const clients = await crowd(server, net, MANY);
    const seen: number[] = [];
    server.on(Say, () => void seen.push(look(server, census).queued));
    for (const client of clients) for (const text of ["one", "two"]) client.sendMessage(Say, text);
    await net.settle();
    expect(look(server, census).queued).toBe(2 * MANY);
    server.process();
    expect(seen).toHaveLength(2 * MANY);
    expect(look(server, census).queued).toBe(0);
    server.stop();
  });

  test("for their turn", async () => {
    const net = new TestNetwork();
    const server: Server = net.server({ packets, cfg });
    const observing = observe(server, {});
    const census = () => observing.census();
    const waiting: number[] = [];
    server.on(Say, () => {
      waiting.push(look(server, census).unprocessed);
      // More than their share of the event loop.
      net.clock.advance(1);
    });
    const clients = await crowd(server, net, MANY);
    for (const client of clients) client.sendMessage(Say, "hello");
    while (waiting.length < MANY) await net.settle();
    const [last, ...before] = waiting.toReversed();
    expect(last).toBe(0);
    expect(Math.max(...before)).toBeGreaterThan(MANY);
    expect(look(server, census).unprocessed).toBe(0);
  });

  test("for answers, of either side", async () => {
    const net = new TestNetwork();
    const server: Server = net.server({ packets, cfg });
    const observing = observe(server, {});
    const census = () => observing.census();
    const answers: ((text: string) => void)[] = [];
    const answer = () => new Promise<string>((resolve) => answers.push(resolve));
    server.answer(Ask, answer);
    const clients = await crowd(server, net, MANY);
    for (const client of clients) client.answer(Ask, answer);
    const gaveUp = new AbortController();
    const asked = [...server.clients.values()].map((remote, place) =>
      remote.request(Ask, "here", { signal: place % 2 === 0 ? gaveUp.signal : undefined, timeout: 60 }),
    );
    const { signal } = gaveUp;
    const others = clients.map((client) => client.request(Ask, "there", { signal }));
    const settled = Promise.allSettled([...asked, ...others]);
    await net.settle();
    expect(look(server, census)).toMatchObject({ asked: MANY, answering: MANY });
    gaveUp.abort();
    await net.settle();
    expect(look(server, census)).toMatchObject({ asked: MANY / 2, answering: MANY });
    // Nobody waits for half of them any more, so that nothing is sent at their end.
    for (const resolve of answers) resolve("so");
    await net.settle();
    expect(look(server, census)).toMatchObject({ asked: 0, answering: 0 });
    await settled;
  });
});

/** A session that notes each time that somebody looks at it. */
function watched(looked: number[], number: number, restless: boolean): TalliedSession {
  let tallied: TalliedPart | undefined;
  const connection = { packetsIn: 1, packetsOut: 2, unsent: 3, inputHeld: 4 };
  return {
    // Only what is counted is looked at.
    connection: connection as TalliedSession["connection"],
    get bytesIn() {
      looked.push(number);
      return 10;
    },
    bytesOut: 20,
    queuedPackets: 0,
    queuedBytes: 0,
    unhandled: 0,
    rejections: undefined,
    greeted: true,
    resumption: undefined,
    requests: undefined,
    get tallied() {
      return tallied;
    },
    set tallied(part) {
      tallied = part;
    },
    restless,
  };
}

test("a census looks at those whose numbers may have changed, and not at all", () => {
  const looked: number[] = [];
  const tally = new Tally();
  const sessions = Array.from({ length: 1000 }, (_, number) => watched(looked, number, number === 7));
  for (const session of sessions) tally.add(session);
  const census = (): number => {
    const taking = new CensusTaking();
    tally.addTo(taking);
    return taking.get().bytesIn;
  };
  expect(census()).toBe(10_000);
  looked.length = 0;
  expect(census()).toBe(10_000);
  expect(looked).toEqual([7]);
  looked.length = 0;
  for (const number of [3, 4, 3]) sessions[number]?.tallied?.changes();
  census();
  expect(looked).toEqual([7, 3, 4]);
  // Many that change are looked at ahead of it, in lots.
  for (const session of sessions) session.tallied?.changes();
  looked.length = 0;
  expect(census()).toBe(10_000);
  expect(looked.length).toBeLessThan(200);
  for (const session of sessions.slice(500)) tally.remove(session);
  expect(census()).toBe(5000);
});

test("where all are restless, a change costs a few looks and not one at each", () => {
  const looked: number[] = [];
  const tally = new Tally();
  const sessions = Array.from({ length: 3000 }, (_, number) => watched(looked, number, number < 2000));
  for (const session of sessions) tally.add(session);
  tally.addTo(new CensusTaking());
  looked.length = 0;
  for (let round = 0; round < 10; round++) for (const session of sessions) session.tallied?.changes();
  expect(looked.length).toBeLessThan(4 * 10 * sessions.length);
});
