import { Decoder, decode, encode } from "@msgpack/msgpack";
import { BadDataError, MsgpackCodec } from "@peng3dnet/protocol";
import fc from "fast-check";
import { BODY_HAS_BINARY, BODY_NEEDS_EXACTNESS, BodyCheck } from "../../../src/codec/reading/body-check.js";
import { delivered, sendable } from "../../support/arbitraries.js";
import { bytes, concat } from "../../support/bytes.js";

const check = new BodyCheck();
const traits = (body: Uint8Array): number => check.check(body, 0, body.length);
const reason = (body: Uint8Array): string => {
  try {
    traits(body);
  } catch (error) {
    if (error instanceof BadDataError) return error.message;
    throw error;
  }
  return "accepted";
};

const u16 = (n: number): string => n.toString(16).padStart(4, "0");
const u32 = (n: number): string => n.toString(16).padStart(8, "0");

describe("nesting", () => {
  const arrays = (depth: number, inner: string) => bytes("91".repeat(depth) + inner);
  const maps = (depth: number, inner: string) => bytes("81a0".repeat(depth) + inner);
  const wide = (depth: number, inner: string) => bytes("dd00000001".repeat(depth) + inner);

  test.each([arrays, maps, wide])("511 and 512 pass, 513 does not (%#)", (build) => {
    expect(reason(build(511, "c0"))).toBe("accepted");
    expect(reason(build(512, "c0"))).toBe("accepted");
    expect(reason(build(513, "c0"))).toBe(
      "the body is nested more than 512 deep, the limit of net.limits.depth",
    );
    expect(reason(build(512, "90"))).toBe("accepted");
    expect(reason(build(512, "80"))).toBe("accepted");
    expect(reason(build(513, "90"))).toBe(
      "the body is nested more than 512 deep, the limit of net.limits.depth",
    );
  });

  test("siblings do not add up", () => {
    expect(reason(concat(bytes("dc0800"), ...Array.from({ length: 2048 }, () => bytes("91c0"))))).toBe(
      "accepted",
    );
  });

  test.each([1, 2, 10])("a depth of %d", (depth) => {
    const shallow = new BodyCheck(depth);
    const run = (levels: number) => () => shallow.check(arrays(levels, "c0"), 0, levels + 1);
    expect(run(depth)).not.toThrow();
    expect(run(depth + 1)).toThrow(`nested more than ${depth} deep`);
  });

  test("a megabyte of open arrays is refused at the limit", () => {
    expect(reason(new Uint8Array(2 ** 20).fill(0x91))).toMatch(/nested/);
  });
});

describe("elements in all", () => {
  const sparing = new BodyCheck(512, 6);
  const checked = (hex: string) => () => sparing.check(bytes(hex), 0, hex.length / 2);

  test.each([
    ["below the limit", "95c0c0c0c0c0"],
    ["at it", "96c0c0c0c0c0c0"],
    ["at it, in several containers", "9292c0c092c0c0"],
    ["at it, in pairs", "83a161c0a162c0a163c0"],
  ])("%s", (_, hex) => {
    expect(checked(hex)).not.toThrow();
    // Each body has its own count.
    expect(checked(hex)).not.toThrow();
  });

  test.each([
    ["past it", "97c0c0c0c0c0c0c0"],
    ["past it, in several containers", "9293c0c0c092c0c0"],
    ["past it, in pairs", "83a161c0a162c0a16391c0"],
  ])("%s", (_, hex) => {
    expect(checked(hex)).toThrow("more than the 6 elements of net.limits.elements");
  });
});

