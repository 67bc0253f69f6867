// The test kit's lag, and how much a link takes.

import { definePacket, defineRequest, payload, SIDE_SERVER } from "@peng3dnet/peer";
import { type MemoryLink, TestNetwork } from "@peng3dnet/peer/testing";

const Move = definePacket({ name: "lag:move", schema: payload<number>() });
const Place = definePacket({ name: "lag:place", schema: payload<string>(), droppable: true });
const Ask = defineRequest({
  name: "lag:ask",
  request: payload<string>(),
  response: payload<string>(),
  side: SIDE_SERVER,
});
const packets = [Move, Place, Ask];

/** A client that is connected over a link with a delay of 40 ms each way, at some time of the clock. */
async function lagging() {
  const net = new TestNetwork();
  const server = net.server({ packets });
  server.answer(Ask, (text) => text.toUpperCase());
  const client = net.client({ packets });
  const link = net.connect(client, server, { delay: 40 });
  await net.pass(1);
  expect(client.active).toBe(true);
  const seen: (readonly [number, number])[] = [];
  server.on(Move, (n) => seen.push([n, net.clock.now()]));
  return { net, server, client, link, seen };
}

test("a handshake takes its round trips", async () => {
  const net = new TestNetwork();
  const server = net.server({ packets });
  const client = net.client({ packets });
  let active = Number.NaN;
  client.on("handshakecomplete", () => {
    active = net.clock.now();
  });
  net.connect(client, server, { delay: 40 });
  await net.settle();
  expect(client.active).toBe(false);
  await net.pass(10);
  expect(active % 40).toBe(0);
  expect(active).toBeGreaterThanOrEqual(80);
  expect(net.clock.now()).toBe(10_000);
});

test("what is sent arrives after the delay, in each direction, and not before", async () => {
  const { net, client, seen } = await lagging();
  const begun = net.clock.now();
  client.sendMessage(Move, 1);
  await net.pass(0.02);
  client.sendMessage(Move, 2);
  await net.pass(0.0199);
  expect(seen).toEqual([]);
  const answered = client.request(Ask, "hello").then((text) => [text, net.clock.now() - begun]);
  await net.pass(1);
  expect(seen).toEqual([
    [1, begun + 40],
    [2, begun + 60],
  ]);
  expect(await answered).toEqual(["HELLO", expect.closeTo(119.9, 6)]);
});

test("round trips are measured as long as they are", async () => {
  const { net, client } = await lagging();
  await net.pass(10);
  expect(client.rtt?.latest).toBeCloseTo(0.08, 6);
});

test("the order stays as it is where a delay gets shorter", async () => {
  const { net, client, link, seen } = await lagging();
  const begun = net.clock.now();
  client.sendMessage(Move, 1);
  await net.settle();
  link.toServer.delay = 5;
  client.sendMessage(Move, 2);
  await net.pass(0.039);
  expect(seen).toEqual([]);
  await net.pass(1);
  expect(seen).toEqual([
    [1, begun + 40],
    [2, begun + 40],
  ]);
});

test("the end of a connection is under way, too, behind all that was sent", async () => {
  const { net, server, client, seen } = await lagging();
  const begun = net.clock.now();
  let closed: readonly [string | null, boolean, number] | undefined;
  server.on("close", (_client, { reason, clean }) => {
    closed = [reason, clean, net.clock.now() - begun];
  });
  client.sendMessage(Move, 1);
  const left = client.close("done");
  await net.pass(0.039);
  expect([closed, seen]).toEqual([undefined, []]);
  await net.pass(1);
  expect(seen).toEqual([[1, begun + 40]]);
  expect(closed?.slice(0, 2)).toEqual(["done", true]);
  expect(closed?.[2]).toBeGreaterThanOrEqual(40);
  expect((await left).clean).toBe(true);
});

test("a cut leaves no timer of what was under way", async () => {
  const { net, client, link, seen } = await lagging();
  client.sendMessage(Move, 1);
  await net.settle();
  link.cut();
  await net.pass(1);
  expect(seen).toEqual([]);
  expect(net.clock.timers).toBe(0);
});

test("a broken delay is told", () => {
  const net = new TestNetwork();
  for (const options of [{ delay: -1 }, { delay: Number.NaN }, { capacity: -1 }]) {
    expect(() => net.connect(net.client(), net.server(), options)).toThrow(RangeError);
  }
});

test("time passes from one timer to the next", async () => {
  const net = new TestNetwork();
  const times: number[] = [];
  const again = (): void => {
    times.push(net.clock.now());
    // What follows from a timer happens at its time.
    queueMicrotask(() => void net.clock.setTimeout(again, 100));
  };
  net.clock.setTimeout(again, 100);
  expect(net.clock.next).toBe(100);
  await net.pass(0.35);
  expect(times).toEqual([100, 200, 300]);
  expect([net.clock.now(), net.clock.next]).toEqual([350, 400]);
  net.clock.advanceTo(10);
  expect(net.clock.now()).toBe(350);
});

/** A server that drops positions for those who are behind, and a client that reads nothing. */
async function frozen(capacity?: number) {
  const net = new TestNetwork();
  const cfg = { "net.limits.unsent.policy": "drop", "net.limits.unsent.highwater": 1000 } as const;
  const server = net.server({ packets, cfg });
  const client = net.client({ packets });
  const link: MemoryLink = net.connect(client, server, { capacity });
  await client.waitForConnection();
  await net.settle();
  link.toClient.freeze();
  const outcomes: string[] = [];
  for (let step = 0; step < 20; step++) {
    outcomes.push(server.trySend(Place, "x".repeat(200), 1));
    await net.settle();
  }
  return outcomes;
}

test("who does not read is behind at once on a link that takes nothing", async () => {
  const outcomes = await frozen(0);
  expect(outcomes.slice(0, 3)).toEqual(["sent", "sent", "sent"]);
  expect(outcomes.at(-1)).toBe("dropped");
  expect(outcomes.filter((outcome) => outcome === "dropped").length).toBeGreaterThan(10);
});

test("by default a link takes as much as a kernel, and nobody is behind", async () => {
  expect(new Set(await frozen())).toEqual(new Set(["sent"]));
});

test("a mistyped option of connect, and a server in the place of the client, are refused", () => {
  const net = new TestNetwork();
  const mistyped: object = { dely: 60 };
  expect(() => net.connect(net.client(), net.server(), mistyped)).toThrow(
    'connect has no option "dely"; did you mean "delay"?',
  );
  expect(() => net.connect(net.server() as never, net.client() as never)).toThrow(
    "connect() takes the client first, and then the server",
  );
});
