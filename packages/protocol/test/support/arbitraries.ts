import fc from "fast-check";

const surrogates = fc
  .array(fc.integer({ min: 0xd7f0, max: 0xe010 }), { maxLength: 60 })
  .map((units) => String.fromCharCode(...units));
const anyUnits = fc
  .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 60 })
  .map((units) => String.fromCharCode(...units));
const marked = fc
  .tuple(fc.string({ unit: "binary" }), fc.integer({ min: 0, max: 300 }))
  .map(([text, padding]) => {
    return `\ufeff${text}${"é".repeat(padding)}`;
  });

/** Texts of all kinds: any code point, lone surrogates, byte order marks, short and long. */
export const text = fc.oneof(
  fc.string(),
  fc.string({ unit: "binary", maxLength: 300 }),
  anyUnits,
  surrogates,
  marked,
);

/** Integers that msgpack can carry, dense where widths change. */
export const integer = fc.oneof(
  fc.integer(),
  fc.maxSafeInteger(),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }),
  fc
    .tuple(
      fc.constantFrom(...[5n, 7n, 8n, 15n, 16n, 31n, 32n, 53n, 63n]),
      fc.boolean(),
      fc.integer({ min: -2, max: 2 }),
    )
    .map(([bits, negative, off]) => (negative ? -(2n ** bits) : 2n ** bits) + BigInt(off))
    .filter((value) => value >= -(2n ** 63n)),
);

// Well-formed, so that no two keys of a map become one.
const key = text.map((name) => name.toWellFormed()).filter((name) => name !== "__proto__");

/** Any value that can be sent. */
export const sendable: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.constantFrom(null, undefined, true, false),
    fc.double(),
    integer,
    text,
    fc.uint8Array({ maxLength: 300 }),
    fc.array(tie("value"), { maxLength: 20 }),
    fc.dictionary(key, tie("value"), { maxKeys: 20 }),
  ),
})).value;

/** What the other side gets for a value: the nearest thing that msgpack and JavaScript have. */
export function delivered(value: unknown): unknown {
  switch (typeof value) {
    case "undefined":
      return null;
    case "bigint":
      return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;
    case "string":
      return value.toWellFormed();
    default:
      break;
  }
  if (value === null || value instanceof Uint8Array || typeof value !== "object") return value;
  if (value instanceof Date) return value;
  if (Array.isArray(value)) return value.map(delivered);
  const result: Record<string, unknown> = {};
  for (const [name, item] of Object.entries(value)) {
    if (item !== undefined) result[name.toWellFormed()] = delivered(item);
  }
  return result;
}

/** What is delivered if `@msgpack/msgpack` encodes: it has no -0. */
export function withPositiveZeros(value: unknown): unknown {
  if (value === 0) return 0;
  if (Array.isArray(value)) return value.map(withPositiveZeros);
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, withPositiveZeros(item)]));
}

/** Cuts bytes at the given places, which are taken modulo their length. */
export function cutAt(whole: Uint8Array, places: readonly number[]): Uint8Array[] {
  const cuts = [...new Set(places.map((place) => place % (whole.length + 1)))].sort((a, b) => a - b);
  return [0, ...cuts].map((start, index) => whole.slice(start, cuts[index] ?? whole.length));
}
