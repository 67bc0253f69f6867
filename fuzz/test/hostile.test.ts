// The harness of `npm run reliability -- hostile`: it sees what is broken, and what it sends is what it says.

import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { KINDS } from "../src/shown/hostile/kinds.js";
import { markdown } from "../src/shown/hostile/table.js";
import { Transcript } from "../src/shown/hostile/transcript.js";

const program = join(__dirname, "..", "dist", "shown", "hostile.js");
const run = (...args: string[]) =>
  spawnSync(process.execPath, [program, ...args], { encoding: "utf8", timeout: 120_000 });

test("there are 40 kinds at least, each with a name and a title of its own", () => {
  expect(KINDS.length).toBeGreaterThanOrEqual(41);
  expect(new Set(KINDS.map(({ name }) => name)).size).toBe(KINDS.length);
  for (const { title } of KINDS) expect(title).not.toBe("");
});

test("a server that blocks, hoards memory or ends is a failure, and so is the command", () => {
  const { stdout, status } = run("--only", "broken-block", "--only", "broken-hoard", "--only", "broken-exit");
  expect(stdout).toMatch(/^broken-block .*FAILED: .*wait/m);
  expect(stdout).toMatch(/^broken-hoard .*FAILED: .*memory/m);
  expect(stdout).toMatch(/^broken-exit .*FAILED: .*the server died: exit code 3/m);
  expect(stdout).toContain("0 of 3 kinds as they should be");
  expect(status).toBe(1);
}, 130_000);

test("an unknown kind, and an unknown option, are refused", () => {
  expect(run("--only", "nonsense")).toMatchObject({
    status: 2,
    stderr: "no kind nonsense; --list names them\n",
  });
  expect(run("--nonsense").status).toBe(2);
});

test.each(["\u001b[31m", "a\u202eb", "a\u2028b", "a\u009bb", "a\u007fb", "a\rb"])(
  "%j in a log is raw text",
  (text) => {
    const transcript = new Transcript();
    transcript.logger.warn(`the peer said ${text}`);
    expect(transcript.raw).not.toBeNull();
  },
);

test("quoted text and lines of a stack are not", () => {
  const transcript = new Transcript();
  transcript.logger.warn("the peer said \\u001b[31m, ä€😀\n    at here\n    at there");
  expect(transcript.raw).toBeNull();
  expect(transcript.logged).toBeGreaterThan(40);
});

test("the table for the docs is one, whatever stands in it", () => {
  const [kind] = KINDS;
  const faults = ["raw text in a log: a|b <c>"];
  const result = {
    kind: kind!,
    sent: 1,
    wait: undefined,
    machine: 0,
    newcomer: 2,
    memory: 3,
    state: undefined,
    faults,
  };
  const rows = markdown([result]).split("\n");
  expect(rows).toHaveLength(3);
  expect(new Set(rows.map(({ length }) => length)).size).toBe(1);
  expect(rows[2]).toContain("FAILED: raw text in a log: a\\|b &lt;c>");
});
