// Deadlines on a clock that is turned by hand: what they do when the event loop was busy, and how long they can be.

import { ManualClock } from "@peng3dnet/peer/testing";
import { IdleTimeoutError } from "@peng3dnet/protocol";
import { IdleWatch } from "../../src/session/idle-watch.js";
import { Deadline, type DeadlineOptions } from "../../src/time/deadline.js";

/** A clock of which the event loop can be late, and that says when input has been read. */
class LoopClock extends ManualClock {
  #away = 0;
  #looks: (() => void)[] = [];

  override now(): number {
    return super.now() + this.#away;
  }

  afterInput(callback: () => void): void {
    this.#looks.push(callback);
  }

  /** All that waits is read. @returns how many wanted that. */
  read(): number {
    const looks = this.#looks.splice(0);
    for (const look of looks) look();
    return looks.length;
  }

  /** Time passes in which no timer can fire. */
  busy(seconds: number): void {
    this.#away += seconds * 1000;
  }
}

function start(seconds: number, options?: DeadlineOptions) {
  const clock = new LoopClock();
  const expired = jest.fn<void, []>();
  const deadline = Deadline.start(clock, seconds, expired, options);
  return { clock, expired, deadline };
}

test("judges once what waits has been read", () => {
  const { clock, expired } = start(1);
  clock.advance(1);
  expect(expired).not.toHaveBeenCalled();
  clock.read();
  expect(expired).toHaveBeenCalledTimes(1);
});

test("does not judge who is cleared by what is read", () => {
  const { clock, expired, deadline } = start(1);
  clock.advance(1);
  deadline?.cancel();
  clock.read();
  clock.advance(10);
  expect(expired).not.toHaveBeenCalled();
  expect(clock.timers).toBe(0);
});

test("judges at once on a clock that knows no input", () => {
  const clock = new ManualClock();
  const expired = jest.fn<void, []>();
  Deadline.start(clock, 1, expired);
  clock.advance(1);
  expect(expired).toHaveBeenCalledTimes(1);
});

test.each([
  ["the time that it was late", 5, undefined, 0.5, 0.5],
  ["no more than its own length", 1, undefined, 3.6, 1],
  ["no more than it is told", 5, { lateAllowance: 0.3 }, 3.6, 0.3],
])("gives back %s, once", (_, seconds, options, late, back) => {
  const { clock, expired } = start(seconds, options);
  clock.busy(late);
  clock.advance(seconds);
  expect(clock.read()).toBe(0);
  clock.advance(back - 0.01);
  expect(clock.read()).toBe(0);
  clock.busy(3.6);
  clock.advance(0.01);
  clock.read();
  expect(expired).toHaveBeenCalledTimes(1);
});

test.each([
  ["a little late", 0.1, undefined],
  ["told to give nothing back", 3.6, { lateAllowance: 0 }],
])("gives nothing back where it is %s", (_, late, options) => {
  const { clock, expired } = start(1, options);
  clock.busy(late);
  clock.advance(1);
  clock.read();
  expect(expired).toHaveBeenCalledTimes(1);
});

describe("one that is heard of at the last moment", () => {
  test("gets a second, once", () => {
    let received = 0;
    const { clock, expired } = start(10, { received: () => received });
    for (let second = 0; second < 10; second++) {
      received++;
      clock.advance(1);
    }
    received++;
    clock.read();
    for (let part = 0; part < 10; part++) {
      expect(expired).not.toHaveBeenCalled();
      received++;
      clock.advance(0.1);
    }
    received++;
    clock.read();
    expect(expired).toHaveBeenCalledTimes(1);
    expect(clock.timers).toBe(0);
  });

  test("gets none for what came before", () => {
    let received = 0;
    const { clock, expired } = start(10, { received: () => received });
    clock.advance(9.9);
    received++;
    clock.advance(0.1);
    clock.read();
    expect(expired).toHaveBeenCalledTimes(1);
  });
});

describe("length", () => {
  const DAY = 24 * 3600;

  test.each([25 * DAY, 50 * DAY, 365.25 * DAY, 0.0005, 1.5])("%d seconds are as long as that", (seconds) => {
    const clock = new ManualClock();
    const expired = jest.fn<void, []>();
    Deadline.start(clock, seconds, expired);
    clock.advance(seconds * 0.999);
    expect(expired).not.toHaveBeenCalled();
    clock.advance(seconds * 0.001 + 0.001);
    expect(expired).toHaveBeenCalledTimes(1);
    expect(clock.timers).toBe(0);
  });

  test("no delay is asked for that a timer cannot hold", () => {
    const delays: number[] = [];
    const clock = new (class extends ManualClock {
      override setTimeout(callback: () => void, milliseconds: number): unknown {
        delays.push(milliseconds);
        return super.setTimeout(callback, milliseconds);
      }
    })();
    const deadline = Deadline.start(clock, Number.MAX_VALUE, () => {});
    clock.advance(100 * DAY);
    expect(delays.length).toBeGreaterThan(3);
    expect(Math.max(...delays)).toBeLessThan(2 ** 31);
    deadline?.cancel();
    expect(clock.timers).toBe(0);
  });

  test.each([0, Number.POSITIVE_INFINITY])("%d seconds mean never", (seconds) => {
    const { clock, deadline } = start(seconds);
    expect(deadline).toBeUndefined();
    expect(clock.timers).toBe(0);
  });
});

test("a peer is not silent while something of it waits to be worked off", () => {
  const clock = new LoopClock();
  const fail = jest.fn<void, [error: Error, where: string]>();
  const watched = { blocked: false, hasUnprocessedInput: true, fail };
  const watch = new IdleWatch(clock, 5, watched);
  clock.advance(5);
  clock.read();
  expect(fail).not.toHaveBeenCalled();
  watched.hasUnprocessedInput = false;
  clock.advance(4);
  watch.heard();
  clock.advance(1);
  clock.read();
  expect(fail).not.toHaveBeenCalled();
  clock.advance(4);
  clock.read();
  expect(fail.mock.calls).toEqual([[expect.any(IdleTimeoutError), "idle"]]);
});
