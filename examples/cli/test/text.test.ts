import { displayWidth, printable } from "../src/text.js";

describe("printable", () => {
  test.each([
    ["plain, and Grüße 👋", "plain, and Grüße 👋"],
    ["clear\u001b[2Jthe screen", "clear[2Jthe screen"],
    ["a title\u009b2J\u001b]0;x\u0007", "a title2J]0;x"],
    ["two\nlines\r\n\tand a tab", "two lines and a tab"],
    ["over\b\b\b\bwritten\u007f", "overwritten"],
    ["\u202egnp.exe\u2066", "gnp.exe"],
    ["\u2028\u0000", " "],
  ])("%j is printed as %j", (text, expected) => {
    expect(printable(text)).toBe(expected);
  });
});

test.each([
  ["", 0],
  ["abc", 3],
  ["é", 1],
  ["e\u0301", 1],
  ["日本", 4],
  ["👋!", 3],
])("%j takes %d columns", (line, width) => {
  expect(displayWidth(line)).toBe(width);
});