describe("elements owed", () => {
  test.each([
    ["array of as many as fit", "93c0c0c0", "accepted"],
    ["array of one more", "94c0c0c0", "the body announces 4 elements in 3 bytes"],
    ["map of as many as fit", "82a000a000", "accepted"],
    ["map of half a pair more", "83a000a0a000", "the body announces 6 elements in 5 bytes"],
    [
      "inner array that leaves too few for the outer",
      "9392c0c0c0",
      "the body announces 4 elements in 3 bytes",
    ],
    ["array 32 of 2**32-1", "ddffffffff", "the body announces 4294967295 elements in 0 bytes"],
    ["map 32 of 2**32-1", "dfffffffff", "the body announces 8589934590 elements in 0 bytes"],
    ["array 16 of 65535", "dcffffc0", "the body announces 65535 elements in 1 bytes"],
  ])("%s", (_name, body, outcome) => {
    expect(reason(bytes(body))).toBe(outcome);
  });

  test("each of many containers announcing all the bytes left is refused at the second", () => {
    const body = concat(bytes(`dd${u32(1000)}`), bytes(`dd${u32(1000)}`), new Uint8Array(1000));
    expect(reason(body)).toMatch(/announces 1999 elements in 1000 bytes/);
  });
});

describe("keys", () => {
  const PROTO = "5f5f70726f746f5f5f";

  test.each(["a9", "d909", "da0009", "db00000009"])("__proto__ with header %s", (header) => {
    expect(reason(bytes(`81${header}${PROTO}c0`))).toBe('a map in the body has the key "__proto__"');
    expect(reason(bytes(`82a16100${header}${PROTO}c0`))).toMatch("__proto__");
    expect(reason(bytes(`9181a16181${header}${PROTO}c0`))).toMatch("__proto__");
    expect(reason(bytes(`${header}${PROTO}`))).toBe("accepted");
    expect(reason(bytes(`81a161${header}${PROTO}`))).toBe("accepted");
  });

  test.each([
    ["x__proto__", `aa78${PROTO}`],
    ["__proto__x", `aa${PROTO}78`],
    ["__proto_", "a85f5f70726f746f5f"],
    ["a_proto__", "a9615f70726f746f5f5f"],
    ["__protO__", "a95f5f70726f744f5f5f"],
    ["constructor", "ab636f6e7374727563746f72"],
    ["9 bytes ending as it does, str 8", `d90b7878${PROTO}`],
    ["9 bytes ending as it does, str 16", `da000c787878${PROTO}`],
    ["9 bytes ending as it does, str 32", `db0000000a78${PROTO}`],
  ])("%s is an ordinary key", (_name, key) => {
    expect(reason(bytes(`81${key}c0`))).toBe("accepted");
  });

  test.each([
    "c0",
    "c2",
    "c3",
    "ca3f800000",
    "cb3ff0000000000000",
    "90",
    "80",
    "9101",
    "81a16100",
    "dc000101",
    "dd0000000101",
  ])("%s is no key", (key) => {
    expect(reason(bytes(`81${key}c0`))).toBe(
      "a map in the body has a key that is neither a string, an integer nor binary",
    );
  });

  test("a body that ends where a key should be", () => {
    expect(reason(bytes("82a16183a162"))).toMatch(/announces/);
    expect(reason(bytes("82a4616263"))).toMatch(/announces|ends within/);
    expect(reason(bytes("82a26162a26364"))).toBe("the body ends within a value");
  });
});

