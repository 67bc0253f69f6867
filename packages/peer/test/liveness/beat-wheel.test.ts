// The wheel that visits connections, once in an interval, by one timer.

import { ManualClock } from "@peng3dnet/peer/testing";
import { BeatWheel, type Visited } from "../../src/liveness/beat-wheel.js";

class Rider implements Visited {
  seat = 0;
  /** When it was visited, in seconds, and how late. */
  readonly visits: number[] = [];
  readonly late: number[] = [];
  onVisit: (() => void) | undefined;

  constructor(readonly clock: ManualClock) {}

  visit(late: number): void {
    this.visits.push(this.clock.now() / 1000);
    this.late.push(late);
    this.onVisit?.();
  }
}

function wheel(count: number) {
  const clock = new ManualClock();
  const made = new BeatWheel(clock, 8);
  const riders = Array.from({ length: count }, () => new Rider(clock));
  for (const rider of riders) made.add(rider);
  return { clock, made, riders };
}

test("visits one that is alone once in an interval, and wakes up for nothing else", () => {
  const { clock, made, riders } = wheel(1);
  let timers = 0;
  const { setTimeout } = clock;
  clock.setTimeout = (...args) => {
    timers++;
    return setTimeout.apply(clock, args);
  };
  clock.advance(80);
  expect(riders[0]?.visits).toEqual([8, 16, 24, 32, 40, 48, 56, 64, 72, 80]);
  expect(timers).toBe(10);
  made.remove(riders[0] as Rider);
  expect([clock.timers, made.empty]).toEqual([0, true]);
});

test("spreads those that begin together over half of an interval, evenly", () => {
  const { clock, riders } = wheel(320);
  expect(clock.timers).toBe(1);
  clock.advance(8);
  const at = new Map<number, number>();
  for (const { visits } of riders) {
    expect(visits).toHaveLength(1);
    at.set(visits[0]!, (at.get(visits[0]!) ?? 0) + 1);
  }
  expect([...at.values()]).toEqual(Array(32).fill(10));
  expect(Math.min(...at.keys())).toBeGreaterThan(4);
  clock.advance(80);
  for (const { visits } of riders) expect(visits).toHaveLength(11);
});

test("those that begin later have their first visit in half an interval to a whole one, too", () => {
  const { clock, made } = wheel(1);
  for (const seconds of [1, 5, 2.3, 30]) {
    clock.advance(seconds);
    const rider = new Rider(clock);
    const begun = clock.now() / 1000;
    made.add(rider);
    clock.advance(20);
    expect(rider.visits[0]! - begun).toBeGreaterThan(3.8);
    expect(rider.visits[0]! - begun).toBeLessThanOrEqual(8);
    expect(rider.visits[1]! - rider.visits[0]!).toBe(8);
  }
});

test("one that is removed within a visit, or removes others, breaks nothing", () => {
  const { clock, made, riders } = wheel(96);
  for (const [index, rider] of riders.entries()) {
    if (index % 3 === 0) rider.onVisit = () => made.remove(rider);
    if (index % 3 === 1) rider.onVisit = () => made.remove(riders[index - 1] as Rider);
  }
  clock.advance(80);
  for (const [index, { visits }] of riders.entries()) {
    if (index % 3 === 0) expect(visits.length).toBeLessThanOrEqual(1);
    else expect(new Set(visits).size).toBe(10);
  }
  // To be removed twice is fine.
  for (const rider of [...riders, ...riders]) made.remove(rider);
  expect([clock.timers, made.empty]).toEqual([0, true]);
});

test("begins anew after it was empty", () => {
  const { clock, made, riders } = wheel(1);
  made.remove(riders[0] as Rider);
  clock.advance(1003);
  made.add(riders[0] as Rider);
  clock.advance(8);
  expect(riders[0]?.visits).toEqual([1011]);
});

test("one that was late visits everybody once, says how late it is, and goes on in time", () => {
  const { made, riders, clock } = wheel(40);
  // A clock that jumps: the timers of an hour fire at once.
  let now = 0;
  const timers: (() => void)[] = [];
  Object.assign(clock, {
    now: () => now,
    setTimeout: (call: () => void) => timers.push(call),
    clearTimeout: () => {},
  });
  for (const rider of riders) made.remove(rider);
  for (const rider of riders) made.add(rider);
  now = 3_600_100;
  timers.pop()?.();
  for (const { visits, late } of riders) {
    expect(visits).toEqual([3600.1]);
    expect(late[0]).toBeGreaterThan(3_590_000);
  }
  now += 8000;
  timers.pop()?.();
  for (const { visits } of riders) expect(visits).toHaveLength(2);
});

test("an interval longer than timers can be is one nevertheless", () => {
  const clock = new ManualClock();
  const rider = new Rider(clock);
  const day = 24 * 3600;
  new BeatWheel(clock, 100 * day).add(rider);
  clock.advance(99 * day);
  expect(rider.visits).toEqual([]);
  clock.advance(2 * day);
  expect(rider.visits).toEqual([100 * day]);
});
