// What `npm run cluster:faults` takes for a contiguous view, and what it does not.

import { growth, markdown } from "../src/cluster/outcome.js";
import { Sequences } from "../src/cluster/sequences.js";

function view() {
  const wrong: string[] = [];
  const time = { now: 0 };
  const seen = new Sequences(
    (what) => wrong.push(what),
    () => time.now,
  );
  const hear = (...numbers: number[]): void => {
    for (const number of numbers) seen.message("hall", "one", number);
  };
  const tell = (missed: number | null): void => seen.told("hall", "one", missed);
  return { wrong, time, seen, hear, tell };
}
const LATER = 3_600_000;

test("messages in a row are right, wherever they begin, for each group and node apart", () => {
  const { wrong, seen, hear } = view();
  hear(7, 8, 9);
  seen.message("kitchen", "one", 1);
  seen.message("hall", "two", 40);
  hear(10);
  seen.message("hall", "two", 41);
  expect(wrong).toEqual([]);
  expect(seen.messages).toBe(7);
});

test("what is missing has to be told before the next message, in one piece or in several", () => {
  const { wrong, seen, hear, tell } = view();
  hear(1);
  tell(3);
  hear(5);
  tell(1);
  tell(2);
  hear(9);
  expect(wrong).toEqual([]);
  expect(seen).toMatchObject({ gaps: 3, missed: 6 });
});

test.each([
  ["nothing was told", [], 4, "2 are missing between 1 and 4, and 0 were told"],
  ["too little was told", [1], 4, "2 are missing between 1 and 4, and 1 were told"],
  ["too much was told", [3], 4, "2 are missing between 1 and 4, but 3 were told"],
  ["it came before", [], 1, "1 came after 1"],
])("a message is wrong where %s", (_what, told, number, expected) => {
  const { wrong, time, hear, tell } = view();
  hear(1);
  time.now = LATER;
  for (const missed of told) tell(missed);
  hear(number);
  expect(wrong).toEqual([`hall from one: ${expected}`]);
});

test("a gap of unknown length may have any", () => {
  const { wrong, hear, tell } = view();
  hear(1);
  tell(null);
  hear(50);
  expect(wrong).toEqual([]);
  hear(52);
  expect(wrong).toHaveLength(1);
});

test("a node may find out shortly after the first message what was missing before it, and not more than that", () => {
  const { wrong, hear, tell } = view();
  hear(5);
  tell(4);
  hear(6);
  expect(wrong).toEqual([]);
  tell(5);
  hear(7);
  expect(wrong).toHaveLength(1);
});

test("at the end the last message counts, too", () => {
  const { wrong, time, seen, hear, tell } = view();
  hear(1, 2);
  time.now = LATER;
  expect(seen.behind("one", { hall: 2, kitchen: 9 })).toBe(0);
  expect(seen.behind("one", { hall: 4 }, (what) => wrong.push(what))).toBe(1);
  expect(wrong).toEqual(["hall from one: the last one that came is 2, and 0 were told, but 4 were sent"]);
  tell(2);
  expect(seen.behind("one", { hall: 4 })).toBe(0);
  expect(seen.behind("one", { hall: 3 })).toBe(1);
  expect(seen.behind("two", { hall: 8 })).toBe(0);
});

test("memory is compared by the middle of the first and of the last third", () => {
  expect(growth([1, 2, 90, 4, 5, 6, 7, 8, 9])).toEqual([2, 8]);
  expect(growth([3])).toEqual([3, 3]);
});

test("the table has the longest times of each fault, and all that was missed", () => {
  const fault = { name: "cut", what: "a cut", play: async () => {} };
  const table = markdown([
    { fault, agreed: 1, members: 0.5, complete: 0.25, gaps: 1, missed: 1000 },
    { fault, agreed: 2.5, members: 1.5, complete: undefined, gaps: 2, missed: 500 },
  ]);
  expect(table.split("\n")[2]).toMatch(
    /^\| a cut +\| 2 +\| 2\.5 s +\| 1\.5 s +\| not in time +\| 3 +\| 1,500 +\|$/,
  );
});
