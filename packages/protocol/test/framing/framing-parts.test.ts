// What connections share, by itself.

import { LastJoin } from "../../src/framing/last-join.js";
import { Spares } from "../../src/framing/spares.js";

test.each([0, 1, 2])("of spares, %d are kept at most, and each is given away once", (kept) => {
  let made = 0;
  const spares = new Spares(kept, () => ({ number: ++made }));
  const used = [spares.take(), spares.take(), spares.take()];
  expect(used.map(({ number }) => number)).toEqual([1, 2, 3]);
  for (const spare of used) spares.giveBack(spare);
  const again = [spares.take(), spares.take(), spares.take()];
  expect(made).toBe(6 - kept);
  expect(again.filter((spare) => used.includes(spare))).toHaveLength(kept);
  expect(new Set(again).size).toBe(3);
});

test("what one connection alone has is not joined again for it, but joined for others", () => {
  const joins = new LastJoin();
  const [one, two, three] = [1, 2, 3].map((byte) => new Uint8Array([byte])) as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ];
  const both = joins.join(one, two);
  expect(both).toEqual(new Uint8Array([1, 2]));
  // Nobody else has this: it would be copied for each packet more.
  expect(joins.join(both as Uint8Array, three)).toBeUndefined();
  const other = joins.join(one, three);
  expect(other).toEqual(new Uint8Array([1, 3]));
  expect(joins.join(one, three)).toBe(other);
  expect(joins.join(other as Uint8Array, two)).toEqual(new Uint8Array([1, 3, 2]));
});
