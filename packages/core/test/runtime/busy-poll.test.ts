import { availableParallelism } from "node:os";
import { Client, type Platform } from "@peng3dnet/core";
import { ManualClock } from "@peng3dnet/core/testing";
import { BusyPoll } from "../../src/runtime/busy-poll.js";
import { nodePlatform, systemClock } from "../../src/runtime/node-platform.js";
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

/** Calls that the event loop owes. */
function turnsDue(): number {
  return process.getActiveResourcesInfo().filter((name) => name === "Immediate").length;
}

function scene(): { clock: ManualClock; poll: BusyPoll; arrivals(count: number, interval?: number): void } {
  const clock = new ManualClock();
  clocks.push(clock);
  const poll = new BusyPoll(clock);
  return {
    clock,
    poll,
    arrivals(count, interval = SHORT) {
      for (let arrival = 0; arrival < count; arrival++) {
        clock.advance(interval);
        poll.arrived(WINDOW);
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

/** Has it poll, and says how many short intervals it took. */
function begun({ poll, arrivals }: ReturnType<typeof scene>, interval = SHORT): number {
  for (let intervals = 0; intervals < 10_000; intervals++) {
    arrivals(1, interval);
    if (poll.polling) return intervals;
  }
  throw new Error("it does not poll");
}

/** How many arrivals a poll has until it ends by itself. */
function lasted({ poll, arrivals }: ReturnType<typeof scene>, interval: number): number {
  for (let count = 1; count < 20_000; count++) {
    arrivals(1, interval);
    if (!poll.polling) return count;
  }
  throw new Error("it does not end");
}

test("polls after 32 short intervals in a row, and not after 31", () => {
  const { poll, arrivals } = scene();
  arrivals(32);
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
  arrivals(32, factor * WINDOW);
  expect(poll.polling).toBe(polls);
});

test("one long interval begins the count anew", () => {
  const { poll, arrivals } = scene();
  arrivals(32);
  arrivals(1, 2 * WINDOW);
  arrivals(31);
  expect(poll.polling).toBe(false);
  arrivals(1);
  expect(poll.polling).toBe(true);
});

test.each([2 ** 31, 2 ** 32])("when its ticks begin anew, after %d of 1/1024 ms", async (ticks) => {
  const stage = scene();
  const { clock, poll, arrivals } = stage;
  clock.advance(ticks / 1024 / 1000 - 4 * SHORT);
  arrivals(32);
  expect(poll.polling).toBe(false);
  arrivals(1);
  expect(poll.polling).toBe(true);
  await inVain(stage);
  for (let arrival = 0; arrival < 300; arrival++) arrivals(1, ticks / 1024 / 2000);
  expect(poll.polling).toBe(false);
});

test.each([2 ** 31, 2 ** 32])("ends when its ticks begin anew, after %d of 1/1024 ms", async (ticks) => {
  const stage = scene();
  stage.clock.advance(ticks / 1024 / 1000 - 33.5 * SHORT);
  stage.arrivals(33);
  expect(stage.poll.polling).toBe(true);
  await inVain(stage);
});

test("goes on while bytes come, and ends with the window", async () => {
  const stage = scene();
  begun(stage, WINDOW);
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

test.each([
  ["at the pace of before", 8, false],
  ["hardly sooner", 7.5, false],
  ["sooner", 7, true],
])("bytes that come %s: whether 64 of them make the poll go on", (_how, factor, goesOn) => {
  const stage = scene();
  begun(stage, 8 * SHORT);
  stage.arrivals(57, factor * SHORT);
  expect(stage.poll.polling).toBe(true);
  stage.arrivals(7, factor * SHORT);
  expect(stage.poll.polling).toBe(goesOn);
});

test("a poll that does not pay doubles what it takes to try again, up to 2,048", () => {
  const stage = scene();
  const took: number[] = [];
  for (let poll = 0; poll < 8; poll++) {
    took.push(begun(stage));
    // The time of 64 arrivals is over, nine tenths of it.
    expect(lasted(stage, SHORT)).toBe(58);
  }
  // The arrival that ended the poll begins the next row.
  expect(took).toEqual([32, 63, 127, 255, 511, 1023, 2047, 2047]);
});

test("a poll that pays is compared with sleeping again, after 512 arrivals at first and 8,192 at most", () => {
  const stage = scene();
  const terms: number[] = [];
  for (let poll = 0; poll < 6; poll++) {
    begun(stage, 4 * SHORT);
    terms.push(lasted(stage, SHORT));
  }
  expect(terms).toEqual([512, 1024, 2048, 4096, 8192, 8192]);
  // Without a gain, all begins anew.
  begun(stage);
  expect(lasted(stage, SHORT)).toBe(58);
  begun(stage, 4 * SHORT);
  expect(lasted(stage, SHORT)).toBe(512);
});

test("a poll that pays halves what it takes to try again", () => {
  const stage = scene();
  for (let poll = 0; poll < 3; poll++) {
    begun(stage);
    lasted(stage, SHORT);
  }
  const took: number[] = [];
  for (let poll = 0; poll < 5; poll++) {
    took.push(begun(stage, 4 * SHORT));
    lasted(stage, SHORT);
  }
  expect(took).toEqual([255, 127, 63, 31, 31]);
});

test("after a wait in vain, four short intervals are enough; waits count until they are too many", async () => {
  const stage = scene();
  expect(begun(stage, WINDOW)).toBe(32);
  // A wait takes 1.125 windows, and nine tenths of 64 intervals that are a window long are 57.6 of them.
  for (let wait = 0; wait < 51; wait++) {
    await inVain(stage);
    expect(begun(stage, WINDOW)).toBe(4);
  }
  await inVain(stage);
  expect(begun(stage, WINDOW)).toBe(64);
  // It is judged anew.
  await inVain(stage);
  expect(begun(stage, WINDOW)).toBe(4);
});

test("bytes that came sooner before make up for waits in vain", async () => {
  const stage = scene();
  begun(stage, 4 * SHORT);
  stage.arrivals(256, SHORT);
  for (let wait = 0; wait < 40; wait++) {
    await inVain(stage);
    expect(begun(stage, 4 * SHORT)).toBe(4);
  }
});

test("is compared with the pace before its first poll, not with what that made of it", async () => {
  const stage = scene();
  begun(stage, 4 * SHORT);
  stage.arrivals(10, SHORT);
  await inVain(stage);
  begun(stage, SHORT);
  stage.arrivals(100, 2 * SHORT);
  expect(stage.poll.polling).toBe(true);
});

test("polls that end and begin within a turn of the event loop take one turn at a time", async () => {
  const stage = scene();
  const before = turnsDue();
  for (let poll = 0; poll < 3; poll++) {
    begun(stage);
    lasted(stage, SHORT);
  }
  begun(stage);
  expect(turnsDue()).toBe(before + 1);
  await inVain(stage);
  expect(turnsDue()).toBe(before);
});

test("after a longer wait was asked for, a poll goes on for that one", async () => {
  const stage = scene();
  const { clock, poll } = stage;
  begun(stage, WINDOW);
  clock.advance(SHORT);
  poll.arrived(2 * WINDOW);
  clock.advance(2 * WINDOW);
  await turn();
  expect(poll.polling).toBe(true);
  poll.arrived(WINDOW);
  await inVain(stage);
});

test("goes on in real time, and ends, while a test has timers and clock of its own", async () => {
  const realNow = performance.now.bind(performance);
  jest.useFakeTimers({ doNotFake: ["setImmediate"] });
  try {
    const poll = nodePlatform.poll?.(systemClock);
    // With one processor nobody polls.
    if (!(poll instanceof BusyPoll)) return;
    for (let arrivals = 0; !poll.polling && arrivals < 100_000; arrivals++) poll.arrived(0.001);
    expect(poll.polling).toBe(true);
    const limit = realNow() + 10_000;
    while (poll.polling && realNow() < limit) await turn();
    expect(poll.polling).toBe(false);
  } finally {
    jest.useRealTimers();
  }
});

test("takes its turns from the event loop, and not from a test that has those in its hands", async () => {
  const stage = scene();
  jest.useFakeTimers();
  try {
    begun(stage);
  } finally {
    jest.useRealTimers();
  }
  await inVain(stage);
});

/** Which part of ten seconds it polls, given when the next bytes come, in windows. */
async function share(next: (stage: ReturnType<typeof scene>, count: number) => number): Promise<number> {
  const stage = scene();
  const { clock, poll, arrivals } = stage;
  let polled = 0;
  for (let time = 0, count = 0; time < 10 / WINDOW; count++) {
    const interval = next(stage, count);
    time += interval;
    if (poll.polling) polled += Math.min(interval, 1.125);
    if (poll.polling && interval > 1.125) {
      await inVain(stage);
      clock.advance((interval - 1.125) * WINDOW);
      poll.arrived(WINDOW);
    } else arrivals(1, interval * WINDOW);
  }
  return (polled * WINDOW) / 10;
}

describe("the part of the time for which it polls", () => {
  const noise = (count: number): number => ((count * 2_654_435_761) % 2 ** 32) / 2 ** 32;

  test.each<[string, (stage: ReturnType<typeof scene>, count: number) => number]>([
    ["a steady pace", () => 0.75],
    ["a quick one", () => 0.125],
    ["one as slow as may be", () => 1],
    ["a pace that varies", (_stage, count) => 0.25 + 0.5 * noise(count)],
    ["many with paces of their own", (_stage, count) => -0.25 * Math.log(1 - noise(count))],
    [
      "slowly at first, then in bursts of five, which take it to poll again",
      (_stage, count) => (count > 33 && count % 5 === 0 ? 1.5 : count > 33 ? 0.0625 : 1),
    ],
    ["bursts of 33, which take it to poll at first", (_stage, count) => (count % 33 === 0 ? 1.5 : 0.0625)],
    ["2,000 that answer at once, again and again", (_stage, count) => (count % 2000 === 0 ? 100 : 0.0625)],
    ["by turns slow and quick, not knowing when it polls", (_stage, count) => (count % 545 < 33 ? 1 : 0.875)],
  ])("%s: below a twelfth", async (_pace, next) => {
    expect(await share(next)).toBeLessThan(1 / 12);
  });

  test("packets just behind the window: none at all", async () => {
    expect(await share(() => 1.125)).toBe(0);
  });

  test("who answers sooner while it polls has it poll nearly all the time", async () => {
    expect(await share(({ poll }) => (poll.polling ? 0.25 : 1))).toBeGreaterThan(0.9);
  });
});

describe("over sockets", () => {
  afterEach(() => jest.restoreAllMocks());

  test("connections with different values of net.latency.poll share what a server polls with, which those with 0 do not touch", async () => {
    const windows: number[] = [];
    let made = 0;
    const platform: Platform = {
      ...nodePlatform,
      poll() {
        made++;
        return { arrived: (seconds) => void windows.push(seconds) };
      },
    };
    const server = await startServer({ clock: new ManualClock(), platform });
    const echoes: (() => Promise<void>)[] = [];
    for (const seconds of [0.001, 0.0005, 0]) {
      server.cfg.set("net.latency.poll", seconds);
      const client = track(new Client({ addr: server.addr }));
      let answered = (): void => {};
      handle(client, "test:echo", () => answered());
      await client.start();
      echoes.push(() => {
        const { promise, resolve } = deferred();
        answered = resolve;
        client.sendMessage("test:echo", null);
        return promise;
      });
    }
    const before = windows.length;
    for (let round = 0; round < 3; round++) for (const echoed of echoes) await echoed();
    expect(made).toBe(1);
    expect(windows.slice(before)).toEqual([0.001, 0.0005, 0.001, 0.0005, 0.001, 0.0005]);
  });

  test("a server and a client that end while they poll owe the event loop nothing soon after", async () => {
    const cfg = { "net.latency.poll": 0.001 };
    let polls = false;
    const { arrived } = BusyPoll.prototype;
    jest.spyOn(BusyPoll.prototype, "arrived").mockImplementation(function (this: BusyPoll, seconds) {
      arrived.call(this, seconds);
      polls ||= this.polling;
    });
    const server = await startServer({ cfg });
    const client = track(new Client({ addr: server.addr, cfg }));
    const { promise, resolve } = deferred();
    let count = 0;
    handle(client, "test:echo", () => {
      // With one processor nobody polls.
      if (polls || ++count === 1000) {
        client.stop();
        server.stop();
        resolve();
      } else client.sendMessage("test:echo", count);
    });
    await client.start();
    client.sendMessage("test:echo", 0);
    await promise;
    await Promise.all([client.join(), server.join()]);
    // By timers, for which no turn is due.
    while (turnsDue() > 0) await new Promise((waited) => setTimeout(waited, 1));
    expect(polls).toBe(availableParallelism() > 1);
  });

  test.each([
    ["0: never polls", 0, false],
    ["the greatest: polls, given a second processor", 0.001, availableParallelism() > 1],
  ])("net.latency.poll %s, and all packets come back", async (_name, seconds, polls) => {
    const cfg = { "net.latency.poll": seconds };
    const polling: boolean[] = [];
    const { arrived } = BusyPoll.prototype;
    jest.spyOn(BusyPoll.prototype, "arrived").mockImplementation(function (this: BusyPoll, window) {
      arrived.call(this, window);
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
