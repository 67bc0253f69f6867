// Test frameworks replace the global timers and the global `performance` together: the system's clock has to go by both.

import { setImmediate as turn } from "node:timers/promises";
import { Client, defineRequest, payload, Server, SIDE_SERVER, TimedOutError } from "@peng3dnet/core";

const Ask = defineRequest({
  name: "test:ask",
  request: payload<number>(),
  response: payload<number>(),
  side: SIDE_SERVER,
});

test("a request times out by the timers of a test framework", async () => {
  // Heartbeats that began by the real clock would go on by the other one.
  const server = new Server({ addr: "127.0.0.1:0", packets: [Ask], cfg: { "net.heartbeat.interval": 0 } });
  const complete = new Promise((resolve) => server.once("handshakecomplete", resolve));
  server.answer(Ask, () => new Promise<number>(() => {}));
  await server.start();
  const client = new Client({ addr: server.addr, packets: [Ask] });
  await client.start();
  await complete;
  let outcome: unknown = "waiting";
  jest.useFakeTimers({ doNotFake: ["nextTick", "setImmediate", "queueMicrotask"] });
  try {
    void client.request(Ask, 1, { timeout: 10 }).catch((error: unknown) => {
      outcome = error;
    });
    jest.advanceTimersByTime(9_900);
    for (let turns = 0; turns < 20; turns++) await turn();
    expect(outcome).toBe("waiting");
    jest.advanceTimersByTime(200);
    for (let turns = 0; turns < 20; turns++) await turn();
  } finally {
    jest.useRealTimers();
  }
  expect(outcome).toBeInstanceOf(TimedOutError);
  client.stop();
  server.stop();
  await server.join();
});
