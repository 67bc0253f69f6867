import { availableParallelism } from "node:os";
import { Client } from "@peng3dnet/core";
import { ManualClock } from "@peng3dnet/core/testing";
import { BusyPoll } from "../../src/runtime/busy-poll.js";
import { track } from "../support/cleanup.js";
import { deferred, handle, startServer } from "../support/peers.js";

// Sums of these are exact.
const WINDOW = 1 / 8192;
const SHORT = WINDOW / 8;

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const clocks: ManualClock[] = [];

// A poll goes on while its clock stands still.
afterEach(async () => {
  for (const clock of clocks.splice(0)) clock.advance(1);
  await turn();
});

function scene(): { clock: ManualClock; poll: BusyPoll; arrivals(count: number, interval?: number): void } {
  const clock = new ManualClock();
  clocks.push(clock);
  const poll = new BusyPoll(clock, WINDOW);
  return {
    clock,
    poll,
    arrivals(count, interval = SHORT) {
      for (let arrival = 0; arrival < count; arrival++) {
        clock.advance(interval);
        poll.arrived();
      }
    },
  };
}

/** Lets a poll end without an arrival. */
async function inVain({ clock, poll }: ReturnType<typeof scene>): Promise<void> {
  clock.advance(1.125 * WINDOW);
  for (let turns = 0; poll.polling && turns < 10; turns++) await turn();
  expect(poll.polling).toBe(false);
}

test("polls after eight short intervals in a row, and not after seven", () => {
  const { poll, arrivals } = scene();
  arrivals(8);
  expect(poll.polling).toBe(false);
  arrivals(1);
  expect(poll.polling).toBe(true);
});

test.each([
  ["below", 0.875, true],
  ["at", 1, true],
  ["above", 1.125, false],
])("an interval %s the window", (_where, factor, polls) => {
  const { poll, arrivals } = scene();
  arrivals(1);
  arrivals(8, factor * WINDOW);
  expect(poll.polling).toBe(polls);
});

test("one long interval begins the count anew", () => {
  const { poll, arrivals } = scene();
  arrivals(8);
  arrivals(1, 2 * WINDOW);
  arrivals(7);
  expect(poll.polling).toBe(false);
  arrivals(1);
  expect(poll.polling).toBe(true);
});

test.each([2 ** 31, 2 ** 32])("when its ticks begin anew, after %d of 1/1024 ms", async (ticks) => {
  const stage = scene();
  const { clock, poll, arrivals } = stage;
  clock.advance(ticks / 1024 / 1000 - 4 * SHORT);
  arrivals(8);
  expect(poll.polling).toBe(false);
  arrivals(1);
  expect(poll.polling).toBe(true);
  await inVain(stage);
  for (let arrival = 0; arrival < 40; arrival++) arrivals(1, ticks / 1024 / 2000);
  expect(poll.polling).toBe(false);
});

test.each([2 ** 31, 2 ** 32])("ends when its ticks begin anew, after %d of 1/1024 ms", async (ticks) => {
  const stage = scene();
  stage.clock.advance(ticks / 1024 / 1000 - 9.5 * SHORT);
  stage.arrivals(9);
  expect(stage.poll.polling).toBe(true);
  await inVain(stage);
});

test("goes on while bytes come, and ends with the window", async () => {
  const stage = scene();
  stage.arrivals(9);
  for (let arrival = 0; arrival < 20; arrival++) {
    await turn();
    stage.arrivals(1, WINDOW);
    expect(stage.poll.polling).toBe(true);
  }
  stage.clock.advance(WINDOW);
  await turn();
  expect(stage.poll.polling).toBe(true);
  stage.clock.advance(0.125 * WINDOW);
  await turn();
  expect(stage.poll.polling).toBe(false);
});

test("a poll in vain doubles what it takes to begin again, up to 128; one that was worth it undoes that", async () => {
  const stage = scene();
  const { poll, arrivals } = stage;
  let takes = 8;
  for (const next of [16, 32, 64, 128, 128]) {
    arrivals(takes);
    expect(poll.polling).toBe(false);
    arrivals(1);
    expect(poll.polling).toBe(true);
    // One too few.
    arrivals(63);
    await inVain(stage);
    takes = next;
  }
  arrivals(takes + 1);
  arrivals(64);
  await inVain(stage);
  arrivals(8);
  expect(poll.polling).toBe(false);
  arrivals(1);
  expect(poll.polling).toBe(true);
});

describe("over sockets", () => {
  afterEach(() => jest.restoreAllMocks());

  test.each([
    ["0: never polls", 0, false],
    ["the greatest: polls, given a second processor", 0.001, availableParallelism() > 1],
  ])("net.latency.poll %s, and all packets come back", async (_name, seconds, polls) => {
    const cfg = { "net.latency.poll": seconds };
    const polling: boolean[] = [];
    const { arrived } = BusyPoll.prototype;
    jest.spyOn(BusyPoll.prototype, "arrived").mockImplementation(function (this: BusyPoll) {
      arrived.call(this);
      polling.push(this.polling);
    });
    const server = await startServer({ cfg });
    const client = track(new Client({ addr: server.addr, cfg }));
    const received: unknown[] = [];
    const { promise, resolve } = deferred();
    handle(client, "test:echo", (msg) => {
      if (received.push(msg) === 1000) resolve();
      else client.sendMessage("test:echo", received.length);
    });
    await client.start();
    client.sendMessage("test:echo", 0);
    await promise;
    expect(received).toEqual(Array.from({ length: 1000 }, (_, number) => number));
    expect(polling.includes(true)).toBe(polls);
  });
});
