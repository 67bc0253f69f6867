// The order of keys that maps had: what is remembered of it, for how long, and who gets a store of its own.

import { type KeyStep, KeySteps } from "../../../src/codec/reading/key-steps.js";

const utf8 = new TextEncoder();

/** Remembers a key of short letters behind a step. */
function add(steps: KeySteps, after: KeyStep, key: string): KeyStep | undefined {
  return steps.add(after, key, Uint8Array.of(0xa0 + key.length, ...utf8.encode(key)));
}

function added(steps: KeySteps, after: KeyStep, key: string): KeyStep {
  const step = add(steps, after, key);
  if (step === undefined) throw new Error(`no room for ${key}`);
  return step;
}

function use(steps: KeySteps, step: KeyStep, times: number): void {
  for (let count = 0; count < times; count++) steps.used(step);
}

/** Adds so many steps one behind the other, from maps of many pairs on, whose keys come once. */
function addRare(steps: KeySteps, count: number): void {
  let after = steps.first(32);
  for (let index = 0; index < count; index++) after = added(steps, after, `rare${index}`);
}

test("what came last behind a step is expected next", () => {
  const steps = new KeySteps();
  const first = steps.first(2);
  expect(first.next).toBeUndefined();
  const x = added(steps, first, "x");
  expect(x.key).toBe("x");
  expect(x.encoded).toEqual(Uint8Array.of(0xa1, 0x78));
  expect(first.next).toBe(x);
  const y = added(steps, first, "y");
  expect(first.next).toBe(y);
  expect(first.following).toEqual([x, y]);
  expect(steps.first(3).following).toEqual([]);
});

test("a step that follows is found by its key, and by how that begins in a body", () => {
  const steps = new KeySteps();
  const first = steps.first(1);
  for (const key of ["a", "bc", "bd"]) added(steps, first, key);
  const [a, bc, bd] = first.following;
  expect([first.to("a"), first.to("bc"), first.to("bd"), first.to("b")]).toEqual([a, bc, bd, undefined]);
  expect([first.beginning(0xa161), first.beginning(0xa162)]).toEqual([a, undefined]);
  // Of several that begin alike, it is the first one.
  expect(first.beginning(0xa262)).toBe(bc);
});

test("eight steps may follow one", () => {
  const steps = new KeySteps();
  const first = steps.first(1);
  for (const key of "abcdefgh") added(steps, first, key);
  expect(add(steps, first, "i")).toBeUndefined();
  expect(first.following.map(({ key }) => key).join("")).toBe("abcdefgh");
});

test("a key that came 64 times has a store of its own, which sets that key", () => {
  const steps = new KeySteps();
  const step = added(steps, steps.first(1), "x");
  use(steps, step, 63);
  expect(step.store).toBeUndefined();
  use(steps, step, 1);
  const map = {};
  step.store?.(map, "x", 5);
  expect(map).toEqual({ x: 5 });
});

test("there are 128 stores, each for one step, whose key it sets; the more are taken, the more often a key has to come for one", () => {
  const steps = new KeySteps();
  let step = steps.first(32);
  const stores = new Set();
  const prices = Array.from({ length: 128 }, (_, index) => {
    step = added(steps, step, `k${index}`);
    let price = 0;
    for (; step.store === undefined; price++) steps.used(step);
    stores.add(step.store);
    const map = { before: 1 };
    step.store(map, step.key, index);
    expect(map).toEqual({ before: 1, [step.key]: index });
    return price;
  });
  expect(stores.size).toBe(128);
  expect(prices.filter((_, index) => index % 16 === 0)).toEqual([64, 128, 256, 512, 1024, 2048, 4096, 8192]);
  expect(prices.filter((_, index) => index % 16 === 15)).toEqual([64, 128, 256, 512, 1024, 2048, 4096, 8192]);
  step = added(steps, step, "late");
  use(steps, step, 100_000);
  expect(step.store).toBeUndefined();
});

test("once 512 steps are remembered, those that came rarely are forgotten, and those with a store stay", () => {
  const steps = new KeySteps();
  const first = steps.first(2);
  const often = added(steps, first, "often");
  use(steps, often, 64);
  const behind = added(steps, often, "behind");
  use(steps, behind, 64);
  const rare = added(steps, first, "rare");
  const rareBehind = added(steps, often, "rareBehind");
  addRare(steps, 508);
  expect(first.following).toEqual([often, rare]);
  expect(often.following).toEqual([behind, rareBehind]);
  const late = added(steps, first, "late");
  expect(first.following).toEqual([often, late]);
  expect(first.next).toBe(late);
  expect(often.following).toEqual([behind]);
  expect(often.next).toBe(behind);
  expect(steps.first(32).following).toEqual([]);
});

test("steps that are left one behind the other all count", () => {
  const steps = new KeySteps();
  let step = steps.first(2);
  for (const key of ["one", "two", "three"]) {
    step = added(steps, step, key);
    use(steps, step, 64);
  }
  addRare(steps, 509);
  // The one that is one too many is the fourth.
  addRare(steps, 508);
  added(steps, steps.first(1), "last");
  expect(steps.first(32).following).toHaveLength(1);
  added(steps, steps.first(1), "one too many");
  expect(steps.first(32).following).toEqual([]);
});

test("what is left counts: 512 steps are remembered at most each time", () => {
  const steps = new KeySteps();
  const first = steps.first(2);
  const often = added(steps, first, "often");
  use(steps, often, 64);
  // The one that is one too many is the first of the next ones.
  addRare(steps, 511);
  addRare(steps, 1);
  expect(steps.first(32).following.length).toBe(1);
  const rare = added(steps, first, "rare");
  let after = steps.first(16);
  for (let index = 0; index < 509; index++) after = added(steps, after, `again${index}`);
  expect(first.following).toEqual([often, rare]);
  added(steps, after, "one too many");
  expect(first.following).toEqual([often]);
});
