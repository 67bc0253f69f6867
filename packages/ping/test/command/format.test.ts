// What people see: data of all kinds laid out, and nothing in it that a terminal would obey.

import { PingError, type Pong } from "@peng3dnet/ping";
import {
  answerLine,
  barChart,
  dataLines,
  failureLine,
  milliseconds,
  style,
  summaryLines,
} from "../../src/command/format.js";
import { LiveReport } from "../../src/command/report.js";
import { Statistics } from "../../src/command/statistics.js";
import { clean, cutTo, json, width } from "../../src/command/text.js";

const PLAIN = style(false);

function pong(data: object, delay = 0.00123): Pong {
  return { ...data, peng3dnet: { version: "0.2.0" }, recvtime: 1, delay };
}

test.each([
  ["a\x1b[31mred\x1b[0m", "ared"],
  ["\x1b]0;title\x07text", "text"],
  ["two\r\nlines\tand tabs", "two lines and tabs"],
  ["left\u202eright\u2066\u200b", "leftright"],
  ["\x9b31m\x7f\0", ""],
  ["lone \ud800 surrogate", "lone  surrogate"],
  ["  北京 é ", "北京 é"],
  ["x".repeat(1000), `${"x".repeat(299)}…`],
  ["x".repeat(301), `${"x".repeat(299)}…`],
  ["x".repeat(300), "x".repeat(300)],
])("%j is shown as %j", (text, shown) => {
  expect(clean(text)).toBe(shown);
});

test("nothing of a server's text commands the terminal, in lines or in JSON", () => {
  const nasty = "\x1b[2J\x9b2J\u202egnp\u2066\u2028\r\nforged\x07\x7f\u200b\u{e0041}\ue000\u3164";
  const text = clean(`${nasty}!`);
  expect(text).toMatch(/forged !$/);
  for (const shown of [text, json({ [nasty]: nasty })])
    expect(shown).not.toMatch(/[\p{C}\p{Zl}\p{Zp}\u3164]/u);
  expect(JSON.parse(json({ [nasty]: nasty }))).toEqual({ [nasty]: nasty });
});

test("JSON is safe to print and has no values that JSON lacks", () => {
  const value = { a: 2n ** 60n, b: [new Uint8Array([1, 255])], c: "\x1b\x9b\u202e", d: Number.NaN };
  expect(json(value)).toBe('{"a":"1152921504606846976","b":["01ff"],"c":"\\u001b\\u009b\\u202e","d":null}');
  expect(JSON.parse(json(value))).toMatchObject({ c: value.c });
  expect(json({ since: [new Date(0)] })).toBe('{"since":["1970-01-01T00:00:00.000Z"]}');
  expect([json(null), json({ none: [null] })]).toEqual(["null", '{"none":[null]}']);
});

test("columns are counted as a terminal does, about", () => {
  expect(["abc", "北京", "e\u0301", "🎮"].map(width)).toEqual([3, 4, 1, 2]);
  expect(cutTo("abcdef", 4)).toBe("abc…");
  expect(cutTo("北京北京", 4)).toBe("北…");
  expect(cutTo("abc", 3)).toBe("abc");
  expect(cutTo("abc", 0)).toBe("");
});

test.each([
  [0.00012345, "0.12"],
  [0.0099, "9.90"],
  [0.01, "10.0"],
  [0.0123, "12.3"],
  [0.1, "100"],
  [0.25, "250"],
  [12, "12000"],
])("%d s are %s ms", (seconds, text) => {
  expect(milliseconds(seconds)).toBe(text);
});

describe("the line of an answer", () => {
  test.each([
    [{ usercount: 3, maxusers: 32 }, "  users 3/32"],
    [{ players: 0 }, "  users 0"],
    [{ usercount: "many", max: 5 }, ""],
    [{ usercount: Number.NaN, players: Number.POSITIVE_INFINITY }, ""],
    [{}, ""],
  ])("of %j ends in %j", (data, end) => {
    expect(answerLine("x", 2, pong(data), PLAIN)).toBe(`x: seq=2  time=1.23 ms  peng3dnet 0.2.0${end}`);
  });

  test("does without a version", () => {
    expect(answerLine("x", 1, { recvtime: 1, delay: 0.5, peng3dnet: null }, PLAIN)).toMatch(/ peng3dnet \?$/);
  });

  test("says when the server lets nobody in", () => {
    const line = (draining: unknown) =>
      answerLine("x", 1, { recvtime: 1, delay: 0.5, users: 3, peng3dnet: { draining } }, PLAIN);
    expect(line(true)).toMatch(/ {2}users 3 {2}draining$/);
    expect(line("no")).toMatch(/ {2}users 3$/);
  });
});

