// What a reader of values reads, and where it stops: bodies among other bytes, levels, elements and what it counts.

import type { ExtensionCodec } from "@peng3dnet/protocol";
import { ValueReader } from "../../../src/codec/reading/value-reader.js";
import { bytes } from "../../support/bytes.js";

interface Limits {
  readonly reader?: ValueReader;
  readonly owned?: boolean;
  readonly depth?: number | undefined;
  readonly elements?: number | undefined;
  readonly extensions?: ExtensionCodec;
}

/** Reads a body that lies between other bytes, which would go on as a value does. */
function read(
  body: string,
  { reader = new ValueReader(), owned = false, depth = 8, elements = 100, extensions }: Limits = {},
): unknown {
  const all = bytes(`c0c0c0${body}92c0c0`);
  return reader.read(all, 3, all.length - 3, owned, depth, elements, extensions);
}

/** Estimated size of a value, without what its bytes, its elements and its containers take. */
function rareSize(body: string, elements: number, containers: number, reader = new ValueReader()): number {
  read(body, { reader });
  return reader.decodedSize - 1024 - body.length - 96 * elements - 320 * containers;
}

test.each<[string, unknown]>([
  ["e0", -32],
  ["ff", -1],
  ["7f", 127],
  ["dd0000000105", [5]],
  ["dd00000003010203", [1, 2, 3]],
  ["df00000001a16105", { a: 5 }],
  ["df000000010105", new Map([[1, 5]])],
  ["91a161", ["a"]],
  ["92ce0000000101", [1, 1]],
])("%s is read", (body, value) => {
  expect(read(body)).toEqual(value);
});

test.each(["", "92a161", "82a2616205", "93a16105", "81a26162"])(
  "%j ends within a value, whatever comes behind it",
  (body) => {
    expect(() => read(body)).toThrow("the body ends within a value");
  },
);

test.each(["a180", "81a180c0", "82a180c0a161c0", "a2c2c2"])("%s is no UTF-8", (body) => {
  expect(() => read(body)).toThrow("not valid UTF-8");
});

test("what containers announce is held against what is left, beside keys that are no texts", () => {
  expect(() => read("8201c00293c0c0")).toThrow("announces 3 elements in 2 bytes");
  expect(() => read("8201c0a16193c0c0")).toThrow("announces 3 elements in 2 bytes");
  expect(() => read("9293c0c0c0")).toThrow("announces 4 elements in 3 bytes");
  expect(read("8201c00293c0c0c0")).toEqual(
    new Map<unknown, unknown>([
      [1, null],
      [2, [null, null, null]],
    ]),
  );
});

describe("levels are counted", () => {
  test.each<[string, string, number]>([
    ["in a list of one", "91c0", 1],
    ["in one of one within another", "9191c0", 2],
    ["in the first of two, within a list", "919291c0c0", 3],
    ["in the second of two, within a list", "9192c091c0", 3],
    ["in the first of three", "9391c0c0c0", 2],
    ["in the second of three", "93c091c0c0", 2],
    ["in the third of three", "93c0c091c0", 2],
    ["in a list of four", "94c0c0c091c0", 2],
    ["in the first of a pair", "9291c0c0", 2],
    ["in the second of a pair", "92c091c0", 2],
    ["behind an integer of 32 bits in a pair", "92ce0001000091c0", 2],
    ["in a map", "81a16191c0", 2],
    ["in the second pair of a map", "82a161c0a16291c0", 2],
    ["in a map of a key like an index", "81a13191c0", 2],
    ["behind a key like an index", "82a131c0a16291c0", 2],
    ["in a map of one integer", "810591c0", 2],
    ["in a map of two integers", "8205c00691c0", 2],
    ["in a map of a text and an integer", "82a161c00691c0", 2],
    ["not for what is empty", "9190", 1],
  ])("%s", (_name, body, depth) => {
    read(body, { depth });
    expect(() => read(body, { depth: depth - 1 })).toThrow(`more than ${depth - 1} deep`);
  });
});

describe("elements are counted", () => {
  test.each<[string, string, number]>([
    ["each of a list", "93c0c0c0", 3],
    ["two for a pair of a map", "82a161c0a162c0", 4],
    ["one more for a binary value", "91c40100", 2],
    ["one more for a timestamp", "91d6ff00000000", 2],
    ["two more for a binary key, beside that", "81c40100c0", 5],
    ["one more for a key that is a long integer", "81cfffffffffffffffffc0", 3],
    ["none more for other integers", "81cf0000000100000000c0", 2],
  ])("%s", (_name, body, elements) => {
    read(body, { elements });
    expect(() => read(body, { elements: elements - 1 })).toThrow(`more than the ${elements - 1} elements`);
  });
});

