// What the maps of one body may cost together: exactly as much as stated, and all of it anew for the next body.

import type { ListGrowth } from "../../../src/codec/reading/list-growth.js";
import { MapCosts } from "../../../src/codec/reading/map-costs.js";

const ELEMENTS = 1000;
const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

/** Counts keys of one map. */
function grown(costs: MapCosts, indices: readonly number[], elements = ELEMENTS): ListGrowth {
  let growth: ListGrowth | undefined;
  for (const index of indices) growth = costs.grow(growth, index, elements);
  return growth as ListGrowth;
}

test("comparing integer keys may take 128 steps for each element", () => {
  const costs = new MapCosts();
  costs.compare(100_000, ELEMENTS);
  costs.compare(28_000, ELEMENTS);
  expect(() => costs.compare(1, ELEMENTS)).toThrow("128000");
  costs.clear();
  costs.compare(128_000, ELEMENTS);
});

test("a map may reserve places for each of its keys, and those of all others count together", () => {
  const costs = new MapCosts();
  const growth = grown(costs, [0]);
  costs.settle(growth, 17, 0, ELEMENTS);
  expect(costs.places).toBe(0);
  // More keys than places make no room for others.
  costs.settle(growth, 20, 0, ELEMENTS);
  expect(costs.places).toBe(0);
  costs.settle(growth, 1, 0, ELEMENTS);
  expect(costs.places).toBe(16);
  costs.settleOne(1, 0, ELEMENTS);
  expect(costs.places).toBe(16 + 18);
});

test("as many places may be reserved as there may be elements, and no more", () => {
  const costs = new MapCosts();
  costs.settleOne(0, 0, 32);
  costs.settleOne(0, 0, 32);
  expect(() => costs.settleOne(0, 0, 32)).toThrow("32");
  costs.clear();
  costs.settleOne(0, 0, 32);
  costs.clear();
  const growth = grown(costs, [0, 1023]);
  expect(() => costs.settle(growth, 2, 0, 1549)).toThrow("1549");
  costs.clear();
  costs.settle(growth, 2, 0, 1550);
});

test("a longer body may reserve more", () => {
  const costs = new MapCosts();
  for (let maps = 0; maps < 3; maps++) costs.settleOne(1023, 0, 65_536);
  expect(() => costs.settleOne(1023, 0, 65_536)).toThrow("5120");
  costs.clear();
  for (let maps = 0; maps < 4; maps++) costs.settleOne(1023, 271, 65_536);
});

test("entries that are moved for keys of all maps count together", () => {
  const costs = new MapCosts();
  const leap = (keys: number): ListGrowth => grown(costs, [...range(keys), 100_000], 0);
  leap(5000);
  leap(120);
  expect(() => leap(1)).toThrow("more than 5120 entries");
  costs.clear();
  leap(5120);
});

test("those that a copy moves count, too, once the map is read", () => {
  const costs = new MapCosts();
  const growth = grown(costs, [100_000, ...range(5000)], 0);
  const settle = (): void => costs.settle(growth, 100_000, 0, 0);
  settle();
  expect(settle).toThrow("more than 5120 entries");
});
