// In which order connections have their turn, whoever else there is.

import { ManualClock } from "@peng3dnet/peer/testing";
import { accepted } from "../../src/turns/arrivals.js";
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

test("one that needs but a moment goes before hundreds that were there first", async () => {
  const clock = new ManualClock();
  const queue = new RunQueue(clock, (call) => void setImmediate(call));
  let others = 0;
  const other: Runnable = {
    takeTurn() {
      clock.advance(0.001);
      others++;
    },
  };
  for (let count = 0; count < 400; count++) queue.add(other, "fresh");
  let before: number | undefined;
  const me: Runnable = {
    takeTurn() {
      before = others;
    },
  };
  queue.add(me, "brief");
  await turn();
  expect(before).toBe(0);
  for (let turns = 0; turns < 50; turns++) await turn();
  expect(others).toBe(400);
});

test("hundreds that need but a moment, again and again, do not keep the others from going on", async () => {
  const clock = new ManualClock();
  const queue = new RunQueue(clock, (call) => void setImmediate(call));
  let ended = false;
  const brief: Runnable = {
    takeTurn() {
      clock.advance(0.0001);
      if (!ended) queue.add(brief, "brief");
    },
  };
  for (let count = 0; count < 400; count++) queue.add(brief, "brief");
  const turnsOf: Record<string, number> = { fresh: 0, used: 0, costly: 0 };
  for (const precedence of ["fresh", "used", "costly"] as const) {
    const me: Runnable = {
      takeTurn() {
        clock.advance(0.001);
        turnsOf[precedence] = (turnsOf[precedence] ?? 0) + 1;
        if (!ended) queue.add(me, precedence);
      },
    };
    queue.add(me, precedence);
  }
  for (let turns = 0; turns < 10; turns++) await turn();
  ended = true;
  await turn();
  expect(Math.min(...Object.values(turnsOf))).toBeGreaterThanOrEqual(9);
});

/** How long the turns of the event loop are, in milliseconds, while as many are busy as a turn has time for, of so many turns. */
async function lengthsOfTurns(
  count: number,
  each: (queue: RunQueue, turn: number, clock: ManualClock) => void,
): Promise<number[]> {
  const clock = new ManualClock();
  const queue = new RunQueue(clock, (call) => void setImmediate(call));
  let ended = false;
  const busy: Runnable = {
    takeTurn() {
      clock.advance(0.0005);
      if (!ended) queue.add(busy, "used");
    },
  };
  for (let index = 0; index < 50; index++) queue.add(busy, "used");
  const lengths: number[] = [];
  for (let index = 0; index < count; index++) {
    each(queue, index, clock);
    const since = clock.now();
    await turn();
    lengths.push(clock.now() - since);
  }
  ended = true;
  await turn();
  return lengths;
}

test("turns are short while connections are accepted, and as long as before afterwards", async () => {
  const lengths = await lengthsOfTurns(200, (queue, turn, clock) => {
    if (turn >= 50 && turn < 100) accepted(queue, clock.now());
  });
  expect(Math.min(...lengths.slice(1, 50))).toBeGreaterThanOrEqual(9.5);
  // One piece of work takes half a millisecond.
  expect(Math.max(...lengths.slice(50, 100))).toBeLessThan(0.75);
  expect(Math.min(...lengths.slice(-50))).toBeGreaterThanOrEqual(9.5);
});

test("where connections come without end, turns are short for two seconds, and then for a quarter of the time", async () => {
  const lengths = await lengthsOfTurns(9000, (queue, _turn, clock) => accepted(queue, clock.now()));
  let time = 0;
  const at = lengths.map((length) => {
    time += length;
    return time;
  });
  const short = (from: number, to: number): number =>
    lengths.reduce((sum, length, index) => {
      const end = at[index] ?? 0;
      return end > from && end <= to && length < 2 ? sum + length : sum;
    }, 0);
  expect(short(0, 2000)).toBeGreaterThan(1950);
  const later = short(4000, 8000);
  expect(time).toBeGreaterThan(8000);
  expect(later).toBeGreaterThan(800);
  expect(later).toBeLessThan(1200);
});

test("packets that may take long have each turn while nobody connects", async () => {
  expect(await turnsOfLong(5, 0.004, () => {})).toEqual([1, 1, 1, 1, 1]);
});

test("they leave two thirds of the time to connections that are being accepted", async () => {
  const gaps = await turnsOfLong(5, 0.004, (queue, clock) => accepted(queue, clock.now()));
  // After 4 ms, 8 ms of turns of one each.
  expect(gaps.slice(1)).toEqual([8, 8, 8, 8]);
});

test("and go on after sixteen turns at most, however long they took", async () => {
  const gaps = await turnsOfLong(4, 0.1, (queue, clock) => accepted(queue, clock.now()));
  expect(gaps.slice(1)).toEqual([16, 16, 16]);
});

test("and in each turn again soon after the last connection", async () => {
  let turns = 0;
  const gaps = await turnsOfLong(40, 0.002, (queue, clock) => {
    if (turns++ === 0) accepted(queue, clock.now());
  });
  expect(gaps.slice(-20)).toEqual(Array.from({ length: 20 }, () => 1));
});

test("how many wait does not make a turn longer: whose share each has is asked once, when it comes", async () => {
  const clock = new ManualClock();
  const queue = new RunQueue(clock, (call) => void setImmediate(call));
  let asked = 0;
  const order: string[] = [];
  const add = (name: string, share: string): void =>
    queue.add(
      {
        get share() {
          asked++;
          return share;
        },
        takeTurn() {
          // As much as there is time for: the others wait for the next turn.
          clock.advance(0.01);
          order.push(name);
        },
      },
      "fresh",
    );
  for (let index = 0; index < 60; index++) add(`many ${index}`, "many");
  for (let index = 0; index < 3; index++) add(`few ${index}`, "few");
  for (let turns = 0; turns < 63; turns++) await turn();
  expect(order.slice(0, 8)).toEqual([
    "many 0",
    "few 0",
    "many 1",
    "few 1",
    "many 2",
    "few 2",
    "many 3",
    "many 4",
  ]);
  expect(order).toHaveLength(63);
  expect(asked).toBe(63);
});
