// The last lines of a test run, as people and other programs read them.

import { spawnSync } from "node:child_process";
import { join } from "node:path";

/** What the reporter prints for a run with these tests. */
function printed(tests: readonly { readonly status: string; readonly ancestorTitles: readonly string[] }[]) {
  const reporter = join(__dirname, "../scripts/jest-count-reporter.cjs");
  const count = (status: string) => tests.filter((one) => one.status === status).length;
  const results = {
    numPassedTests: count("passed"),
    numFailedTests: count("failed"),
    numPendingTests: count("pending"),
    numTodoTests: 0,
    numRuntimeErrorTestSuites: 0,
    testResults: [{ testResults: tests }],
  };
  const program = `new (require(${JSON.stringify(reporter)}))().onRunComplete([], ${JSON.stringify(results)})`;
  return spawnSync(process.execPath, ["-e", program], { encoding: "utf8" }).stdout;
}

const passed = { status: "passed", ancestorTitles: ["sums"] };

test("counts are the last line", () => {
  expect(printed([passed, passed, { status: "failed", ancestorTitles: [] }])).toBe("2 passed, 1 failed\n");
});

test("what the machine lacks is one line, with the number of tests that need it", () => {
  const title = "in a browser [needs a browser: get one]";
  const skipped = [
    { status: "pending", ancestorTitles: [title, "page"] },
    { status: "pending", ancestorTitles: [title] },
    { status: "pending", ancestorTitles: ["left out for another reason"] },
  ];
  expect(printed([passed, ...skipped])).toBe(
    "2 tests did not run, since they need a browser: get one\n1 passed, 0 failed, 3 skipped\n",
  );
});

test("what ran needs nothing, whatever its title says", () => {
  expect(printed([{ status: "passed", ancestorTitles: ["x [needs y]"] }])).toBe("1 passed, 0 failed\n");
});
