// In which order connections have their turn, whoever else there is.

import { ManualClock } from "@peng3dnet/peer/testing";
import { type Precedence, type Runnable, RunQueue } from "../../src/turns/run-queue.js";

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

test.each<Precedence>(["used", "costly"])(
  "those that come anew each time do not keep one from going on that waits as %s",
  async (precedence) => {
    const clock = new ManualClock();
    const queue = new RunQueue(clock, (call) => void setImmediate(call));
    let fresh = 0;
    let mine = 0;
    // Each takes three milliseconds, and comes again at once: there are always more than fit a turn.
    const other: Runnable = {
      takeTurn() {
        clock.advance(0.003);
        fresh++;
        if (fresh < 1000) queue.add(other, "fresh");
      },
    };
    for (let count = 0; count < 20; count++) queue.add(other, "fresh");
    const me: Runnable = {
      takeTurn() {
        clock.advance(0.001);
        if (++mine < 10) queue.add(me, precedence);
      },
    };
    queue.add(me, precedence);
    for (let turns = 0; turns < 20; turns++) await turn();
    expect(mine).toBe(10);
    expect(fresh).toBeGreaterThan(40);
    while (fresh < 1000) await turn();
  },
);

/** Turns of the event loop until each of `times` packets that take `seconds` was worked off. */
async function turnsOfLong(
  times: number,
  seconds: number,
  each: (queue: RunQueue, clock: ManualClock) => void,
) {
  const clock = new ManualClock();
  const queue = new RunQueue(clock, (call) => void setImmediate(call));
  let long = 0;
  let turns = 0;
  const turnsOf: number[] = [];
  const me: Runnable = {
    takeTurn() {
      clock.advance(seconds);
      turnsOf.push(turns);
      if (++long < times) queue.add(me, "costly");
    },
  };
  queue.add(me, "costly");
  for (; long < times && turns < 1000; turns++) {
    each(queue, clock);
    await turn();
    clock.advance(0.001);
  }
  return turnsOf.map((at, index) => at - (turnsOf[index - 1] ?? -1));
}

test("packets that may take long have each turn while nobody connects", async () => {
  expect(await turnsOfLong(5, 0.004, () => {})).toEqual([1, 1, 1, 1, 1]);
});

test("they leave two thirds of the time to connections that are being accepted", async () => {
  const gaps = await turnsOfLong(5, 0.004, (queue) => queue.accepted());
  // After 4 ms, 8 ms of turns of one each.
  expect(gaps.slice(1)).toEqual([8, 8, 8, 8]);
});

test("and go on after sixteen turns at most, however long they took", async () => {
  const gaps = await turnsOfLong(4, 0.1, (queue) => queue.accepted());
  expect(gaps.slice(1)).toEqual([16, 16, 16]);
});

test("and in each turn again soon after the last connection", async () => {
  let turns = 0;
  const gaps = await turnsOfLong(40, 0.002, (queue) => {
    if (turns++ === 0) queue.accepted();
  });
  expect(gaps.slice(-20)).toEqual(Array.from({ length: 20 }, () => 1));
});

/** Has forty who wait without end, at a millisecond a turn, while each turn brings a connection. @returns how long each turn took. */
async function turnsWithArrivals(turns: number, each: (queue: RunQueue) => void): Promise<number[]> {
  const clock = new ManualClock();
  const queue = new RunQueue(clock, (call) => void setImmediate(call));
  let over = false;
  const busy: Runnable = {
    takeTurn() {
      clock.advance(0.001);
      if (!over) queue.add(busy, "used");
    },
  };
  for (let count = 0; count < 40; count++) queue.add(busy, "fresh");
  const took: number[] = [];
  for (let count = 0; count < turns; count++) {
    each(queue);
    const since = clock.now();
    await turn();
    took.push(Math.round(clock.now() - since));
    clock.advance(0.0001);
  }
  over = true;
  for (let count = 0; count < 10; count++) await turn();
  return took;
}

test("as long as each turn brings a connection, those who wait have one turn in thirty-three", async () => {
  const took = await turnsWithArrivals(120, (queue) => queue.accepted());
  expect(took.filter((time) => time > 0).length).toBe(3);
  expect(Math.max(...took)).toBeLessThanOrEqual(11);
});

test("and after a turn that brought none, at once", async () => {
  let turns = 0;
  const took = await turnsWithArrivals(60, (queue) => {
    if (turns++ % 2 === 0) queue.accepted();
  });
  expect(took.filter((time) => time > 0).length).toBeGreaterThanOrEqual(30);
});

test("and after 20 ms, whatever connections take", async () => {
  const clock = new ManualClock();
  const queue = new RunQueue(clock, (call) => void setImmediate(call));
  const turnsOf: number[] = [];
  let turns = 0;
  const busy: Runnable = {
    takeTurn() {
      turnsOf.push(turns);
      if (turns < 30) queue.add(busy, "used");
    },
  };
  queue.add(busy, "fresh");
  for (; turns < 40; turns++) {
    queue.accepted();
    await turn();
    clock.advance(0.007);
  }
  const gaps = turnsOf.slice(2).map((at, index) => at - (turnsOf[index + 1] as number));
  expect(gaps.length).toBeGreaterThan(5);
  expect(new Set(gaps)).toEqual(new Set([3]));
});