describe("UTF-8", () => {
  // Every sequence of one to three bytes, and four-byte ones round the borders, against the platform's decoder.
  const strict = new TextDecoder("utf-8", { fatal: true });
  const isUtf8 = (content: Uint8Array): boolean => {
    try {
      strict.decode(content);
      return true;
    } catch {
      return false;
    }
  };
  const accepted = (content: Uint8Array): boolean => {
    const outcome = reason(concat(Uint8Array.of(0xa0 + content.length), content));
    if (outcome !== "accepted" && outcome !== "a string in the body is not valid UTF-8")
      throw new Error(outcome);
    return outcome === "accepted";
  };
  const EDGES = [0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xff];
  const all = Array.from({ length: 256 }, (_, byte) => byte);

  test("one and two bytes: all of them", () => {
    const wrong: number[][] = [];
    for (const a of all) {
      if (accepted(Uint8Array.of(a)) !== isUtf8(Uint8Array.of(a))) wrong.push([a]);
      for (const b of EDGES.concat(0xc2, 0xe0, 0xf0)) {
        if (accepted(Uint8Array.of(a, b)) !== isUtf8(Uint8Array.of(a, b))) wrong.push([a, b]);
      }
    }
    expect(wrong).toEqual([]);
  });

  test("three and four bytes: all leads with the bytes at the borders", () => {
    const wrong: number[][] = [];
    for (let lead = 0xdf; lead <= 0xff; lead++) {
      for (const b of EDGES) {
        for (const c of EDGES) {
          const three = Uint8Array.of(lead, b, c);
          if (accepted(three) !== isUtf8(three)) wrong.push([...three]);
          for (const d of [0x7f, 0x80, 0xbf, 0xc0]) {
            const four = Uint8Array.of(lead, b, c, d);
            if (accepted(four) !== isUtf8(four)) wrong.push([...four]);
          }
        }
      }
    }
    expect(wrong).toEqual([]);
  });

  test("any bytes, in strings of each header form", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (content) => {
        const headers = [
          `d9${u16(content.length).slice(2)}`,
          `da${u16(content.length)}`,
          `db${u32(content.length)}`,
        ];
        const outcomes = headers.map((header) => reason(concat(bytes(header), content)) === "accepted");
        expect(outcomes).toEqual(headers.map(() => isUtf8(content)));
      }),
      { numRuns: 500 },
    );
  });

  test("any text is accepted", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => expect(reason(encode(text))).toBe("accepted")),
    );
  });
});

describe("lengths and bytes behind", () => {
  test.each(["d9", "da", "db", "c4", "c5", "c6"])(
    "%s: one byte too few, just enough, one too many",
    (head) => {
      const width = { d9: 1, c4: 1, da: 2, c5: 2, db: 4, c6: 4 }[head] as number;
      for (const length of [0, 1, 200]) {
        const header = bytes(head + length.toString(16).padStart(2 * width, "0"));
        expect(reason(concat(header, new Uint8Array(length)))).toBe("accepted");
        expect(reason(concat(header, new Uint8Array(length + 1)))).toBe(
          "1 bytes follow the value in the body",
        );
        if (length > 0) {
          expect(reason(concat(header, new Uint8Array(length - 1)))).toBe("the body ends within a value");
        }
      }
      for (let have = 0; have < width; have++) {
        expect(reason(concat(bytes(head), new Uint8Array(have)))).toBe("the body ends within a value");
      }
      expect(reason(bytes(head + "ff".repeat(width)))).toBe("the body ends within a value");
    },
  );

  test("no bytes, and bytes beyond the body that would complete it", () => {
    expect(reason(new Uint8Array(0))).toBe("the body ends within a value");
    expect(() => check.check(bytes("a3616263"), 0, 3)).toThrow("the body ends within a value");
    expect(() => check.check(bytes("cd0102"), 0, 2)).toThrow("the body ends within a value");
    expect(() => check.check(bytes("81a161c0"), 0, 1)).toThrow(/announces/);
  });

  test("a body amid other bytes", () => {
    expect(check.check(bytes("c1c1 92a161c3 c1c1"), 2, 6)).toBe(0);
  });

  test("c1 and every extension type but timestamps are refused by name", () => {
    expect(reason(bytes("c1"))).toBe("the body has the byte c1, which msgpack never uses");
    for (const type of ["00", "01", "7f", "80", "fe"]) {
      const fixed = [1, 2, 4, 8, 16].map((length, at) => `d${4 + at}${type}${"00".repeat(length)}`);
      for (const body of [...fixed, `c701${type}00`, `c80001${type}00`, `c900000001${type}00`]) {
        expect(reason(bytes(body))).toMatch("of extension type");
      }
    }
  });
});

