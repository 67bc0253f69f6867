// A body that is a list of two is read and written by a way of its own: it has to come to the same.

import { MsgpackCodec, ValueCodec } from "@peng3dnet/protocol";
import { ValueReader } from "../../../src/codec/reading/value-reader.js";

const FIRST = [0, 127, 128, 255, 256, 65_535, 65_536, 2 ** 31, 2 ** 32 - 1, 2 ** 32, -1, 1.5, "a", null, [1]];
const SECOND = [1, "text", { i: 1, s: "hello" }, [1, 2], [[70_000, 2], 3], undefined, null];
const PAIRS = FIRST.flatMap((first) => SECOND.map((second) => [first, second]));

function read(body: Uint8Array, maxDepth = 8, maxElements = 20): unknown {
  return new ValueReader().read(body, 0, body.length, false, maxDepth, maxElements);
}

test.each(PAIRS)("[%j, %j] is written as by msgpack, and read", (first, second) => {
  const pair = [first, second];
  const body = new ValueCodec().encode(pair).slice();
  expect(body).toEqual(Uint8Array.from(new MsgpackCodec().encode(pair)));
  expect(read(body)).toEqual([first, second ?? null]);
});

test("what is cut off anywhere, or goes on, is refused", () => {
  for (const pair of PAIRS) {
    const body = new ValueCodec().encode(pair).slice();
    for (let length = 0; length < body.length; length++)
      expect(() => read(body.subarray(0, length))).toThrow(
        expect.objectContaining({ code: "P3D_ERR_BAD_DATA" }),
      );
    expect(() => read(Uint8Array.of(...body, 1))).toThrow("1");
  }
});

test("depth and elements are counted from the list on", () => {
  const body = new ValueCodec().encode([70_000, [1]]).slice();
  expect(read(body, 2, 3)).toEqual([70_000, [1]]);
  expect(() => read(body, 1, 3)).toThrow("nested more than 1 deep");
  expect(() => read(body, 0, 3)).toThrow("nested more than 0 deep");
  expect(() => read(body, 2, 2)).toThrow("2 elements");
  expect(() => new ValueCodec(1).encode([1, [2]])).toThrow("net.limits.depth");
  expect(() => new ValueCodec(0).encode([1, 2])).toThrow("net.limits.depth");
  expect(() => new ValueCodec(8, 1).encode([1, 2])).toThrow("net.limits.elements");
});

test("what a reader read before makes no difference", () => {
  const reader = new ValueReader();
  const codec = new ValueCodec();
  for (const value of [[70_000, { a: 1 }], 7, [1, 2], { a: [1, 2] }, [70_001, [70_002, 3]]]) {
    const body = codec.encode(value).slice();
    expect(reader.read(body, 0, body.length, false, 8, 20)).toEqual(value);
  }
});
