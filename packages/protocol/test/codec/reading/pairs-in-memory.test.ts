import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { ValueCodec } from "@peng3dnet/protocol";
import { ValueReader } from "../../../src/codec/reading/value-reader.js";

const COUNT = 100_000;

function heap(collect: () => void): number {
  collect();
  collect();
  return process.memoryUsage().heapUsed;
}

// A list that grows begins with seventeen places of eight bytes; two places with what goes around them take 64.
test("a pair takes the memory of two places, and not of those that a growing list begins with", () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const body = new ValueCodec().encode([7, "a"]).slice();
  const reader = new ValueReader();
  const read = (): unknown => reader.read(body, 0, body.length, false, 2, 10);
  const held: unknown[] = Array.from({ length: COUNT }, read).fill(undefined);
  const before = heap(collect);
  for (let index = 0; index < COUNT; index++) held[index] = read();
  expect((heap(collect) - before) / COUNT).toBeLessThan(110);
  expect(held.at(-1)).toEqual([7, "a"]);
});