test("data are laid out a key a line, messages first", () => {
  const data = {
    oldmsg: {},
    usercount: 3,
    tps: 20,
    sample: ["ann", 7, null],
    nested: [{ a: 1 }],
    icon: new Uint8Array(5),
    none: null,
    empty: [],
    "a\x1b[0mkey that is much longer than a key should be": true,
    motd: "Welcome",
  };
  expect(dataLines(pong(data))).toEqual([
    "    motd                      Welcome",
    "    tps                       20",
    "    sample                    ann, 7, -",
    '    nested                    [{"a":1}]',
    "    icon                      5 bytes",
    "    none                      -",
    "    empty                     -",
    "    akey that is much longe…  true",
  ]);
  const many = Object.fromEntries(Array.from({ length: 50 }, (_, n) => [`k${n}`, n]));
  expect(dataLines(pong(many)).slice(39)).toEqual(["    k39  39", "    … and 10 more"]);
  const full = Object.fromEntries(Object.entries(many).slice(0, 40));
  expect(dataLines(pong(full)).slice(39)).toEqual(["    k39  39"]);
  expect(dataLines(pong({}))).toEqual([]);
});

test("data of every kind are shown without what a terminal would obey", () => {
  const data = { text: "\x1b[2Jx", big: 2n ** 60n, none: Number.NaN, gone: undefined, list: ["\x1b[2Jy"] };
  const times = { since: new Date(0), at: [new Date(1), 2] };
  expect(dataLines(pong(data))).toEqual([
    "    text  x",
    "    big   1152921504606846976",
    "    none  NaN",
    "    gone  -",
    "    list  y",
  ]);
  expect(dataLines(pong(times))).toEqual([
    "    since  1970-01-01T00:00:00.000Z",
    "    at     1970-01-01T00:00:00.001Z, 2",
  ]);
});

test("a number of users is shown on the answer's line alone, with the most that there may be", () => {
  expect(dataLines(pong({ usercount: 3, maxusers: 32, players: 2 }))).toEqual(["    players  2"]);
  expect(dataLines(pong({ usercount: 3, a: 1 }))).toEqual(["    a  1"]);
  expect(dataLines(pong({ max: 5 }))).toEqual(["    max  5"]);
});

test("a failure says what kind it is, without what a terminal would obey", () => {
  const error = new PingError("closed", "x closed: \x1b[2Jgo");
  expect(failureLine("x", 3, error, PLAIN)).toBe("x: seq=3  closed: x closed: go");
  expect(failureLine("x", 3, error, style(true))).toBe("x: seq=3  \x1b[31mclosed\x1b[39m: x closed: go");
});

test("statistics hold over any number of pings", () => {
  const statistics = new Statistics();
  expect(summaryLines("x", statistics, PLAIN)).toEqual(["--- x ---", "0 sent, 0 answered, 0 % lost"]);
  for (const delay of [0.002, 0.004, undefined, 0.004, 0.004, 0.005, 0.005, 0.007, 0.009])
    statistics.add(delay);
  expect(statistics.complete).toBe(false);
  expect(summaryLines("x", statistics, PLAIN)).toEqual([
    "--- x ---",
    "9 sent, 8 answered, 11.1 % lost",
    "delay min/avg/max/stddev = 2.00/5.00/9.00/2.00 ms",
  ]);
});

test("statistics of no ping, of one that was lost, and of one that was answered", () => {
  const statistics = new Statistics();
  const shown = (): unknown => [statistics.complete, statistics.loss, statistics.avg, statistics.stddev];
  expect(shown()).toEqual([false, 0, 0, 0]);
  statistics.add(undefined);
  expect(shown()).toEqual([false, 1, 0, 0]);
  const answered = new Statistics();
  answered.add(0.25);
  expect([answered.complete, answered.loss, answered.avg, answered.stddev]).toEqual([true, 0, 0.25, 0]);
});

test("the longest delay and the shortest stay, whatever comes after them", () => {
  const statistics = new Statistics();
  for (const delay of [2, 9, 1, 4]) statistics.add(delay);
  expect(statistics).toMatchObject({ min: 1, max: 9 });
});

