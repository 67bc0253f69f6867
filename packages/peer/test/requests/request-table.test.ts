// A table of what is under way by id, compared with a Map; ids are also such as share a place.

import fc from "fast-check";
import { RequestTable } from "../../src/requests/request-table.js";

interface Item {
  readonly id: number;
}

const id = fc.oneof(
  fc.integer({ min: 1, max: 9 }),
  fc.integer({ min: -4, max: 4 }).map((number) => number * 2 ** 20),
  fc.constantFrom(0, 2 ** 31, 2 ** 32, -(2 ** 31), Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER),
);
const act = fc.record({ do: fc.constantFrom("add", "add", "add", "delete", "delete stranger", "clear"), id });

test("it has what was added and not removed, whatever the ids", () => {
  fc.assert(
    fc.property(fc.array(act, { minLength: 20, maxLength: 200 }), (acts) => {
      const table = new RequestTable<Item>();
      const model = new Map<number, Item>();
      for (const one of acts) {
        const there = model.get(one.id);
        if (one.do === "add") {
          if (there === undefined) {
            const item = { id: one.id };
            table.add(item);
            model.set(item.id, item);
          }
        } else if (one.do === "delete stranger") table.delete({ id: one.id });
        else if (one.do === "delete") {
          if (there !== undefined) table.delete(there);
          model.delete(one.id);
        } else if (acts.length > 150) {
          table.clear();
          model.clear();
        }
        expect(table.size).toBe(model.size);
        expect(table.get(one.id)).toBe(model.get(one.id));
      }
      for (const item of model.values()) expect(table.get(item.id)).toBe(item);
      expect(new Set(table.items())).toEqual(new Set(model.values()));
      expect(table.items()).toHaveLength(model.size);
    }),
  );
});

test("ids that share a place are found, also after others were removed", () => {
  const table = new RequestTable<Item>();
  const items = Array.from({ length: 1000 }, (_, index) => ({ id: index * 2 ** 20 }));
  for (const item of items) table.add(item);
  for (const item of items.filter((_, index) => index % 2 === 0)) table.delete(item);
  expect(items.filter((item) => table.get(item.id) === item).map(({ id: own }) => own / 2 ** 20)).toEqual(
    Array.from({ length: 500 }, (_, index) => 2 * index + 1),
  );
  expect(table.size).toBe(500);
});
