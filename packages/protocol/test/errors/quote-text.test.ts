// Text of peers is shown in one line, in which nothing is hidden.

import {
  ConnectionClosedError,
  escapeText,
  InvalidPayloadError,
  quoteText,
  Repeats,
  removeUnprintable,
} from "@peng3dnet/protocol";
import { cutUtf8 } from "../../src/errors/quote-text.js";

const CASES: readonly (readonly [name: string, raw: string, escaped: string])[] = [
  ["C0", "a\u0000b\u0007c\u001b[2J", "a\\u0000b\\u0007c\\u001b[2J"],
  ["line breaks and tabs", "\b\t\n\f\r\v", "\\b\\t\\n\\f\\r\\u000b"],
  ["DEL and C1", "\u007f\u0085\u009b2J", "\\u007f\\u0085\\u009b2J"],
  ["bidi", "\u061c\u200e\u200f\u202a\u202e\u2066\u2069", "\\u061c\\u200e\\u200f\\u202a\\u202e\\u2066\\u2069"],
  ["other format characters", "\u00ad\u200b\u200d\ufeff\ufff9", "\\u00ad\\u200b\\u200d\\ufeff\\ufff9"],
  ["tags", "\u{e0001}\u{e0041}", "\\udb40\\udc01\\udb40\\udc41"],
  ["line separators", "\u2028\u2029", "\\u2028\\u2029"],
  ["lone surrogates", "\ud800x\udfff", "\\ud800x\\udfff"],
  ["private use", "\ue000\u{f0000}", "\\ue000\\udb80\\udc00"],
  ["what shows as nothing", "\u3164\u115f\ufe0f", "\\u3164\\u115f\\ufe0f"],
];

test.each(CASES)("%s", (_name, raw, escaped) => {
  expect(quoteText(raw, 100)).toBe(`"${escaped}"`);
  expect(escapeText(raw, 100)).toBe(escaped);
  expect(removeUnprintable(raw)).toMatch(/^[abcx[2J]*$/);
  // As JSON has them.
  expect(JSON.parse(quoteText(raw))).toBe(raw);
});

test("plain text of any script stays", () => {
  for (const text of ["", "Grüße, 世界! 👋", "שלום", "a\u0301"]) {
    expect(quoteText(text)).toBe(`"${text}"`);
    expect(removeUnprintable(text)).toBe(text);
  }
});

test("quotation marks and backslashes are escaped within quotation marks only", () => {
  expect(quoteText('a" \\n')).toBe('"a\\" \\\\n"');
  expect(escapeText('a" \\n', 10)).toBe('a" \\n');
});

test("is cut to whole characters", () => {
  expect(quoteText("abc", 3)).toBe('"abc"');
  expect(quoteText("abcd", 3)).toBe('"abc…"');
  expect(quoteText("👋".repeat(4), 3)).toBe(`"${"👋".repeat(3)}…"`);
  expect(quoteText("x".repeat(1000))).toBe(`"${"x".repeat(80)}…"`);
  expect(escapeText("\u0000".repeat(1000), 2)).toBe("\\u0000\\u0000…");
});

test("the issues of a payload are bounded, in number and length, and escaped", () => {
  const issues = Array.from({ length: 1000 }, () => ({
    path: "key\u202e".repeat(1000),
    message: "bad\u001b[2J".repeat(1000),
  }));
  const error = new InvalidPayloadError("test:packet", issues, 5);
  expect(error.issues).toHaveLength(20);
  expect(error.message).toContain("and 985 more");
  expect(error.message.length).toBeLessThan(50_000);
  for (const text of [error.message, ...error.issues.flatMap(({ path, message }) => [path, message])]) {
    expect(text).not.toMatch(/[\p{C}]/u);
  }
  expect(new ConnectionClosedError("m", "r").reason).toBe("r");
});

describe("Repeats", () => {
  test("says a thing once, and then how often at powers of ten", () => {
    const lines: string[] = [];
    const repeats = new Repeats();
    for (let n = 1; n <= 1234; n++) {
      repeats.tell(
        "kind",
        (line) => lines.push(line),
        (first) => (first ? `in full, number ${n}` : `number ${n}`),
      );
    }
    expect(lines).toEqual([
      "in full, number 1",
      "number 10 (happened 10 times so far)",
      "number 100 (happened 100 times so far)",
      "number 1000 (happened 1000 times so far)",
    ]);
  });

  test("tells kinds apart, as many as there may be", () => {
    const repeats = new Repeats(3);
    const said = Array.from({ length: 1000 }, (_, n) => repeats.note(`kind ${n}`)).filter(
      (count) => count > 0,
    );
    // Three kinds, and all others as one.
    expect(said).toEqual([1, 1, 1, 1, 10, 100]);
    expect(repeats.note("kind 0")).toBe(0);
  });

  test("escapes a kind once, and not each time, as a peer has it counted with each packet", () => {
    const repeats = new Repeats();
    repeats.note("strayanswer answers");
    const replaced = jest.spyOn(String.prototype, "replace");
    const said = Array.from({ length: 99 }, () => repeats.note("strayanswer answers"));
    const times = replaced.mock.calls.length;
    replaced.mockRestore();
    expect(times).toBe(0);
    expect(said.filter((count) => count > 0)).toEqual([10, 100]);
  });

  test("counts what is escaped, or cut, to the same text as one", () => {
    const repeats = new Repeats();
    expect(["a\u0000", "a\\u0000", "a\u0000"].map((kind) => repeats.note(kind))).toEqual([1, 0, 0]);
    expect(["x".repeat(401), "x".repeat(402)].map((kind) => repeats.note(kind))).toEqual([1, 0]);
    // The whole text is another kind than one that was cut behind it.
    expect(repeats.note("x".repeat(400))).toBe(1);
  });
});

test.each([
  ["a", 1],
  ["\u007f", 1],
  ["\u0080", 2],
  ["\u07ff", 2],
  ["\u0800", 3],
  ["\uffff", 3],
  ["\u{10000}", 4],
])("a character %j takes %d bytes of a text that is cut", (character, size) => {
  const text = character.repeat(10);
  for (let left = 0; left < size; left++) expect(cutUtf8(text, 4 * size + left)).toBe(character.repeat(4));
  expect(cutUtf8(text, 10 * size)).toBe(text);
  expect(cutUtf8(text, 10 * size - 1)).toBe(character.repeat(9));
});