describe("what an extension's codec reads within it", () => {
  /** A codec that reads values with the same reader, which is at work. */
  const nested = (body: string, { depth, elements }: Limits, within: Limits = {}): unknown => {
    const reader = new ValueReader();
    const extensions: ExtensionCodec = {
      encode: () => undefined,
      decode: (_type, data) => {
        const copy = data.slice();
        const { depth: inner = 8, elements: most = 100 } = within;
        return reader.read(copy, 0, copy.length, true, inner, most, extensions);
      },
    };
    return read(body, { reader, depth, elements, extensions });
  };

  test("has as many levels as are left", () => {
    // A value, and a list of one.
    expect(() => nested("d40705", { depth: 0 })).toThrow("deep");
    expect(nested("d40705", { depth: 1 })).toBe(5);
    expect(() => nested("d5079105", { depth: 1 })).toThrow("deep");
    expect(nested("d5079105", { depth: 2 })).toEqual([5]);
    expect(() => nested("d5079105", { depth: 8 }, { depth: 0 })).toThrow("more than 0 deep");
  });

  test("has as many elements as are left, and takes them from what follows", () => {
    expect(nested("d70797c0c0c0c0c0c0c0", { elements: 8 })).toHaveLength(7);
    expect(() => nested("d70797c0c0c0c0c0c0c0", { elements: 7 })).toThrow("elements");
    expect(() => nested("d70797c0c0c0c0c0c0c0", { elements: 8 }, { elements: 6 })).toThrow("elements");
    // Two of the list, one of the extension and one within it, and then two more.
    expect(nested("92d507910592c0c0", { elements: 6 })).toEqual([[5], [null, null]]);
    expect(() => nested("92d507910592c0c0", { elements: 5 })).toThrow("elements");
  });
});

describe("the estimate of what a value takes", () => {
  test("is of its own body alone, wherever that lies", () => {
    expect(rareSize("93c0c0c0", 3, 1)).toBe(0);
    expect(rareSize("c0", 0, 0)).toBe(0);
  });

  test.each<[string, string, number, number, number]>([
    ["a binary value", "c40100", 1, 0, 256],
    ["a timestamp", "d6ff00000000", 1, 0, 256],
    ["places for a key like an index", "81a130c0", 2, 1, 8 * 16],
    ["for two", "82a130c0a131c0", 4, 1, 8 * (1 + 1 + 1 + 16 - 2)],
    ["none for a key that only begins like one", "81a23161c0", 2, 1, 0],
    ["for one before an integer key", "82a130c005c0", 4, 1, 8 * 16],
  ])("counts %s, and not with the next body", (_name, body, elements, containers, size) => {
    const reader = new ValueReader();
    expect(rareSize(body, elements, containers, reader)).toBe(size);
    expect(rareSize("c0", 0, 0, reader)).toBe(0);
    expect(rareSize(body, elements, containers, reader)).toBe(size);
  });
});

test("what maps of integers cost is counted for each body alone", () => {
  const reader = new ValueReader();
  // Each may cost 256 steps, and a key costs at least one.
  for (let round = 0; round < 300; round++)
    expect(read("8105c0", { reader, elements: 2 })).toBeInstanceOf(Map);
});

test("a map whose last key is no text has all that came before it", () => {
  expect(read("83a16101a162020503")).toEqual(
    new Map<unknown, unknown>([
      ["a", 1],
      ["b", 2],
      [5, 3],
    ]),
  );
});

test("a binary value that is half of an owned buffer is a view of it, and less is a copy", () => {
  const reader = new ValueReader();
  const half = bytes("c4020102");
  const view = reader.read(half, 0, 4, true, 8, 8) as Uint8Array;
  expect(view.buffer).toBe(half.buffer);
  const less = Uint8Array.from([0x91, 0xc4, 2, 1, 2]);
  const [copy] = reader.read(less, 0, 5, true, 8, 8) as [Uint8Array];
  expect(copy).toEqual(Uint8Array.of(1, 2));
  expect(copy.buffer).not.toBe(less.buffer);
  const lent = reader.read(half, 0, 4, false, 8, 8) as Uint8Array;
  expect(lent.buffer).not.toBe(half.buffer);
});