test("a bar chart is scaled to its longest bar", () => {
  expect(barChart([0.001, 0.004, undefined, 0.008], PLAIN)).toBe("▁▄×█");
  expect(barChart([0, 0], PLAIN)).toBe("▁▁");
  expect(barChart([], PLAIN)).toBe("");
});

describe("the live lines", () => {
  const targets = ["one.invalid:8080", "[::1]:9"].map((label) => ({
    label,
    address: ["", 0] as [string, number],
  }));
  const [one, two] = targets as [(typeof targets)[0], (typeof targets)[0]];

  function live(columns: number): { report: LiveReport; last: () => string[]; written: string[] } {
    const written: string[] = [];
    const report = new LiveReport(
      (text) => void written.push(text),
      PLAIN,
      () => columns,
      targets,
    );
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control sequences are what is looked for
    const plain = (text: string): string => text.replace(/^\x1b\[\d+A\r/, "").replaceAll("\x1b[2K", "");
    return {
      report,
      written,
      last: () =>
        plain(written.at(-1) ?? "")
          .split("\n")
          .slice(0, -1),
    };
  }

  test("stand one below the other and are written over", () => {
    const { report, last, written } = live(100);
    expect(last()).toEqual(["one.invalid:8080  ", "[::1]:9           "]);
    // Nothing of what stands above them is written over.
    expect(written[0]?.startsWith("\x1b[2K")).toBe(true);
    const statistics = new Statistics();
    for (const delay of [0.002, 0.004]) {
      statistics.add(delay);
      report.result(one, 1, { pong: pong({ usercount: 3, motd: "hi\x1b[2J" }, delay) }, statistics);
    }
    report.result(two, 1, { error: new PingError("refused", "nothing listens") }, new Statistics());
    expect(last()).toEqual([
      `one.invalid:8080  ▄█${" ".repeat(22)}    4.00 ms    0 % lost  avg 3.00 ms  3  hi`,
      `[::1]:9           ×${" ".repeat(23)}  refused      0 % lost  nothing listens`,
    ]);
    expect(written.slice(1).every((text) => text.startsWith("\x1b[2A\r"))).toBe(true);
    report.finish(new Map([[one, statistics]]));
    expect(written.at(-1)).toMatch(/^\n--- one.invalid:8080 ---\n2 sent/);
  });

  test("tell which part of the pings was lost, in whole percent", () => {
    const { report, last } = live(100);
    const statistics = new Statistics();
    for (const delay of [0.002, undefined, 0.004]) statistics.add(delay);
    report.result(one, 3, { pong: pong({}, 0.004) }, statistics);
    const others = new Statistics();
    for (const delay of [undefined, 0.002, undefined]) others.add(delay);
    report.result(two, 3, { error: new PingError("timeout", "said nothing") }, others);
    expect(last()).toEqual([
      `one.invalid:8080  █${" ".repeat(23)}    4.00 ms   33 % lost  avg 3.00 ms`,
      `[::1]:9           ×${" ".repeat(23)}  timeout     67 % lost  said nothing`,
    ]);
  });

  test("chart the last 24 pings", () => {
    const { report, last } = live(100);
    const statistics = new Statistics();
    for (let n = 1; n <= 30; n++)
      report.result(one, n, { pong: pong({}, n === 7 ? 0.008 : 0.004) }, statistics);
    expect(last()[0]).toContain(`  █${"▄".repeat(23)}    4.00 ms`);
    report.result(one, 31, { pong: pong({}, 0.004) }, statistics);
    expect(last()[0]).toContain(`  ${"█".repeat(24)}    4.00 ms`);
  });

  test.each([200, 80, 40, 20, 10, 1, 0])("never take more than %d columns", (columns) => {
    const { report, last } = live(columns);
    const statistics = new Statistics();
    for (let n = 0; n < 40; n++) {
      statistics.add(0.001);
      report.result(
        one,
        n,
        { pong: pong({ usercount: 3, maxusers: 99, motd: "北京".repeat(90) }) },
        statistics,
      );
      report.result(two, n, { error: new PingError("timeout", "said nothing ".repeat(20)) }, statistics);
    }
    for (const line of last()) expect(width(line)).toBeLessThan(Math.max(columns, 3));
  });
});
