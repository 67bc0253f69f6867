import { cleanNickname, freeNickname, isTaken, nicknameKey } from "../src/nickname.js";

const inUse = (...names: string[]) => new Set(names.map(nicknameKey));

describe("cleanNickname", () => {
  test.each([
    ["Ada", "Ada"],
    ["  \t Ada\r\n", "Ada"],
    ["Ada  Lovelace", "Ada Lovelace"],
    ["Jürgen", "J?rgen"],
    ["👩‍🚀", "???"],
    ["a\u001b[31mb\u0000c", "a?[31mb?c"],
    ["a\nb", "a?b"],
    ["x".repeat(40), "x".repeat(32)],
    [`${"x".repeat(31)} yz`, "x".repeat(31)],
    ["", ""],
    [" \u00a0 ", ""],
  ])("%j becomes %j", (wanted, expected) => {
    expect(cleanNickname(wanted)).toBe(expected);
  });
});

describe("freeNickname", () => {
  test.each([
    ["Ada", inUse(), "Ada"],
    ["Ada", inUse("ADA"), "Ada2"],
    ["Ada", inUse("ada", "ada2", "ada3"), "Ada4"],
    ["", inUse(), "guest"],
    ["", inUse("guest"), "guest2"],
    ["server", inUse(), "server2"],
    ["x".repeat(40), inUse("x".repeat(32)), `${"x".repeat(31)}2`],
  ])("for %j", (wanted, names, expected) => {
    expect(freeNickname(wanted, names)).toBe(expected);
  });
});

test.each(["Server", "ANONYMOUS"])("nobody is called %s", (name) => {
  expect(isTaken(name, inUse())).toBe(true);
});
