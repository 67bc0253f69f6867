// The order of keys that maps had: what is remembered of it, for how long, and who gets a store of its own.

import { GROUP_STORES } from "../../../src/codec/reading/group-stores.js";
import { type KeyStep, KeySteps, setGroup } from "../../../src/codec/reading/key-steps.js";

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

test.each([
  ["a", 0xa161, 0, 0],
  ["ab", 0xa261, 0x62000000, 0xff000000],
  ["abc", 0xa361, 0x62630000, 0xffff0000],
  ["abcd", 0xa461, 0x62636400, 0xffffff00],
  ["abcde", 0xa561, 0x62636465, 0xffffffff],
  ["abcdefg", 0xa761, 0x62636465, 0xffffffff],
])("of %s, two bytes are compared, and then as many of four as there are", (key, begin, word, mask) => {
  const steps = new KeySteps();
  const step = added(steps, steps.first(1), key);
  expect([step.length, step.begin]).toEqual([key.length + 1, begin]);
  // Of a key of two bytes, no others are looked at.
  if (key.length > 1) expect([step.word >>> 0, step.mask >>> 0]).toEqual([word, mask]);
});

test("eight steps may follow one", () => {
  const steps = new KeySteps();
  const first = steps.first(1);
  for (const key of "abcdefgh") added(steps, first, key);
  expect(add(steps, first, "i")).toBeUndefined();
  expect(first.following.map(({ key }) => key).join("")).toBe("abcdefgh");
});

test("up to four keys behind each other are one group", () => {
  const steps = new KeySteps();
  let step = steps.first(9);
  const groups = [..."abcdefghi"].map((key) => {
    step = added(steps, step, key);
    return step.group.join("");
  });
  expect(groups).toEqual(["a", "ab", "abc", "abcd", "e", "ef", "efg", "efgh", "i"]);
});

test("a group that came 64 times has a store of its own, which sets its keys", () => {
  const steps = new KeySteps();
  const step = added(steps, added(steps, steps.first(2), "x"), "y");
  use(steps, step, 63);
  expect(step.store).toBeUndefined();
  use(steps, step, 1);
  const map = {};
  step.store?.(map, step.group, 5, 6, undefined, undefined);
  expect(Object.entries(map)).toEqual([
    ["x", 5],
    ["y", 6],
  ]);
});

const VALUES = [1, "two", null, [4]] as const;

test.each([...GROUP_STORES.entries(), ["for any group", setGroup] as const])(
  "the store %s sets as many keys as there are in their order, and no others",
  (_which, store) => {
    for (let length = 1; length <= 4; length++) {
      const group = ["d", "c", "b", "a"].slice(0, length) as [string, ...string[]];
      const map = { before: 0 };
      store(map, group, ...VALUES);
      expect(Object.entries(map)).toEqual([
        ["before", 0],
        ...group.map((key, index) => [key, VALUES[index]]),
      ]);
    }
  },
);

test("there are 64 stores, each for one group; the more are taken, the more often a group has to come for one", () => {
  const steps = new KeySteps();
  let step = steps.first(32);
  const stores = new Set();
  const prices = Array.from({ length: 64 }, (_, index) => {
    step = added(steps, step, `k${index}`);
    let price = 0;
    for (; step.store === undefined; price++) steps.used(step);
    stores.add(step.store);
    return price;
  });
  expect(stores.size).toBe(64);
  expect(prices.filter((_, index) => index % 8 === 0)).toEqual([64, 128, 256, 512, 1024, 2048, 4096, 8192]);
  expect(prices.filter((_, index) => index % 8 === 7)).toEqual([64, 128, 256, 512, 1024, 2048, 4096, 8192]);
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

test("a group with a store stays with all its keys, though the last one alone has the store", () => {
  const steps = new KeySteps();
  const first = steps.first(6);
  const stay: KeyStep[] = [];
  for (const key of "abcdef") stay.push(added(steps, stay.at(-1) ?? first, key));
  for (const index of [3, 5]) use(steps, stay[index] as KeyStep, 64);
  added(steps, stay[1] as KeyStep, "rare");
  added(steps, first, "rarer");
  addRare(steps, 504);
  added(steps, steps.first(1), "late");
  expect(steps.first(32).following).toEqual([]);
  let step: KeyStep | undefined = first;
  for (const stayed of stay) {
    expect(step?.following).toEqual([stayed]);
    expect(step?.next).toBe(stayed);
    step = step?.next;
  }
  expect([stay[3]?.store, stay[5]?.store]).toEqual(GROUP_STORES.slice(0, 2));
  // They count: so many more are remembered until the rare ones are forgotten again.
  addRare(steps, 505);
  expect(steps.first(32).following.length).toBe(1);
  added(steps, steps.first(1), "one too many");
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
