// What came, held against what was sent.

import { isRequest, itemsFor, textOf } from "../../src/resume/items.js";
import { Ledger } from "../../src/resume/ledger.js";

const NOTHING = { packets: 0, requests: 0, doubled: 0, repeated: 0, late: 0, damaged: 0 };
const REQUEST = 100;

function arrivals(numbers: readonly number[]): Ledger["arrivals"] {
  const ledger = new Ledger(itemsFor(1000));
  for (const number of numbers) ledger.arrived(number, textOf(number));
  return ledger.arrivals;
}

test("one item in 101 is a request", () => {
  const numbers = Array.from({ length: itemsFor(1000) }, (_, number) => number);
  expect(numbers).toHaveLength(1010);
  expect(numbers.filter(isRequest)).toHaveLength(10);
  expect(isRequest(REQUEST)).toBe(true);
});

test("all in order", () => {
  const numbers = Array.from({ length: itemsFor(1000) }, (_, number) => number);
  expect(arrivals(numbers)).toEqual({ ...NOTHING, packets: 1000, requests: 10 });
});

test("what is missing was never counted, and what comes behind it is in order", () => {
  expect(arrivals([0, 1, 4, 5])).toEqual({ ...NOTHING, packets: 4 });
});

test("a packet that comes again is doubled, a request that comes again was carried out twice", () => {
  expect(arrivals([0, 1, 1, REQUEST, REQUEST])).toEqual({
    ...NOTHING,
    packets: 2,
    requests: 1,
    doubled: 1,
    repeated: 1,
  });
});

test("what comes after a higher number is late, once", () => {
  expect(arrivals([0, 3, 1, 2, 4])).toEqual({ ...NOTHING, packets: 5, late: 2 });
});

test("another text, or a number that nobody has sent, is damage", () => {
  const ledger = new Ledger(itemsFor(10));
  ledger.arrived(3, `${textOf(3)}!`);
  ledger.arrived(10_000, textOf(10_000));
  ledger.arrived(-1, "");
  ledger.arrived(0.5, "");
  expect(ledger.arrivals).toEqual({ ...NOTHING, damaged: 4 });
});
