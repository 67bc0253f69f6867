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
