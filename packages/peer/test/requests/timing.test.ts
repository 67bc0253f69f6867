// From when on the time of a request counts.

import { type Client, InvalidPayloadError, TimedOutError } from "@peng3dnet/peer";
import { Add, Buy, openShop, Rename, settled, watched } from "./shop.js";

const never = (): Promise<never> => new Promise<never>(() => {});
const ask = (client: Client) => watched(client.request(Add, [], { timeout: 10 }));

test("each request has all of its time, whenever it is asked", async () => {
  const { net, server, client } = await openShop();
  server.answer(Add, never);
  const asked: ReturnType<typeof ask>[] = [];
  for (let turn = 0; turn < 3; turn++) {
    asked.push(ask(client), ask(client));
    await net.settle();
    net.clock.advance(4);
  }
  // It is 12 s after the first ones, 8 after the next and 4 after the last.
  await net.settle();
  const overdue = (): boolean[] => asked.map(({ value }) => value instanceof TimedOutError);
  expect(overdue()).toEqual([true, true, false, false, false, false]);
  net.clock.advance(2.1);
  await net.settle();
  expect(overdue()).toEqual([true, true, true, true, false, false]);
  net.clock.advance(4);
  await net.settle();
  expect(overdue()).toEqual([true, true, true, true, true, true]);
});

test("also the later ones of those that are asked in one go, whatever the program does between them", async () => {
  const { net, server, client } = await openShop();
  server.answer(Add, never);
  const first = ask(client);
  const forever = watched(client.request(Add, [], { timeout: Number.POSITIVE_INFINITY }));
  net.clock.advance(4);
  const later = [ask(client), ask(client)];
  const values = (): unknown[] => later.map(({ value }) => value);
  await net.settle();
  net.clock.advance(6.1);
  await net.settle();
  expect(first.value).toBeInstanceOf(TimedOutError);
  expect(values()).toEqual(["waiting", "waiting"]);
  net.clock.advance(3.8);
  await net.settle();
  expect(values()).toEqual(["waiting", "waiting"]);
  net.clock.advance(0.2);
  await net.settle();
  expect(values()).toEqual([expect.any(TimedOutError), expect.any(TimedOutError)]);
  expect(forever.value).toBe("waiting");
});

test("those that are asked in one go may time out before the program does anything else", async () => {
  const { net, server, client } = await openShop();
  server.answer(Add, never);
  const asked = [ask(client), ask(client)];
  net.clock.advance(10.1);
  await net.settle();
  for (const { value } of asked) expect(value).toBeInstanceOf(TimedOutError);
});

test("also while nothing comes in or goes out", async () => {
  const { net, server, client, link } = await openShop({ clientCfg: { "net.timeout.unsent": 1000 } });
  server.answer(Add, never);
  server.answer(Buy, never);
  link.toServer.freeze();
  // More than the link takes.
  for (let count = 0; count < 4; count++)
    void client.request(Buy, { item: "x".repeat(100_000) }, { timeout: 1000 }).catch(() => {});
  await net.settle();
  const early = ask(client);
  await net.settle();
  net.clock.advance(8);
  await net.settle();
  const late = ask(client);
  await net.settle();
  net.clock.advance(4);
  await net.settle();
  expect(early.value).toBeInstanceOf(TimedOutError);
  expect(late.value).toBe("waiting");
  net.clock.advance(6.1);
  await net.settle();
  expect(late.value).toBeInstanceOf(TimedOutError);
});

test("also after one that could not be sent", async () => {
  const { net, server, client } = await openShop();
  server.answer(Add, never);
  expect(await settled(client.request(Rename, { name: " " }))).toBeInstanceOf(InvalidPayloadError);
  net.clock.advance(2.5);
  await net.settle();
  const asked = watched(client.request(Add, [], { timeout: 2 }));
  net.clock.advance(1.9);
  await net.settle();
  expect(asked.value).toBe("waiting");
  net.clock.advance(0.2);
  await net.settle();
  expect(asked.value).toBeInstanceOf(TimedOutError);
});

test("also after work that took long, in the same turn as one before", async () => {
  const { net, server, client } = await openShop();
  server.answer(Add, never);
  const before = ask(client);
  // Nothing is sent or received meanwhile, since the program does not let the event loop go on.
  net.clock.advance(0.6);
  const asked = watched(client.request(Add, [], { timeout: 0.5 }));
  net.clock.advance(0.4);
  await net.settle();
  expect([before.value, asked.value]).toEqual(["waiting", "waiting"]);
  net.clock.advance(0.2);
  await net.settle();
  expect(asked.value).toBeInstanceOf(TimedOutError);
});
