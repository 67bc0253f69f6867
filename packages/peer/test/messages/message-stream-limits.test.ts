// What an iterator buffers stays within its limits, and whoever waits for room goes on when there is some, once.

import { getEventListeners } from "node:events";
import { type Client, definePacket, payload, type Server } from "@peng3dnet/peer";
import { TestNetwork } from "@peng3dnet/peer/testing";
import { BufferBudget } from "../../src/messages/buffer-budget.js";
import { TypedPacket } from "../../src/messages/typed-packet.js";
import { movedWhile, stepsOf } from "../support/steps.js";

const Item = definePacket({ name: "test:item", schema: payload<unknown>() });
const KIB = 1024;

interface Pair {
  readonly net: TestNetwork;
  readonly server: Server;
  readonly clients: readonly Client[];
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, number) => number);
}

async function connected(count: number, buffered?: number): Promise<Pair> {
  const net = new TestNetwork();
  const server: Server = net.server({
    cfg: { ...(buffered !== undefined && { "net.limits.buffered": buffered }) },
  });
  server.register(Item);
  const clients = Array.from({ length: count }, () => {
    const client: Client = net.client();
    client.register(Item);
    net.connect(client, server);
    return client;
  });
  await Promise.all(clients.map((client) => client.waitForConnection()));
  return { net, server, clients };
}

test("one that was let go on is stopped at the limit again, and so are the others", async () => {
  const { net, server, clients } = await connected(3);
  let received = 0;
  server.on(Item, () => void received++);
  const stream = server.messages(Item, { limit: 4 });
  for (const client of clients) for (let number = 0; number < 200; number++) client.sendMessage(Item, number);
  await net.settle();
  for (let consumed = 1; consumed <= 600; consumed++) {
    const { value } = await stream.next();
    expect(value).toBeDefined();
    await net.settle();
    // Each of the three may have had a packet at work.
    expect(received - consumed).toBeLessThanOrEqual(4 + 3);
  }
  await server.shutdown();
}, 30_000);

test.each(["return", "abort"])("nothing of it is counted after its %s", async (how) => {
  const { net, server, clients } = await connected(3, 64 * KIB);
  const aborting = new AbortController();
  const stream = server.messages(Item, { signal: aborting.signal });
  const text = "x".repeat(10 * KIB);
  const sendAll = (): void => {
    for (const client of clients) for (let count = 0; count < 20; count++) client.sendMessage(Item, text);
  };
  sendAll();
  await net.settle();
  if (how === "return") await stream.return();
  else aborting.abort();
  await net.settle();
  // Had something stayed, there would be no room for another iterator's.
  const other = server.messages(Item);
  sendAll();
  for (let left = 60; left > 0; left--) {
    const { value } = await other.next();
    expect(value?.msg).toBe(text);
  }
  await other.return();
  await server.shutdown();
});

test("who waits is let go on once, even if that makes room for all", () => {
  const packet = Object.assign(Object.create(TypedPacket.prototype), { iterators: 1 });
  const budget = new BufferBudget({ findId: () => ({ obj: packet }) } as never);
  const holds = new Map<string, number>();
  const waiting: string[] = [];
  const one = (name: string, goesOn: () => void) => {
    const session = {
      pause: () => void holds.set(name, (holds.get(name) ?? 0) + 1),
      resume: () => {
        holds.set(name, (holds.get(name) ?? 0) - 1);
        waiting.push(name);
        goesOn();
      },
    };
    return session;
  };
  budget.limit = 10;
  const a = one("a", () => {
    // Fills it, and somebody takes all of it at once.
    budget.add(10);
    budget.remove(10);
  });
  const b = one("b", () => {});
  const c = one("c", () => {});
  budget.add(10);
  for (const session of [a, b, c]) expect(budget.keepsOut(session, 64)).toBe(true);
  budget.remove(10);
  expect(waiting).toEqual(["a", "b", "c"]);
  expect([...holds.values()]).toEqual([0, 0, 0]);
});

test("those who wait in vain are not looked at when one of them goes on and takes all the room", () => {
  const packet = Object.assign(Object.create(TypedPacket.prototype), { iterators: 1 });
  const budget = new BufferBudget({ findId: () => ({ obj: packet }) } as never);
  budget.limit = 10;
  budget.add(10);
  const waiting: number[] = [];
  for (let number = 0; number < 1000; number++) {
    const session = {
      pause: () => {},
      resume: () => {
        waiting.push(number);
        budget.add(10);
        budget.keepsOut(session, 64);
      },
    };
    budget.keepsOut(session, 64);
  }
  const steps = stepsOf(() => {
    for (let count = 0; count < 10; count++) budget.remove(10);
  });
  // Each had its turn, and waits behind the others again.
  expect(waiting).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(steps).toBeLessThan(50);
});

