import { TextDecoder } from "node:util";
import fc from "fast-check";
import { BufferTextReader } from "../../src/runtime/buffer-text-reader.js";

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const reader = new BufferTextReader();

/** The text, or that there is none. */
function outcome(read: () => string): string | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

function expectAlike(bytes: Uint8Array, start: number, end: number): void {
  expect(outcome(() => reader.read(bytes, start, end))).toBe(
    outcome(() => strict.decode(bytes.subarray(start, end))),
  );
}

test("any bytes: reads and refuses what a strict decoder does", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat(60), fc.nat(60), (bytes, one, other) => {
      const [start, end] = [one, other].map((at) => Math.min(at, bytes.length)).sort((a, b) => a - b);
      expectAlike(bytes, start as number, end as number);
    }),
    { numRuns: 2000 },
  );
});

test("bytes near U+FFFD, in texts of all lengths: as well", () => {
  const piece = fc.constantFrom(
    [0xef, 0xbf, 0xbd],
    [0xef, 0xbf],
    [0xbf, 0xbd],
    [0xe2],
    [0xf0, 0x9f, 0x98],
    [0x61],
    [0xc3, 0xa4],
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
      const bytes = Uint8Array.from(pieces.flat());
      expectAlike(bytes, 0, bytes.length);
    }),
    { numRuns: 5000 },
  );
});

test("what lies behind a text completes none of its letters", () => {
  const fffd = [0xef, 0xbf, 0xbd];
  for (const length of [0, 1, 3, 20, 40, 59, 60, 62, 63, 64, 200]) {
    const before = Array.from({ length }, () => 0x61);
    for (const bytes of [
      [...before, ...fffd],
      [...fffd, ...before, ...fffd],
      [...before, ...fffd, ...fffd],
      [0xff, ...before, ...fffd],
    ]) {
      const all = Uint8Array.from([...bytes, ...fffd]);
      for (let end = Math.max(0, bytes.length - 4); end <= all.length; end++) expectAlike(all, 0, end);
      for (let start = 0; start < 4; start++) expectAlike(all, start, bytes.length);
    }
  }
});

test("long texts of any letters: as well, behind ASCII, before it, and with a fault", () => {
  const letters = fc.constantFrom("k", "ä", "ж", "€", "漢", "😀", "\ufffd", "\ufeff");
  const part = fc
    .tuple(letters, fc.integer({ min: 1, max: 700 }))
    .map(([letter, count]) => letter.repeat(count));
  const fault = fc.constantFrom<number[]>([], [], [0xff], [0xed, 0xa0, 0x80], [0xe2, 0x82]);
  fc.assert(
    fc.property(fc.array(part, { minLength: 1, maxLength: 4 }), fault, (parts, bad) => {
      const bytes = Uint8Array.of(0x3c, ...new TextEncoder().encode(parts.join("")), ...bad);
      expectAlike(bytes, 1, bytes.length);
    }),
    { numRuns: 300 },
  );
});

test.each(["ж", "漢", "😀", "ä", "\ufffd"])("a text of 3 MiB of %s is read", (letter) => {
  const text = letter.repeat(1024 * 1024);
  const bytes = new TextEncoder().encode(text);
  // Compared by hand: a difference would be printed.
  expect(reader.read(bytes, 0, bytes.length) === text).toBe(true);
});

test.each([
  ["a replacement character that was sent", "a\ufffdb"],
  ["a byte order mark", "\ufeffa\ufeff"],
  ["all widths", "aä€😀"],
  ["nothing", ""],
])("%s stays", (_name, text) => {
  const bytes = new TextEncoder().encode(`<${text}>`);
  expect(reader.read(bytes, 1, bytes.length - 1)).toBe(text);
});

test.each([
  ["a lone surrogate", [0xed, 0xa0, 0x80]],
  ["too long a form", [0xc0, 0x80]],
  ["cut short", [0xe2, 0x82]],
  ["a byte that is never used", [0xff]],
])("%s is refused, behind good text, too", (_name, bad) => {
  for (const before of ["", "good", "gut\ufffd", "long".repeat(500)]) {
    const bytes = Uint8Array.of(...new TextEncoder().encode(before), ...bad);
    expect(() => reader.read(bytes, 0, bytes.length)).toThrow("not valid");
  }
});

test("reads the buffer that it is given: one after the other, changed ones, views, long ones", () => {
  const one = Uint8Array.of(0x61, 0x62);
  const view = Uint8Array.of(0x78, 0x79, 0x7a).subarray(1);
  const long = new Uint8Array(64 * 1024 + 1).fill(0x63);
  for (let round = 0; round < 2; round++) {
    expect(reader.read(one, 0, 2)).toBe("ab");
    expect(reader.read(view, 0, 2)).toBe("yz");
    expect(reader.read(long, 0, long.length)).toBe("c".repeat(long.length));
  }
  one[0] = 0x64;
  expect(reader.read(one, 0, 2)).toBe("db");
});
