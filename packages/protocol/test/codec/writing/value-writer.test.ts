// What a writer of values does with the buffer that it is given, and whether it is at work.

import { EncodeError, ValueCodec, ValueWriter } from "@peng3dnet/protocol";
import { hex } from "../../support/bytes.js";

const expected = (value: unknown): string => hex(new ValueCodec(512, undefined, extensions).encode(value));

class Blob {
  constructor(readonly bytes: Uint8Array) {}
}
const extensions = {
  encode: (object: object) => (object instanceof Blob ? { type: 7, data: object.bytes } : undefined),
  decode: () => undefined,
};

/** Writes into a buffer of so many bytes. */
function written(
  value: unknown,
  room: number,
  start = 0,
): { writer: ValueWriter; given: Uint8Array; body: string } {
  const writer = new ValueWriter(512, undefined, undefined, extensions);
  const given = new Uint8Array(room).fill(0xc1);
  writer.write(value, given, start, 0);
  return { writer, given, body: hex(writer.bytes.subarray(writer.start, writer.end)) };
}

describe("a writer is idle", () => {
  test("unless it writes: who sends something then gets another one", () => {
    const writer = new ValueWriter();
    expect(writer.idle()).toBe(writer);
    let within: ValueWriter | undefined;
    const value = {
      get a() {
        within = writer.idle();
        within.write([1, 2, 3], new Uint8Array(9), 0, 0);
        return 1;
      },
    };
    writer.write(value, new Uint8Array(9), 0, 0);
    expect(within).not.toBe(writer);
    expect(hex(writer.bytes.subarray(0, writer.end))).toBe("81a16101");
    expect(writer.idle()).toBe(writer);
  });

  test("also after a value that cannot be sent", () => {
    const writer = new ValueWriter();
    expect(() => writer.write([() => {}], new Uint8Array(9), 0, 0)).toThrow(EncodeError);
    expect(writer.idle()).toBe(writer);
  });
});

describe("a buffer with exactly the room that is asked for is filled, and no other one is taken", () => {
  test.each<[string, unknown, number]>([
    ["a long text", "a".repeat(10_000), 5],
    ["a text of 41 letters", "a".repeat(41), 5],
    ["an extension value", new Blob(new Uint8Array(300)), 6],
  ])("%s", (_name, value, heads) => {
    const length = typeof value === "string" ? value.length : (value as Blob).bytes.length;
    const { writer, given, body } = written(value, length + heads);
    expect(body).toBe(expected(value));
    expect(writer.bytes).toBe(given);
  });
});

test("a long text of a byte for each letter gets no room for three", () => {
  const { writer } = written("a".repeat(60_000), 10);
  expect(writer.bytes.length).toBeLessThan(100_000);
});

test.each<[string, unknown]>([
  ["a short text", "a".repeat(40)],
  ["one of two bytes for each letter", "é".repeat(20)],
  ["a text whose head is longer than its letters are many", "한".repeat(100)],
  ["one of the longest head", "é".repeat(40_000)],
  ["an extension value of 64 KiB", new Blob(new Uint8Array(65_536).fill(7))],
  ["one of 65,535 bytes", new Blob(new Uint8Array(65_535).fill(7))],
])("%s is the same in a buffer of any length about its own", (_name, value) => {
  const body = expected(value);
  const { length } = new ValueCodec(512, undefined, extensions).encode(value);
  for (let room = length - 8; room <= length + 16; room++) {
    if (written(value, room).body !== body) throw new Error(`it is another one in a buffer of ${room} bytes`);
  }
});

test.each([
  ["the first", [[[1]], 2]],
  ["the second", [1, [[2]]]],
])("levels are counted in %s of a pair", (_which, pair) => {
  expect(hex(new ValueCodec(3).encode(pair))).toBe(expected(pair));
  expect(() => new ValueCodec(2).encode(pair)).toThrow("net.limits.depth");
});

test("a map is written behind whatever is in the buffer before it, which stays", () => {
  const value = { a: 1, b: { c: [{}] } };
  const { given, body } = written(value, 64, 20);
  expect(body).toBe(expected(value));
  expect(hex(given.subarray(0, 20))).toBe("c1".repeat(20));
});

test.each([15, 16, 65_535, 65_536])("a map of %d keys has the head of its length", (count) => {
  const head = count < 16 ? "8f" : count < 65_536 ? `de${count.toString(16).padStart(4, "0")}` : "df00010000";
  const { body } = written(Object.fromEntries(Array.from({ length: count }, (_, key) => [`k${key}`, 1])), 64);
  expect(body.startsWith(`${head}a26b3001`)).toBe(true);
  expect(body.endsWith(`${Buffer.from(`k${count - 1}`).toString("hex")}01`)).toBe(true);
});

test("texts and short integers as keys of a Map count no more than in an object", () => {
  const encode = (elements: number, key: unknown): unknown =>
    new ValueCodec(512, elements).encode(new Map([[key, 1]]));
  for (const key of ["text", 7, 7n, 2n ** 53n - 1n]) {
    encode(2, key);
    expect(() => encode(1, key)).toThrow("1 elements");
  }
  encode(3, 2n ** 53n);
  expect(() => encode(2, 2n ** 53n)).toThrow("2 elements");
  encode(5, Uint8Array.of(1));
  expect(() => encode(4, Uint8Array.of(1))).toThrow("4 elements");
});
