// What a wait or a ticker leaves behind once it is over: no timer, nothing on a signal, nothing at its server.

import { getEventListeners } from "node:events";
import { ticker } from "@peng3dnet/peer";
import { ManualClock, TestNetwork } from "@peng3dnet/peer/testing";
import { Deferred } from "../../src/time/deferred.js";
import { TICK_HOST } from "../../src/time/ticker.js";

test("a wait that is over leaves no timer and nothing on its signal, which serves another one", async () => {
  const clock = new ManualClock();
  const abort = new AbortController();
  const { signal } = abort;
  const first = new Deferred<number>(clock);
  const wait = first.wait({ timeout: 5, signal }, "something");
  expect([clock.timers, getEventListeners(signal, "abort").length]).toEqual([1, 1]);
  first.settle(1);
  await wait;
  expect([clock.timers, getEventListeners(signal, "abort").length]).toEqual([0, 0]);
  const second = new Deferred<number>(clock).wait({ signal }, "something else");
  abort.abort();
  await expect(second).rejects.toThrow("waiting for something else was aborted");
});

test("a ticker that is stopped leaves nothing on its signal and at its server", async () => {
  const server = new TestNetwork().server();
  const { signal } = new AbortController();
  const ticks = ticker(server, { hz: 20, onTick: () => {}, signal });
  const { tickers } = server[TICK_HOST];
  expect([tickers.size, getEventListeners(signal, "abort").length]).toEqual([1, 1]);
  ticks.stop();
  expect([tickers.size, getEventListeners(signal, "abort").length]).toEqual([0, 0]);
  await server.shutdown();
});
