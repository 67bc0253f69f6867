// What a side sends, and when.

import type { Side } from "../../src/resume/contestant.js";
import { answerTo } from "../../src/resume/items.js";
import { Load } from "../../src/resume/load.js";

/** A side that writes down what it is given. */
class WrittenSide implements Side {
  readonly numbers: number[] = [];
  open = true;
  broken = false;
  answer = (number: number): Promise<number> => Promise.resolve(answerTo(number));

  ready(): boolean {
    return this.open;
  }

  send({ number }: { number: number }): void {
    if (this.broken) throw new Error("closed");
    this.numbers.push(number);
  }

  ask({ number }: { number: number }): Promise<number> {
    this.numbers.push(number);
    return this.answer(number);
  }

  close(): Promise<boolean> {
    return Promise.resolve(true);
  }
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, number) => number);

let side: WrittenSide;
let load: Load;

beforeEach(() => {
  jest.useFakeTimers();
  side = new WrittenSide();
  load = new Load(side, 1000);
});

afterEach(() => {
  load.stop();
  jest.useRealTimers();
});

const pass = (): Promise<void> => jest.advanceTimersByTimeAsync(1000);

test("sends as far as it may, all in order, and no further than there is", async () => {
  await pass();
  expect(side.numbers).toEqual([]);
  load.allow(150);
  await pass();
  expect(side.numbers).toEqual(upTo(150));
  expect(load.done).toBe(false);
  load.allow(5000);
  await pass();
  expect(side.numbers).toEqual(upTo(1010));
  expect(load.done).toBe(true);
  expect(load.sent).toEqual({ packets: 1000, requests: 10, answered: 10, failed: 0 });
});

test("sends 4,000 items a second", async () => {
  load.allow(1000);
  await jest.advanceTimersByTimeAsync(100);
  expect(side.numbers).toEqual(upTo(400));
});

test("waits while the side is not ready", async () => {
  load.allow(50);
  side.open = false;
  await pass();
  expect(side.numbers).toEqual([]);
  side.open = true;
  await pass();
  expect(side.numbers).toEqual(upTo(50));
});

test("what a side does not take is given to it again", async () => {
  load.allow(50);
  side.broken = true;
  await pass();
  expect(load.sent.packets).toBe(0);
  side.broken = false;
  await pass();
  expect(side.numbers).toEqual(upTo(50));
});

test("requests are settled one way or the other", async () => {
  const answers = [Promise.reject(new Error("closed")), Promise.resolve(-1), new Promise<number>(() => {})];
  side.answer = (number) => answers.shift() ?? Promise.resolve(answerTo(number));
  load.allow(1010);
  await pass();
  expect(load.sent).toMatchObject({ requests: 10, failed: 2, answered: 7 });
  expect(load.done).toBe(false);
});
