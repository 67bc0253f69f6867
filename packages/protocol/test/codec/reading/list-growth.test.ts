// What maps with keys like list indices cost the engine. The numbers are those of V8: a list grows by half and 16 places.

import {
  beginsLikeIndex,
  ListGrowth,
  listIndex,
  movesAllowed,
  placesAllowed,
  placesBefore,
} from "../../../src/codec/reading/list-growth.js";

const range = (count: number, first = 0): number[] => Array.from({ length: count }, (_, at) => first + at);

test.each<[string, number]>([
  ["0", 0],
  ["9", 9],
  ["10", 10],
  ["1023", 1023],
  ["4294967294", 4_294_967_294],
  ["4294967295", -1],
  ["9999999999", -1],
  ["10000000000", -1],
  ["", -1],
  ["00", -1],
  ["01", -1],
  ["1a", -1],
  ["a1", -1],
  ["1/", -1],
  ["1:", -1],
  ["-1", -1],
])("the index of '%s' is %i", (key, index) => {
  expect(listIndex(key)).toBe(index);
});

test("a key may be an index if it begins with a digit", () => {
  expect(range(256).filter(beginsLikeIndex)).toEqual(range(10, 0x30));
});

test("a body may reserve 5,120 places and four for each byte, but no more than it may have elements", () => {
  expect(placesAllowed(0, 65_536)).toBe(5120);
  expect(placesAllowed(100, 65_536)).toBe(5520);
  expect(placesAllowed(100, 300)).toBe(300);
});

test("a body may move 5,120 entries more than it may have elements", () => {
  expect(movesAllowed(65_536)).toBe(70_656);
});

test("the only key of a map reserves places unless it is far from the first", () => {
  expect(placesBefore(0)).toBe(16);
  expect(placesBefore(1)).toBe(1 + 1 + 16);
  expect(placesBefore(1023)).toBe(1023 + 512 + 16);
  expect(placesBefore(1024)).toBe(0);
});

describe("places", () => {
  test.each<[readonly number[], number]>([
    [[], 0],
    [[0], 17],
    [[1023], 1552],
    // A key within 1,024 of what there is makes it longer; one that is farther does not.
    [[1023, 2575], 3880],
    [[1023, 2576], 1552],
    [[1024], 0],
    // Unless what is between them comes later.
    [[1024, 0], 1553],
    [[2000, 700], 3017],
    [[2091, 700], 1067],
    [[2090, 700], 3152],
    [[3000, 2000, 700], 4517],
    [[2000, 3000, 700], 4517],
    [[3000, 700], 1067],
    // What was far once does not count again.
    [[1024, 0, 3000, 1], 1553],
    [[1024, 0, 3000, 1500], 4517],
    // Shorter ones take nothing away.
    [[1023, 5], 1552],
    // From this one on they are hashed.
    [[1023, 2298, 3321], 4999],
    [[1023, 2298, 3322], 3464],
    [[1023, 2298, 100_000], 3464],
  ])("of %j: %i", (indices, places) => {
    const growth = new ListGrowth();
    for (const index of indices) growth.add(index);
    expect(growth.places).toBe(places);
  });
});

describe("entries that the engine moves", () => {
  test("are all that there are, for a key more than 1,024 behind the others", () => {
    const dense = (): ListGrowth => {
      const growth = new ListGrowth();
      for (const index of range(10)) expect(growth.add(index)).toBe(0);
      return growth;
    };
    expect(dense().add(9 + 1024)).toBe(0);
    expect(dense().add(9 + 1025)).toBe(10);
    const growth = dense();
    growth.add(9 + 1025);
    // It is the highest now, and a table at once: eleven keys are not enough for so long a list.
    expect(growth.add(9 + 2 * 1025)).toBe(0);
  });

  test("are none where so few keys cannot be a list", () => {
    const leap = (highest: number): number => {
      const growth = new ListGrowth();
      growth.add(0);
      growth.add(highest);
      return growth.add(highest + 1025);
    };
    expect(leap(127)).toBe(2);
    expect(leap(128)).toBe(0);
  });

  test("are measured from the highest key, not from the last one", () => {
    const growth = new ListGrowth();
    for (const index of range(100)) growth.add(index);
    growth.add(3);
    expect(growth.add(99 + 1024)).toBe(0);
    growth.add(50);
    expect(growth.add(99 + 1024 + 1025)).toBe(102 + 1);
  });

  /** What is moved for a copy of a map with these keys, in the order in which they came. */
  const copied = (...indices: readonly number[]): number => {
    const growth = new ListGrowth();
    for (const index of indices) growth.add(index);
    return growth.copyMoves();
  };

  test("for a copy are those of ascending order, beyond what was moved already", () => {
    const dense = range(300);
    // In this order there were none: the far one was first.
    expect(copied(5000, ...dense)).toBe(300);
    expect(copied(5000, ...dense.toReversed())).toBe(300);
    expect(copied(10_000, 5000, ...dense)).toBe(300 + 301);
    // In ascending order, each was told of.
    expect(copied(...dense, 5000, 10_000)).toBe(0);
    expect(copied(...dense, 5000, 4999)).toBe(0);
    // More was moved than a copy does.
    expect(copied(...dense, 1500, 900)).toBe(0);
    // A part was moved before.
    expect(copied(5000, ...dense.slice(0, 200), 6500, ...dense.slice(200))).toBe(300 + 301 - 201);
  });

  test("for a copy of a map with less than 256 keys are none", () => {
    expect(copied(5000, ...range(254))).toBe(0);
    expect(copied(5000, ...range(255))).toBe(255);
  });

  test("for a copy of nothing, or of one key, are none", () => {
    expect(copied()).toBe(0);
    expect(copied(5000)).toBe(0);
  });
});
