import { median, ratio, spread } from "../src/statistics.js";

test("the median of an even number of values is between the middle two", () => {
  expect(median([4, 1, 3, 2])).toBe(2.5);
  expect(median([9, 1, 5])).toBe(5);
  expect(median([])).toBeNaN();
});

test("a failed round is left out", () => {
  expect(spread([Number.NaN, 2, 6])).toEqual({ median: 4, min: 2, max: 6 });
});

test("a ratio is taken round by round", () => {
  expect(ratio([10, 40, 90], [5, 10, 90])).toEqual({ median: 2, min: 1, max: 4 });
  expect(ratio([10, Number.NaN], [5, 10]).median).toBe(2);
});