describe("traits", () => {
  test.each([
    ["c0", 0],
    ["c40161", BODY_HAS_BINARY],
    ["c5000161", BODY_HAS_BINARY],
    ["c60000000161", BODY_HAS_BINARY],
    ["cf001fffffffffffff", 0],
    ["cf0020000000000000", BODY_NEEDS_EXACTNESS],
    ["cfffffffffffffffff", BODY_NEEDS_EXACTNESS],
    ["d3001fffffffffffff", 0],
    ["d30020000000000000", BODY_NEEDS_EXACTNESS],
    ["d3ffe0000100000000", 0],
    ["d3ffe0000000000000", BODY_NEEDS_EXACTNESS],
    ["d38000000000000000", BODY_NEEDS_EXACTNESS],
    ["9281a161c40161cfffffffffffffffff", BODY_HAS_BINARY | BODY_NEEDS_EXACTNESS],
  ])("of %s", (body, expected) => {
    expect(traits(bytes(body))).toBe(expected);
    expect(traits(bytes("c0"))).toBe(0);
  });
});

function holdsMap(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  return value instanceof Map || Object.values(value).some(holdsMap);
}

describe("against decoders", () => {
  const codec = new MsgpackCodec();
  const plain = new Decoder();

  /** Bodies that are nearly right: encoded values with some bytes changed, cut or added. */
  const mutated = fc
    .tuple(
      sendable,
      fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 4 }),
      fc.constantFrom(-1, 0, 0, 0, 1),
    )
    .map(([value, changes, resize]) => {
      const body = encode(delivered(value), { useBigInt64: true });
      const result = new Uint8Array(Math.max(body.length + resize, 0));
      result.set(body.subarray(0, result.length));
      for (const [at, byte] of changes) result[at % (result.length + 1)] = byte;
      return result;
    });

  const agree = (body: Uint8Array): void => {
    const outcome = reason(body);
    if (outcome === "accepted") {
      const value = codec.decode(body, (traits(body) & BODY_NEEDS_EXACTNESS) !== 0);
      // That library has no map with keys that are no strings.
      if (holdsMap(value)) return;
      expect(() => plain.decode(body)).not.toThrow();
      expect(value).toEqual(delivered(decode(body, { useBigInt64: true })));
      return;
    }
    let decodable = true;
    try {
      decode(body);
    } catch {
      decodable = false;
    }
    // What a plain decoder would take in addition.
    if (decodable)
      expect(outcome).toMatch(/UTF-8|extension type|neither a string|announces|nested|timestamp/);
  };

  test("random bytes: what is accepted decodes, what is refused for its form does not", () => {
    // Chance seldom makes a timestamp.
    const examples: [Uint8Array][] = [[bytes("d6ff00000100")], [bytes("91d7ff0000000400000000")]];
    fc.assert(fc.property(fc.uint8Array({ maxLength: 12 }), agree), { numRuns: 5000, examples });
  });

  test("nearly right bytes: the same", () => {
    fc.assert(
      fc.property(
        mutated.filter((body) => !hasLongMark(body)),
        agree,
      ),
      { numRuns: 2000 },
    );
  });

  // There the plain decoder drops a byte order mark; see the codec's tests.
  function hasLongMark(body: Uint8Array): boolean {
    return body.length > 200 && Buffer.from(body).includes(Buffer.from([0xef, 0xbb, 0xbf]));
  }
});

describe("within a longer buffer", () => {
  test("a body ends where it is said to, whatever follows", () => {
    const all = bytes("c0c0");
    expect(() => check.check(all, 0, 0)).toThrow("the body ends within a value");
    expect(() => check.check(all, 1, 1)).toThrow("the body ends within a value");
    expect(check.check(all, 1, 2)).toBe(0);
  });

  test.each(["c0", "9000", "92a0c40161", "83a161c0a1310ca23231c0"])(
    "%s takes the same wherever it is",
    (hex) => {
      const body = bytes(hex);
      const sizeOf = (whole: Uint8Array, start: number, end: number): number => {
        try {
          check.check(whole, start, end);
        } catch {
          return -1;
        }
        return check.decodedSize;
      };
      const alone = sizeOf(body, 0, body.length);
      expect(sizeOf(concat(new Uint8Array(1000), body), 1000, 1000 + body.length)).toBe(alone);
    },
  );
});

