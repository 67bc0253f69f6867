// `npm run bench:beside` says what it needs before it measures anything.

import { spawnSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";

const COMMAND = join(__dirname, "..", "dist", "bench-beside.js");
const run = (...args: string[]) => spawnSync(process.execPath, [COMMAND, ...args], { encoding: "utf8" });

test("a folder without a built benchmark is named, and what to do there", () => {
  const { status, stderr, stdout } = run(tmpdir());
  expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
  expect(stderr).toBe(`${tmpdir()} is no checkout that is built: run "npm run setup" there\n`);
});

test("flags of Node may be given", () => {
  expect(run(tmpdir(), "--node=--min-semi-space-size=16 --single-threaded-gc").status).toBe(2);
});

test.each([[[]], [[".", "--cells", "small-64,idle-5000"]], [["--help"]]])(
  "%j is answered with how to use it",
  (args) => {
    const { status, stdout } = run(...args);
    expect([status, stdout.split("\n")[0]]).toEqual([
      args[0] === "--help" ? 0 : 2,
      "Measures this checkout beside others that are built, such as clones of a commit before.",
    ]);
  },
);