test("an iterator that makes room for one message looks at one of the connections that it holds", async () => {
  const { net, server, clients } = await connected(100);
  const stream = server.messages(Item, { limit: 1 });
  for (const client of clients) for (const number of range(3)) client.sendMessage(Item, number);
  await net.settle();
  // Each connection had a message at work when it was held.
  for (const _ of range(clients.length)) await stream.next();
  let next!: ReturnType<typeof stream.next>;
  const steps = stepsOf(() => {
    next = stream.next();
  });
  expect((await next).done).toBe(false);
  expect(steps).toBeLessThan(50);
  await stream.return();
  await server.shutdown();
});

test("an iterator that ends lets those go on whom it held, and holds nobody after that", async () => {
  const { net, server, clients } = await connected(1, 20 * KIB);
  const [client] = clients as [Client];
  const Other = definePacket({ name: "test:other", schema: payload<unknown>() });
  for (const peer of [server, client]) peer.register(Other);
  let received = 0;
  server.on(Item, () => void received++);
  const { signal } = new AbortController();
  const stream = server.messages(Item, { limit: 1, signal });
  for (const number of range(5)) client.sendMessage(Item, number);
  await net.settle();
  expect(received).toBeLessThan(5);
  await stream.return();
  expect(getEventListeners(signal, "abort")).toEqual([]);
  await net.settle();
  expect(received).toBe(5);
  // Another one takes all the room of all iterators.
  const other = server.messages(Other);
  client.sendMessage(Other, "x".repeat(30 * KIB));
  client.sendMessage(Item, 5);
  await net.settle();
  expect(received).toBe(6);
  await other.return();
  await server.shutdown();
});

test("one that goes on and finds no room again loses nothing", async () => {
  const { net, server, clients } = await connected(2, 20 * KIB);
  const [first, second] = clients as [Client, Client];
  const stream = server.messages(Item);
  const text = "x".repeat(10 * KIB);
  for (const number of [0, 1, 2]) first.sendMessage(Item, [number, text]);
  await net.settle();
  const held = server.clients.get(1)?.conn;
  held?.pause();
  const got = [(await stream.next()).value?.msg];
  // There is room, but it is held yet, and somebody else takes the room.
  second.sendMessage(Item, ["other", text]);
  await net.settle();
  held?.resume();
  await net.settle();
  while (got.length < 4) got.push((await stream.next()).value?.msg);
  expect(got.map((msg) => (msg as unknown[])[0])).toEqual([0, "other", 1, 2]);
  await server.shutdown();
});

test.each<[string, unknown, string]>([
  ["limit", { limit: Number.NaN }, 'the option "limit" cannot be NaN'],
  ["limit", { limit: -1 }, 'the option "limit" cannot be -1'],
  ["limit", { limit: "5" }, 'the option "limit" cannot be "5"'],
  ["limit", { limit: null }, 'the option "limit" cannot be null'],
  ["signal", { signal: "stop" }, 'the option "signal" cannot be "stop"'],
  ["limt", { limt: 5 }, 'messages has no option "limt"; did you mean "limit"?'],
])("a wrong %s is refused: %p", async (key, options, told) => {
  const net = new TestNetwork();
  const server: Server = net.server({ packets: [Item] });
  expect(() => server.messages(Item, options as never)).toThrow(
    expect.objectContaining({ code: "P3D_ERR_CONFIG", key, message: expect.stringContaining(told) }),
  );
});

test("a limit may be Infinity", async () => {
  const net = new TestNetwork();
  const server: Server = net.server({ packets: [Item] });
  const stream = server.messages(Item, { limit: Number.POSITIVE_INFINITY });
  await expect(stream.return()).resolves.toEqual({ done: true, value: undefined });
});

test("what it takes to read a message does not depend on how many wait behind it", async () => {
  const { net, server, clients } = await connected(1);
  const [client] = clients as [Client];
  const stream = server.messages(Item, { limit: Number.POSITIVE_INFINITY });
  for (const number of range(4000)) client.sendMessage(Item, number);
  await net.settle();
  const got: unknown[] = [];
  const moved = await movedWhile(async () => {
    for (const _ of range(4000)) got.push((await stream.next()).value?.msg);
  });
  expect(got).toEqual(range(4000));
  expect(moved).toBeLessThan(10 * 4000);
  await server.shutdown();
});