describe("integer keys cost what their values do, however they are written:", () => {
  /** How many keys it takes for their cost to be refused, were they far apart. */
  const KEYS = 300;
  const sparing = new BodyCheck(512, 2 * KEYS);
  const verdict = (keys: readonly string[]): string => {
    const pairs = Array.from({ length: KEYS }, (_, index) => `${keys[index % keys.length]}c0`);
    const body = bytes(`df${u32(KEYS)}${pairs.join("")}`);
    try {
      sparing.check(body, 0, body.length);
    } catch (error) {
      return (error as Error).message;
    }
    return "accepted";
  };
  const i64 = (n: bigint): string => BigInt.asUintN(64, n).toString(16).padStart(16, "0");

  test.each<[string, readonly string[]]>([
    [
      "0",
      ["00", "cc00", "cd0000", "ce00000000", `cf${i64(0n)}`, "d000", "d10000", "d200000000", `d3${i64(0n)}`],
    ],
    ["-1", ["ff", "d0ff", "d1ffff", "d2ffffffff", `d3${i64(-1n)}`]],
    ["32,767", ["cd7fff", "ce00007fff", `cf${i64(32_767n)}`, "d17fff", "d200007fff", `d3${i64(32_767n)}`]],
    ["-32,768", ["d18000", "d2ffff8000", `d3${i64(-32_768n)}`]],
    ["65,535", ["cdffff", "ce0000ffff", `cf${i64(65_535n)}`, "d20000ffff", `d3${i64(65_535n)}`]],
    ["2**31 - 1", ["ce7fffffff", `cf${i64(2n ** 31n - 1n)}`, "d27fffffff", `d3${i64(2n ** 31n - 1n)}`]],
    ["-(2**31)", ["d280000000", `d3${i64(-(2n ** 31n))}`]],
    ["2**32 - 1", ["ceffffffff", `cf${i64(2n ** 32n - 1n)}`, `d3${i64(2n ** 32n - 1n)}`]],
    ["2**52 and 5 more", [`cf${i64(2n ** 52n)}`, `d3${i64(2n ** 52n)}`, `cf${i64(2n ** 52n + 5n)}`]],
    ["-(2**52) and 5 more", [`d3${i64(-(2n ** 52n))}`, `d3${i64(5n - 2n ** 52n)}`]],
  ])("%s", (_value, keys) => {
    expect(verdict(keys)).toBe("accepted");
    // The same keys, and some that are far from them.
    expect(verdict([...keys, "ce00100000", "d2fff00000"])).toMatch("so many integer keys far apart");
  });
});

test("binary keys cost none of these steps, however long one is", () => {
  const pair = (key: Uint8Array): Uint8Array => concat(key, bytes("c0"));
  const short = Array.from({ length: 999 }, () => pair(bytes("c40107")));
  const long = pair(concat(bytes(`c6${u32(200_000)}`), new Uint8Array(200_000)));
  const body = concat(bytes(`df${u32(1000)}`), long, ...short);
  expect(new BodyCheck(512, 5000).check(body, 0, body.length)).toBe(BODY_HAS_BINARY | BODY_NEEDS_EXACTNESS);
});

test("empty texts, lists and values of extension types are estimated for what they are", () => {
  const checked = new BodyCheck(512, 1, { encode: () => undefined, decode: () => undefined });
  const sizeOf = (hex: string): number => {
    const body = bytes(hex);
    checked.check(body, 0, body.length);
    return checked.decodedSize;
  };
  expect(sizeOf("a0")).toBe(sizeOf("c0"));
  expect(sizeOf("90")).toBeGreaterThan(sizeOf("a0"));
  // At the limit of elements, and for an object of the application's beside its data.
  expect(sizeOf("d40100")).toBeGreaterThan(sizeOf("a26161"));
  expect(() => sizeOf("91d40100")).toThrow("more than the 1 elements");
});
